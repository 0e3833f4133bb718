/** Samples that the median is taken of: some seconds of a usual receiver. */
const SAMPLES = 9;
/** A receiver that was heard longer ago says nothing of the clock as it is now. */
const FRESH_MS = 60_000;

/**
 * The satellites' time against the monotonic clock, so that a step of the system clock shows at once and at its
 * full size. The median keeps out single sentences that came late.
 */
export class ReceiverTime {
  #gpsLessMonoMs: number[] = [];
  #newestAtMono = Number.NEGATIVE_INFINITY;

  /** @param atMono when the device had what the receiver dated; told again, it changes nothing. */
  put(gpsAtMs: number, atMono: number): void {
    if (atMono === this.#newestAtMono) return;
    this.#newestAtMono = atMono;
    this.#gpsLessMonoMs = [...this.#gpsLessMonoMs, gpsAtMs - atMono].slice(-SAMPLES);
  }

  /** System clock less the receiver's time, milliseconds; undefined where the receiver gave no date lately. */
  offsetMs(nowMs: number, monoMs: number): number | undefined {
    if (monoMs - this.#newestAtMono > FRESH_MS) return undefined;
    const sorted = [...this.#gpsLessMonoMs].sort((a, b) => a - b);
    const gpsLessMonoMs = sorted[sorted.length >> 1];
    return gpsLessMonoMs === undefined ? undefined : nowMs - monoMs - gpsLessMonoMs;
  }
}
