/**
 * How much may be told of a switch: some changes at once, and after them one in each `everyMs`.
 *
 * What a switch tells is stored for ever and goes before reads, so a loose contact would otherwise fill the disk, and
 * a narrow link with it.
 */
export class Allowance {
  readonly #most: number;
  readonly #everyMs: number;
  #left: number;
  #countedMono: number | undefined;

  constructor({ most, everyMs }: { readonly most: number; readonly everyMs: number }) {
    this.#most = most;
    this.#everyMs = everyMs;
    this.#left = most;
  }

  /** @param atMono monotonic milliseconds. @returns whether one more may be told now; it is counted then. */
  take(atMono: number): boolean {
    const sinceMs = atMono - (this.#countedMono ?? atMono);
    this.#countedMono = atMono;
    this.#left = Math.min(this.#most, this.#left + sinceMs / this.#everyMs);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
