import {
  LANE_NAMES,
  type Lane,
  type LaneTotals,
  type MeteredHour,
  type Outbox,
  type OutboxItem,
  type OutboxMessage,
} from '../../../src/domain/outbox.js';

/**
 * The port behind which a simulated device keeps what waits: in memory, as hundreds of devices in one
 * process have no use for hundreds of databases. The real one is tested for itself.
 */
export class MemoryOutbox implements Outbox {
  /** By lane, in the order in which they came. */
  readonly #items = new Map<Lane, Map<number, OutboxItem>>(LANE_NAMES.map((lane) => [lane, new Map()]));
  readonly #laneOf = new Map<number, Lane>();
  readonly #leased = new Set<number>();
  #metered: MeteredHour = { hour: 0, bytes: nothing() };
  #lastId = 0;

  put(lane: Lane, message: OutboxMessage, queuedAtMs: number): void {
    const id = ++this.#lastId;
    this.#of(lane).set(id, { id, lane, queuedAtMs, message });
    this.#laneOf.set(id, lane);
  }

  /** A report that still waits is outdated by this one. */
  putHealth(message: OutboxMessage & { readonly kind: 'health' }): void {
    for (const [id, item] of this.#of('health')) {
      if (item.message.kind === 'health' && !this.#leased.has(id)) this.#remove(id);
    }
    this.put('health', message, message.atMs);
  }

  lease(limit: number, lanes: readonly Lane[] = LANE_NAMES): readonly OutboxItem[] {
    const leased: OutboxItem[] = [];
    for (const lane of LANE_NAMES) {
      if (!lanes.includes(lane)) continue;
      for (const [id, item] of this.#of(lane)) {
        if (leased.length >= limit) return leased;
        if (this.#leased.has(id)) continue;
        this.#leased.add(id);
        leased.push(item);
      }
    }
    return leased;
  }

  ack(ids: readonly number[], sent?: MeteredHour): void {
    for (const id of ids) this.#remove(id);
    if (sent === undefined) return;
    const before = this.metered(sent.hour).bytes;
    const sum = (lane: Lane) => before[lane] + sent.bytes[lane];
    this.#metered = { hour: sent.hour, bytes: { ...before, ...everyLane(sum) } };
  }

  release(ids: readonly number[]): void {
    for (const id of ids) this.#leased.delete(id);
  }

  waiting(): Readonly<Record<Lane, LaneTotals>> {
    return everyLane((lane) => {
      const items = [...this.#of(lane).values()];
      return { items: items.length, bytes: items.reduce((sum, { message }) => sum + sizeOf(message), 0) };
    });
  }

  metered(hour: number): MeteredHour {
    return this.#metered.hour === hour ? this.#metered : { hour, bytes: nothing() };
  }

  /** Ids of the events that wait, leased or not. */
  eventIds(): Set<string> {
    const items = [...this.#items.values()].flatMap((lane) => [...lane.values()]);
    return new Set(items.map(({ message }) => idOf(message)));
  }

  #of(lane: Lane): Map<number, OutboxItem> {
    return this.#items.get(lane) as Map<number, OutboxItem>;
  }

  #remove(id: number): void {
    const lane = this.#laneOf.get(id);
    if (lane !== undefined) this.#of(lane).delete(id);
    this.#laneOf.delete(id);
    this.#leased.delete(id);
  }
}

function everyLane<Value>(of: (lane: Lane) => Value): Record<Lane, Value> {
  return Object.fromEntries(LANE_NAMES.map((lane) => [lane, of(lane)])) as Record<Lane, Value>;
}

function nothing(): Record<Lane, number> {
  return everyLane(() => 0);
}

function sizeOf(message: OutboxMessage): number {
  return message.kind === 'image' ? message.image.jpeg.length : Buffer.byteLength(message.text);
}

function idOf(message: OutboxMessage): string {
  if (message.kind !== 'image') return message.id;
  return `${message.recordId}.${message.imageKind}.${message.revision}`;
}
