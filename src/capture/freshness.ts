export interface ReadFrame {
  /** Monotonic, when the read returned. */
  readonly readAtMonoMs: number;
  /** How long the read took. */
  readonly readTookMs: number;
  /** The source's own time of the frame, on any scale; undefined where it has none. */
  readonly ptsMs: number | undefined;
}

export interface FrameAge {
  /** How long ago the frame was taken, beyond what every frame of this source takes. */
  readonly ageMs: number;
  /** Whether a newer frame must be waiting already. */
  readonly newerWaiting: boolean;
}

/**
 * Tells old frames from new ones on a live source (pure).
 *
 * Drivers and FFmpeg queue what was not read in time and give the oldest first. The delay between
 * a frame's own time and its arrival shows how far behind a read is: the least delay seen is that
 * of an empty queue, and what is above it is time spent waiting in the queue. A read that had to
 * wait for its frame proves the queue empty, which mends the reference after a camera set its clock.
 */
export class Freshness {
  #leastDelayMs = Number.POSITIVE_INFINITY;
  #seenAtMonoMs = 0;
  #lastPtsMs = Number.NEGATIVE_INFINITY;
  #intervalMs: number;

  /** @param intervalMs what the source says of the time between its frames; it is measured from then on. */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  observe(frame: ReadFrame): FrameAge {
    const { readAtMonoMs, readTookMs, ptsMs } = frame;
    if (ptsMs === undefined || !(ptsMs > this.#lastPtsMs)) {
      // No time of its own, or its clock was set back: start over with this frame as a new one.
      this.#lastPtsMs = ptsMs ?? Number.NEGATIVE_INFINITY;
      this.#leastDelayMs = Number.POSITIVE_INFINITY;
      if (ptsMs === undefined) return { ageMs: 0, newerWaiting: false };
    } else {
      // The shortest recent distance: frames that the driver threw away make longer ones.
      this.#intervalMs = Math.min(ptsMs - this.#lastPtsMs, this.#intervalMs * INTERVAL_FORGETTING);
      this.#lastPtsMs = ptsMs;
    }
    const delayMs = readAtMonoMs - ptsMs;
    const drifted = this.#leastDelayMs + (readAtMonoMs - this.#seenAtMonoMs) * CLOCK_DRIFT;
    const waited = readTookMs > this.#intervalMs;
    this.#leastDelayMs = waited ? delayMs : Math.min(delayMs, drifted);
    this.#seenAtMonoMs = readAtMonoMs;
    const ageMs = delayMs - this.#leastDelayMs;
    return { ageMs, newerWaiting: ageMs > 1.5 * this.#intervalMs };
  }
}

const INTERVAL_FORGETTING = 1.02;
/** Two cheap clocks part by less than this, 0.1 ms a second. */
const CLOCK_DRIFT = 0.0001;
