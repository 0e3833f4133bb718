/** A contact that never comes to rest for so long counts as on: an open door that rattles is open. */
export const RESTLESS_MS = 750;

export interface Settled {
  readonly isOn: boolean;
  /** Monotonic milliseconds: when the contact first was seen so. */
  readonly atMono: number;
}

/**
 * What a switch says once its contacts have stopped bouncing.
 *
 * It begins off. On is the side of each switch that must not be missed: cabinet open, engine may run,
 * buzzer to be silent.
 */
export class Debounce {
  readonly #restMs: number;
  #isOn = false;
  #level = false;
  #levelSinceMono = Number.NEGATIVE_INFINITY;
  /** Since when it has not rested at what it was believed to be. */
  #restlessSinceMono: number | undefined;

  /** @param restMs a level must last for so long to be believed */
  constructor(restMs: number) {
    this.#restMs = restMs;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** To be called with each reading, at least every few milliseconds. @returns what it has settled to, once */
  see(level: boolean, atMono: number): Settled | undefined {
    if (level !== this.#level) {
      this.#level = level;
      this.#levelSinceMono = atMono;
      this.#restlessSinceMono ??= atMono;
    }
    if (this.#restlessSinceMono === undefined) return undefined;
    if (atMono - this.#levelSinceMono >= this.#restMs) {
      this.#restlessSinceMono = undefined;
      return this.#believe(level, this.#levelSinceMono);
    }
    // A configured rest that is longer than this is kept.
    const mostMs = Math.max(RESTLESS_MS, this.#restMs);
    if (atMono - this.#restlessSinceMono < mostMs) return undefined;
    return this.#believe(true, this.#restlessSinceMono);
  }

  #believe(isOn: boolean, sinceMono: number): Settled | undefined {
    if (isOn === this.#isOn) return undefined;
    this.#isOn = isOn;
    return { isOn, atMono: sinceMono };
  }
}
