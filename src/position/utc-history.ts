/** Less is the clock being slewed, which needs no period of its own. */
const STEP_MS = 50;
const MOST_PERIODS = 8;
/** A moment of now, told by another process, may look a little later than now. */
const AHEAD_MS = 100;

interface Period {
  /** Monotonic: the last look before the clock was set. */
  readonly fromMono: number;
  /** Monotonic: the look that found it set once more; open in the newest one. */
  untilMono: number;
  offsetMs: number;
}

/**
 * Which monotonic moment a UTC time meant, over steps of the system clock: a capture that was stamped before
 * a step is told with the old time, and would lie hours from its fix by the new one.
 *
 * Each time between two steps is a period with an offset of its own; the newest period that a moment fits
 * into is taken. Where the clock was set back, times come twice, and the later moment is meant once it is past:
 * what is told soon after its capture is right at any rate.
 */
export class UtcHistory {
  readonly #periods: Period[] = [];
  #lookedAtMono = Number.NEGATIVE_INFINITY;

  /** To be called every second or so, and before `monoOf`. */
  look(nowMs: number, monoMs: number): void {
    const offsetMs = nowMs - monoMs;
    const newest = this.#periods.at(-1);
    if (newest && Math.abs(offsetMs - newest.offsetMs) <= STEP_MS) {
      newest.offsetMs = offsetMs;
    } else {
      if (newest) newest.untilMono = monoMs;
      this.#periods.push({ fromMono: this.#lookedAtMono, untilMono: Number.POSITIVE_INFINITY, offsetMs });
      if (this.#periods.length > MOST_PERIODS) this.#periods.shift();
    }
    this.#lookedAtMono = monoMs;
  }

  /** @returns undefined before the first look. */
  monoOf(utcMs: number): number | undefined {
    const latestMono = this.#lookedAtMono + AHEAD_MS;
    for (let i = this.#periods.length - 1; i >= 0; i--) {
      const { fromMono, untilMono, offsetMs } = this.#periods[i] as Period;
      const mono = utcMs - offsetMs;
      if (mono >= fromMono && mono <= Math.min(untilMono, latestMono)) return mono;
    }
    const newest = this.#periods.at(-1);
    return newest && utcMs - newest.offsetMs;
  }
}
