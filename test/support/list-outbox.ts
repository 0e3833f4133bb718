import {
  LANE_NAMES,
  LANES,
  type Lane,
  type LaneTotals,
  type MeteredHour,
  type Outbox,
  type OutboxItem,
  type OutboxMessage,
} from '../../src/domain/outbox.js';
import { DeviceError } from '../../src/lib/errors.js';
import type { RecordText } from '../../src/uplink/payloads.js';

/** A plain list with the behaviour of the outbox. */
export class ListOutbox implements Outbox {
  items: OutboxItem[] = [];
  readonly leased = new Set<number>();
  readonly hours = new Map<number, Record<Lane, number>>();
  /** Nothing can be read or written. */
  failing = false;
  /** Nothing can be written. */
  full = false;
  writes = 0;
  #lastId = 0;

  constructor(lanes: readonly Lane[]) {
    for (const lane of lanes) this.put(lane);
  }

  /** Each item is numbered, and its statement has its number as sequence. */
  put(lane: Lane): void {
    const id = ++this.#lastId;
    this.items.push({ id, lane, queuedAtMs: 0, message: messageOf(lane, id) });
  }

  /** Makes the text of an item one that is no JSON. */
  damage(id: number): void {
    this.items = this.items.map((item) =>
      item.id === id ? { ...item, message: { kind: 'read', id: 'r', text: '{' } } : item,
    );
  }

  ids(): number[] {
    return this.items.map(({ id }) => id);
  }

  lease(limit: number, lanes: readonly Lane[] = LANE_NAMES): readonly OutboxItem[] {
    if (this.failing) throw failed();
    const items = this.items
      .filter(({ id, lane }) => lanes.includes(lane) && !this.leased.has(id))
      .sort((a, b) => LANES[a.lane] - LANES[b.lane] || a.id - b.id)
      .slice(0, limit);
    for (const { id } of items) this.leased.add(id);
    return items;
  }

  ack(ids: readonly number[], sent?: MeteredHour): void {
    if (this.failing || this.full) throw failed();
    this.writes++;
    this.items = this.items.filter(({ id }) => !ids.includes(id));
    this.release(ids);
    if (sent === undefined) return;
    const { bytes } = this.metered(sent.hour);
    for (const lane of LANE_NAMES) (bytes as Record<Lane, number>)[lane] += sent.bytes[lane];
    this.hours.set(sent.hour, bytes);
  }

  release(ids: readonly number[]): void {
    for (const id of ids) this.leased.delete(id);
  }

  waiting(): Readonly<Record<Lane, LaneTotals>> {
    const totals = (lane: Lane) => ({
      items: this.items.filter((item) => item.lane === lane).length,
      bytes: 0,
    });
    return Object.fromEntries(LANE_NAMES.map((lane) => [lane, totals(lane)])) as Record<Lane, LaneTotals>;
  }

  metered(hour: number): MeteredHour & { readonly bytes: Record<Lane, number> } {
    const none = { hits: 0, reads: 0, 'hit-images': 0, 'read-images': 0, health: 0 };
    return { hour, bytes: { ...(this.hours.get(hour) ?? none) } };
  }
}

function messageOf(lane: Lane, id: number): OutboxMessage {
  const recordId = `record-${id}`;
  const image = { jpeg: new Uint8Array(24_000), widthPx: 1, heightPx: 1 };
  const committedAt = '2026-01-01T00:00:00.400Z';
  const read = {
    recordId,
    cameraId: 'cam-1',
    capturedAt: '2026-01-01T00:00:00.000Z',
    vrm: 'AB12CDE',
    probability: 0.98,
    clock: { source: 'ntp' },
    direction: 'towards',
    plateCorners: [],
  } satisfies RecordText;
  const statement = { committedAt, matchedAt: committedAt, evidence: { sequence: id } };
  switch (lane) {
    case 'hits':
      return {
        kind: 'hit',
        id: `hit-${id}`,
        text: JSON.stringify({ type: 'hit', ...statement, read: { ...read, firstSeenMs: -300 } }),
      };
    case 'reads':
      return { kind: 'read', id: recordId, text: JSON.stringify({ type: 'read', ...statement, ...read }) };
    case 'health':
      return {
        kind: 'loss',
        id: `loss-${id}`,
        text: JSON.stringify({ type: 'loss', committedAt, evidence: { sequence: id } }),
      };
    default:
      return {
        kind: 'image',
        recordId,
        cameraId: 'cam-1',
        imageKind: 'overview',
        revision: 1,
        pictureAtMs: 0,
        image,
      };
  }
}

function failed(): DeviceError {
  return new DeviceError('store.write-failed', { message: 'as the test says', hint: '' });
}
