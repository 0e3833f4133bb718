import { Backoff } from '../../lib/backoff.js';

export interface RetryTiming {
  /** A blob that was asked for and does not come within this has failed. */
  readonly withinMs: number;
  /** Wait before asking again, for the first few times. */
  readonly soonMs: number;
  /** First and longest wait after those. */
  readonly laterFirstMs: number;
  readonly laterMostMs: number;
}

export const RETRY_TIMING: RetryTiming = {
  withinMs: 30_000,
  soonMs: 1_000,
  laterFirstMs: 60_000,
  laterMostMs: 3_600_000,
};

/** Asked for again so often, soon; what fails then was not a matter of the moment. */
const SOON_TIMES = 3;

interface Asked {
  /** Monotonic milliseconds: since when it is being waited for; absent while it must not be asked for. */
  sinceMono?: number;
  againMono?: number;
  failures: number;
  readonly later: Backoff;
}

/**
 * Which blobs are being waited for, and which must wait before they are asked for again; pure.
 *
 * Invariant: whatever a broker sends, or does not send, a blob is asked for a few times and then
 * ever more rarely, so one bad publisher costs neither the link nor the processor.
 */
export class Retries {
  readonly #timing: RetryTiming;
  readonly #random: () => number;
  readonly #asked = new Map<string, Asked>();

  constructor(timing: RetryTiming, random: () => number = Math.random) {
    this.#timing = timing;
    this.#random = random;
  }

  /** Not to be asked for now. */
  waiting(nowMono: number): Set<string> {
    const names = new Set<string>();
    for (const [name, { againMono }] of this.#asked) {
      if (againMono !== undefined && againMono > nowMono) names.add(name);
    }
    return names;
  }

  /** Blobs that have failed so often that trying again soon will not mend it. */
  get heldUp(): number {
    return [...this.#asked.values()].filter(({ failures }) => failures > SOON_TIMES).length;
  }

  /** These are asked for, and no others. */
  ask(names: readonly string[], nowMono: number): void {
    const wanted = new Set(names);
    for (const [name, asked] of this.#asked) if (!wanted.has(name)) delete asked.sinceMono;
    for (const name of names) {
      const { laterFirstMs: firstMs, laterMostMs: mostMs } = this.#timing;
      let asked = this.#asked.get(name);
      if (asked === undefined) {
        asked = { failures: 0, later: new Backoff({ firstMs, mostMs, random: this.#random }) };
        this.#asked.set(name, asked);
      }
      delete asked.againMono;
      asked.sinceMono ??= nowMono;
    }
  }

  /** It came, and is what it should be. */
  came(name: string): void {
    this.#asked.delete(name);
  }

  /** It is not what it should be, or did not come. */
  failed(name: string, nowMono: number): void {
    const asked = this.#asked.get(name);
    if (asked === undefined) return;
    asked.failures++;
    delete asked.sinceMono;
    asked.againMono = nowMono + (asked.failures <= SOON_TIMES ? this.#timing.soonMs : asked.later.nextMs());
  }

  /** Those that were asked for and have not come in time. */
  overdue(nowMono: number): string[] {
    return [...this.#asked].flatMap(([name, { sinceMono }]) =>
      sinceMono !== undefined && nowMono - sinceMono > this.#timing.withinMs ? [name] : [],
    );
  }

  /** The link was away: nothing could come. */
  startOver(nowMono: number): void {
    for (const asked of this.#asked.values()) {
      if (asked.sinceMono !== undefined) asked.sinceMono = nowMono;
    }
  }

  clear(): void {
    this.#asked.clear();
  }
}
