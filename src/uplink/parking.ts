import type { Lane, OutboxItem } from '../domain/outbox.js';

/**
 * Items that the broker refused one by one, until they may go again; pure, time is an argument
 * (monotonic milliseconds). They stay leased, so that they are not sent meanwhile.
 */
export class Parking {
  readonly #parkedMs: number;
  readonly #items = new Map<number, { readonly lane: Lane; readonly againMono: number }>();

  constructor(parkedMs: number) {
    this.#parkedMs = parkedMs;
  }

  get count(): number {
    return this.#items.size;
  }

  itemIds(): readonly number[] {
    return [...this.#items.keys()];
  }

  countOf(lane: Lane): number {
    if (this.#items.size === 0) return 0;
    let count = 0;
    for (const item of this.#items.values()) if (item.lane === lane) count++;
    return count;
  }

  park({ id, lane }: OutboxItem, nowMono: number): void {
    this.#items.set(id, { lane, againMono: nowMono + this.#parkedMs });
  }

  /** @returns the ids of those that may go again; they are parked no longer. */
  due(nowMono: number): readonly number[] {
    const due = [...this.#items].filter(([, { againMono }]) => againMono <= nowMono).map(([id]) => id);
    for (const id of due) this.#items.delete(id);
    return due;
  }
}
