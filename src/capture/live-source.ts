import type { Frame } from '../domain/frame.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError, messageOf } from '../lib/errors.js';
import type { FrameSource } from './frame-source.js';
import { Freshness } from './freshness.js';
import { greyOf } from './grey.js';
import { type Mat, openCv, type VideoCapture } from './opencv.js';

export interface LiveSourceOptions {
  /** Opens the device or stream; throws DeviceError capture.open-failed. */
  readonly connect: () => Promise<VideoCapture>;
  /** Called before every read, as for setting the exposure of the frame to come. */
  readonly beforeRead?: (capture: VideoCapture) => void;
  readonly clock: Clock;
  /** A read that gives nothing for so long is given up. */
  readonly silentAfterMs: number;
  /**
   * Told once when a given-up read has not returned for STUCK_AFTER_MS: OpenCV cannot be made to
   * let go of it, and until it does the camera cannot be opened again. Only a new process helps.
   */
  readonly onStuck: () => void;
}

export const STUCK_AFTER_MS = 30_000;
/** More than any driver queues; what a stream queues beyond is left for the next call. */
const MOST_DRAINED = 100;

/** A camera or stream: the newest frame wins, older ones that wait in a queue are dropped. */
export class LiveSource implements FrameSource {
  readonly #options: LiveSourceOptions;
  #capture: VideoCapture | undefined;
  #freshness = new Freshness(0);
  #closing = new AbortController();
  /** A read that was given up, or was under way when the source was closed. */
  #abandoned: { readonly sinceMonoMs: number; told: boolean } | undefined;
  #nextIndex = 0;
  #lastMonoMs = Number.NEGATIVE_INFINITY;
  #framesDropped = 0;

  constructor(options: LiveSourceOptions) {
    this.#options = options;
  }

  get framesDropped(): number {
    return this.#framesDropped;
  }

  /** Opens the camera; a live source has no frame to resume from, and goes on counting its frames. */
  async open(): Promise<void> {
    await this.close();
    this.#refuseWhileStuck();
    const capture = await this.#options.connect();
    this.#capture = capture;
    this.#closing = new AbortController();
    const framesPerSecond = capture.get(openCv().CAP_PROP_FPS);
    this.#freshness = new Freshness(
      1000 / (framesPerSecond >= 1 && framesPerSecond <= 240 ? framesPerSecond : 25),
    );
  }

  async next(): Promise<Frame | undefined> {
    for (let drained = 0; ; drained++) {
      const capture = this.#capture;
      if (!capture) return undefined;
      this.#options.beforeRead?.(capture);
      const askedMonoMs = this.#options.clock.monoMs();
      const mat = await this.#read(capture);
      if (!mat) return undefined;
      try {
        if (mat.rows === 0) throw lost('the camera gave no more frames');
        const readAtMonoMs = this.#options.clock.monoMs();
        const { ageMs, newerWaiting } = this.#freshness.observe({
          readAtMonoMs,
          readTookMs: readAtMonoMs - askedMonoMs,
          ptsMs: usable(capture.get(openCv().CAP_PROP_POS_MSEC)),
        });
        const index = this.#nextIndex++;
        if (newerWaiting && drained < MOST_DRAINED) {
          this.#framesDropped++;
          continue;
        }
        // Tracking divides by time differences, so two frames never share a moment.
        this.#lastMonoMs = Math.max(readAtMonoMs - ageMs, this.#lastMonoMs + 0.001);
        const capturedAtMs = this.#options.clock.nowMs() - (readAtMonoMs - this.#lastMonoMs);
        return { ...greyOf(mat), index, capturedAtMs, capturedMonoMs: this.#lastMonoMs };
      } finally {
        mat.release();
      }
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    // A read under way holds a share of the device and lets go of it when it returns.
    this.#capture?.release();
    this.#capture = undefined;
  }

  /** The next picture; undefined when the source was closed meanwhile. */
  async #read(capture: VideoCapture): Promise<Mat | undefined> {
    const { clock, silentAfterMs } = this.#options;
    const closing = this.#closing.signal;
    const done = new AbortController();
    const gaveUp = clock
      .sleep(silentAfterMs, AbortSignal.any([closing, done.signal]))
      .then(() => 'silent' as const)
      .catch(() => 'closed' as const);
    const reading = capture.readAsync().catch((cause: unknown) => {
      throw lost(`reading from the camera failed: ${messageOf(cause)}`, cause);
    });
    const outcome = await Promise.race([reading, gaveUp]).finally(() => done.abort());
    if (typeof outcome !== 'string') return outcome;
    this.#abandon(reading);
    if (outcome === 'closed') return undefined;
    throw new DeviceError('capture.silent', {
      message: `the camera is open but gave no frame for ${silentAfterMs / 1000} s`,
      hint: "Check the camera's power and cable, and that no other program uses it.",
    });
  }

  /** Whatever the read still gives must be released by hand. */
  #abandon(reading: Promise<Mat>): void {
    const abandoned = { sinceMonoMs: this.#options.clock.monoMs(), told: false };
    this.#abandoned = abandoned;
    const over = () => {
      if (this.#abandoned === abandoned) this.#abandoned = undefined;
    };
    void reading.then((mat) => mat.release()).then(over, over);
  }

  /** Each stuck read keeps one of Node's four worker threads: with a second one we would soon have none. */
  #refuseWhileStuck(): void {
    if (!this.#abandoned) return;
    const stuckMs = this.#options.clock.monoMs() - this.#abandoned.sinceMonoMs;
    if (stuckMs >= STUCK_AFTER_MS && !this.#abandoned.told) {
      this.#abandoned.told = true;
      this.#options.onStuck();
    }
    throw new DeviceError('capture.open-failed', {
      message: `the last read from the camera has not returned for ${Math.round(stuckMs / 1000)} s`,
      hint: "Check the camera's power and cable; the capture process is replaced if it stays so.",
    });
  }
}

function lost(message: string, cause?: unknown): DeviceError {
  return new DeviceError('capture.lost', {
    message,
    hint: "Check the camera's power, cable and network.",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Backends without times of their own say 0 or nonsense. */
function usable(positionMs: number): number | undefined {
  return Number.isFinite(positionMs) && positionMs > 0 ? positionMs : undefined;
}
