import type { Lane, OutboxItem } from '../domain/outbox.js';
import type { Parcel } from './pace.js';
import type { Outgoing } from './renderer.js';

/** From best to worst: what became of a message, or of an item by the worst of its messages. */
const OUTCOMES = ['acknowledged', 'lost', 'refused'] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** One message with the broker. */
export interface Sent {
  readonly lane: Lane;
  readonly outgoing: Outgoing;
  readonly parcel: Parcel;
}

/** An item all of whose messages have come to an end. */
export interface Settled {
  readonly item: OutboxItem;
  readonly outcome: Outcome;
  /** UTC, milliseconds: when it was rendered for sending. */
  readonly publishedAtMs: number;
}

interface Delivery {
  readonly item: OutboxItem;
  readonly publishedAtMs: number;
  openMessages: number;
  outcome: Outcome;
}

/**
 * What is with the broker, and the items that it carries.
 *
 * Invariant: an item is settled once, when the last message that names it has an outcome.
 */
export class InFlight {
  /** In the order of sending. */
  readonly #sent = new Set<Sent>();
  readonly #deliveries = new Map<number, Delivery>();

  /** Messages without an acknowledgement. */
  get count(): number {
    return this.#sent.size;
  }

  /** Of the items that are being delivered, also those whose messages are not all sent yet. */
  itemIds(): readonly number[] {
    return [...this.#deliveries.keys()];
  }

  get oldest(): Sent | undefined {
    return this.#sent.values().next().value;
  }

  bytesOf(lane: Lane): number {
    let bytes = 0;
    for (const sent of this.#sent) if (sent.lane === lane) bytes += sent.parcel.bytes;
    return bytes;
  }

  /** The hit that waits longest, and how much of other lanes was sent before it and is not acknowledged. */
  oldestHit(): { readonly hit: Sent; readonly bytesAhead: number } | undefined {
    let bytesAhead = 0;
    for (const sent of this.#sent) {
      if (sent.lane === 'hits') return { hit: sent, bytesAhead };
      bytesAhead += sent.parcel.bytes;
    }
    return undefined;
  }

  /** These items go out as these messages. */
  begin(items: readonly OutboxItem[], outgoing: readonly Outgoing[], publishedAtMs: number): void {
    for (const item of items) {
      this.#deliveries.set(item.id, { item, publishedAtMs, openMessages: 0, outcome: 'acknowledged' });
    }
    for (const { itemIds } of outgoing) {
      for (const id of itemIds) (this.#deliveries.get(id) as Delivery).openMessages++;
    }
  }

  add(sent: Sent): void {
    this.#sent.add(sent);
  }

  remove(sent: Sent): void {
    this.#sent.delete(sent);
  }

  /** @returns the items for which that was the last message. */
  settle({ itemIds }: Outgoing, outcome: Outcome): readonly Settled[] {
    const settled: Settled[] = [];
    for (const id of itemIds) {
      const delivery = this.#deliveries.get(id) as Delivery;
      if (OUTCOMES.indexOf(outcome) > OUTCOMES.indexOf(delivery.outcome)) delivery.outcome = outcome;
      if (--delivery.openMessages > 0) continue;
      this.#deliveries.delete(id);
      settled.push(delivery);
    }
    return settled;
  }
}
