import { Backoff } from '../lib/backoff.js';
import { DeviceError } from '../lib/errors.js';

/** A line that has worked for so long again is over its failure; one that comes and goes stays told. */
export const STEADY_MS = 5_000;
const REOPEN_FIRST_MS = 500;
const REOPEN_MOST_MS = 30_000;

/** A line that is opened when it is first used, and again with growing waits after it failed. */
export class KeptLine<Line extends { close(): void }> {
  readonly #open: () => Line;
  readonly #backoff: Backoff;
  #line: Line | undefined;
  #openedMono = 0;
  #retryMono = Number.NEGATIVE_INFINITY;
  #problem: DeviceError | undefined;
  #failures = 0;

  constructor(options: { readonly open: () => Line; readonly random?: () => number }) {
    this.#open = options.open;
    this.#backoff = new Backoff({
      firstMs: REOPEN_FIRST_MS,
      mostMs: REOPEN_MOST_MS,
      ...(options.random && { random: options.random }),
    });
  }

  /** What is wrong with it; undefined when it works. */
  get problem(): DeviceError | undefined {
    return this.#problem;
  }

  /** Since the start. */
  get failures(): number {
    return this.#failures;
  }

  /** @returns what `act` gave; undefined where the line cannot be used at the moment */
  use<T>(atMono: number, act: (line: Line) => T): T | undefined {
    if (this.#line === undefined && atMono < this.#retryMono) return undefined;
    try {
      const line = this.#line ?? this.#opened(atMono);
      const result = act(line);
      if (this.#problem !== undefined && atMono - this.#openedMono >= STEADY_MS) {
        this.#problem = undefined;
        this.#backoff.reset();
      }
      return result;
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.close();
      this.#problem = error;
      this.#failures++;
      this.#retryMono = atMono + this.#backoff.nextMs();
      return undefined;
    }
  }

  close(): void {
    this.#line?.close();
    this.#line = undefined;
  }

  #opened(atMono: number): Line {
    this.#line = this.#open();
    this.#openedMono = atMono;
    return this.#line;
  }
}
