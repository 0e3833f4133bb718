import type { Lane, OutboxItem } from '../domain/outbox.js';

interface Parked {
  readonly lane: Lane;
  readonly againMono: number;
  /** Refusals in a row, this one included. */
  readonly refusals: number;
}

/** Longest wait, in first waits: an item that nobody will ever take still asks twice an hour or so. */
const MOST_WAITS = 32;

/**
 * Items that the broker refused one by one, until they may go again; pure, time is an argument
 * (monotonic milliseconds). They stay leased, so that they are not sent meanwhile.
 *
 * Invariants
 * - An item that is refused again waits twice as long as before, up to MOST_WAITS first waits.
 * - `freshOf` counts those that were refused once. A broker that refuses a whole lane (a rule) is asked
 *   about a few at a time; items that it will never take (too large) do not hold up those behind.
 */
export class Parking {
  readonly #firstWaitMs: number;
  readonly #items = new Map<number, Parked>();
  /** Of those that were let go for another try. */
  readonly #refusals = new Map<number, number>();
  readonly #fresh = new Map<Lane, number>();

  constructor(firstWaitMs: number) {
    this.#firstWaitMs = firstWaitMs;
  }

  get count(): number {
    return this.#items.size;
  }

  itemIds(): readonly number[] {
    return [...this.#items.keys()];
  }

  /** Parked for the first time. */
  freshOf(lane: Lane): number {
    return this.#fresh.get(lane) ?? 0;
  }

  park({ id, lane }: OutboxItem, nowMono: number): void {
    const refusals = (this.#refusals.get(id) ?? 0) + 1;
    const waits = Math.min(MOST_WAITS, 2 ** (refusals - 1));
    this.#items.set(id, { lane, againMono: nowMono + waits * this.#firstWaitMs, refusals });
    if (refusals === 1) this.#fresh.set(lane, this.freshOf(lane) + 1);
  }

  /** @returns the ids of those that may go again; they are parked no longer. */
  due(nowMono: number): readonly number[] {
    const due = [...this.#items].filter(([, { againMono }]) => againMono <= nowMono);
    for (const [id, { lane, refusals }] of due) {
      this.#items.delete(id);
      this.#refusals.set(id, refusals);
      if (refusals === 1) this.#fresh.set(lane, this.freshOf(lane) - 1);
    }
    return due.map(([id]) => id);
  }

  /** The broker has taken it after all. */
  taken(id: number): void {
    this.#refusals.delete(id);
  }
}
