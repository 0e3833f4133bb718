import type { Lane, Outbox, OutboxItem, OutboxMessage } from '../domain/outbox.js';
import { LANE_NAMES } from '../domain/outbox.js';

/**
 * Leased together, as every look into the store costs the same. Few pictures, which are large; and of
 * the unit's own state one, so that a newer one can still replace what waits.
 */
const LEASED_AT_ONCE: Readonly<Record<Lane, number>> = {
  hits: 64,
  reads: 64,
  'hit-images': 4,
  'read-images': 4,
  health: 1,
};

/** What a message has around its text or picture: topic and properties. */
const ENVELOPE_BYTES = 700;

/**
 * What was leased and waits for its turn, lane by lane.
 *
 * Invariants
 * - A lane is first in, first out: it is looked into again only when nothing of it lies here.
 * - The store is asked only where it may have something: after `look`, or when the last answer was full.
 */
export class Shelf {
  readonly #outbox: Outbox;
  readonly #items: Readonly<Record<Lane, OutboxItem[]>> = byLane(() => []);
  readonly #mayHoldMore = new Set<Lane>(LANE_NAMES);

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** Something may have been put into the outbox, or given back to it. */
  look(): void {
    for (const lane of LANE_NAMES) this.#mayHoldMore.add(lane);
  }

  /** @throws DeviceError store.write-failed where the store cannot be asked. */
  has(lane: Lane): boolean {
    const items = this.#items[lane];
    if (items.length > 0) return true;
    if (!this.#mayHoldMore.has(lane)) return false;
    const most = LEASED_AT_ONCE[lane];
    const leased = this.#outbox.lease(most, [lane]);
    if (leased.length < most) this.#mayHoldMore.delete(lane);
    // Last first: taking from the end of an array costs nothing.
    for (let index = leased.length - 1; index >= 0; index--) items.push(leased[index] as OutboxItem);
    return items.length > 0;
  }

  /** About what the next of a lane takes as a message; `has` has said that there is one. */
  nextBytes(lane: Lane): number {
    return bytesOf((this.#items[lane].at(-1) as OutboxItem).message);
  }

  /** @returns at least one, at most `most` and no more than fit into `mostBytes`. */
  take(lane: Lane, most: number, mostBytes: number): OutboxItem[] {
    const items = this.#items[lane];
    const taken: OutboxItem[] = [];
    let bytes = 0;
    while (taken.length < most) {
      const item = items.at(-1);
      if (item === undefined) break;
      bytes += bytesOf(item.message);
      if (taken.length > 0 && bytes > mostBytes) break;
      taken.push(item);
      items.pop();
    }
    return taken;
  }

  /** Lets go of what was not sent; it is leased again in its order. */
  giveBack(lanes: readonly Lane[] = LANE_NAMES): void {
    for (const lane of lanes) {
      const items = this.#items[lane];
      if (items.length === 0) continue;
      this.#outbox.release(items.map(({ id }) => id));
      items.length = 0;
      this.#mayHoldMore.add(lane);
    }
  }
}

function bytesOf(message: OutboxMessage): number {
  return ENVELOPE_BYTES + (message.kind === 'image' ? message.image.jpeg.length : message.text.length);
}

function byLane<T>(make: () => T): Record<Lane, T> {
  return Object.fromEntries(LANE_NAMES.map((lane) => [lane, make()])) as Record<Lane, T>;
}
