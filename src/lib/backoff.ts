/** Waits that double from `firstMs` to `mostMs`, each with jitter, and start again after a success. */
export interface BackoffOptions {
  readonly firstMs: number;
  readonly mostMs: number;
  /** 0 to 1, injected so that tests are repeatable. */
  readonly random?: () => number;
}

export class Backoff {
  readonly #firstMs: number;
  readonly #mostMs: number;
  readonly #random: () => number;
  #attempts = 0;

  constructor(options: BackoffOptions) {
    this.#firstMs = options.firstMs;
    this.#mostMs = options.mostMs;
    this.#random = options.random ?? Math.random;
  }

  /** Failures since the last success. */
  get attempts(): number {
    return this.#attempts;
  }

  /** The next wait: half to all of the doubled step, so that many devices do not come back at once. */
  nextMs(): number {
    const stepMs = Math.min(this.#mostMs, this.#firstMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts++;
    return stepMs * (0.5 + 0.5 * this.#random());
  }

  reset(): void {
    this.#attempts = 0;
  }
}
