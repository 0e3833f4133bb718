import { type Delivery, eventOf, type UnitEvent } from './event.js';
import type { ConsumerStore } from './store.js';

/** What a source of deliveries calls: acknowledge to the broker when, and only when, it resolves. */
export type Take = (delivery: Delivery) => Promise<void>;

export interface ConsumerCounts {
  readonly fresh: number;
  readonly repeated: number;
  readonly refused: number;
  /** No events of a unit; acknowledged, so that they do not come for ever. */
  readonly skipped: number;
}

/**
 * Commits together what came together: a flush to the disk costs the same for one as for a hundred.
 *
 * A commit that fails rejects everything in it, and nothing of it is acknowledged. The program then
 * ends, and whatever supervises it starts it again: the broker still has all of it.
 */
export class Committer {
  readonly #store: ConsumerStore;
  #waiting: { readonly event: UnitEvent; readonly settle: (failure?: unknown) => void }[] = [];
  #counts = { fresh: 0, repeated: 0, refused: 0, skipped: 0 };

  constructor(store: ConsumerStore) {
    this.#store = store;
  }

  get counts(): ConsumerCounts {
    return { ...this.#counts };
  }

  readonly take: Take = (delivery) => {
    const event = eventOf(delivery);
    if (event === undefined) {
      this.#counts.skipped++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const settle = (failure?: unknown) => (failure === undefined ? resolve() : reject(failure));
      // Whatever else this turn of the event loop reads from the brokers is in the same transaction.
      if (this.#waiting.push({ event, settle }) === 1) setImmediate(() => this.#commit());
    });
  };

  #commit(): void {
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      const { fresh, repeated, refused } = this.#store.commit(batch.map(({ event }) => event));
      this.#counts.fresh += fresh;
      this.#counts.repeated += repeated;
      this.#counts.refused += refused;
    } catch (failure) {
      for (const { settle } of batch) settle(failure);
      return;
    }
    for (const { settle } of batch) settle();
  }
}
