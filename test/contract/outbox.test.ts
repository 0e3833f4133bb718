import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryStore } from '../../scripts/src/fleet/memory-store.js';
import { LANE_NAMES, type Lane, type Outbox, type OutboxItem } from '../../src/domain/outbox.js';
import { systemClock } from '../../src/lib/clock.js';
import { notaryOf } from '../support/notary.js';
import { recordStoreIn } from '../support/record-stores.js';
import { matchOf, passageOf } from '../support/reports.js';

/** The Outbox port, over the device's store and over the one of simulated devices (scripts/fleet). */

interface Subject {
  readonly outbox: Outbox;
  /** A passage with two pictures: a read and read-images, or with a hit, a hit and hit-images as well. */
  commit(isHit: boolean): void;
  putHealth(id: string): void;
  close(): Promise<void>;
}

const QUALITY = { source: 'ntp', offsetMs: 1 } as const;
const match = matchOf('AB12CDE', 'stolen');

const SUBJECTS: readonly (readonly [string, () => Promise<Subject>])[] = [
  ['the record store', openRecordStore],
  ['the store of a simulated device', openMemoryStore],
];

async function openRecordStore(): Promise<Subject> {
  const folder = mkdtempSync(join(tmpdir(), 'anprd-outbox-'));
  const store = recordStoreIn(folder, { clock: systemClock });
  await store.start();
  return {
    outbox: store.outbox,
    commit: (isHit) =>
      store.commit({ passage: passageOf('AB12CDE'), clock: QUALITY, ...(isHit && { match }) }),
    putHealth: (id) => store.putHealth(id, Date.now(), '{}'),
    close: async () => {
      await store.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openMemoryStore(): Promise<Subject> {
  const store = new MemoryStore({ notary: notaryOf(), unitId: 'unit-1' });
  return {
    outbox: store.outbox,
    commit: (isHit) => store.commit(passageOf('AB12CDE'), isHit ? match : undefined, Date.now()),
    putHealth: (id) => store.outbox.putHealth({ kind: 'health', id, atMs: Date.now(), text: '{}' }),
    close: async () => undefined,
  };
}

const lanesOf = (items: readonly OutboxItem[]): Lane[] => items.map(({ lane }) => lane);
const idsOf = (items: readonly OutboxItem[]): number[] => items.map(({ id }) => id);

describe.each(SUBJECTS)('the outbox of %s', (_, open) => {
  let subject: Subject;
  let outbox: Outbox;

  beforeEach(async () => {
    subject = await open();
    outbox = subject.outbox;
  });

  afterEach(() => subject.close());

  it('is leased by lane, first in first out inside one, each item to one holder', () => {
    for (const isHit of [false, true, false]) subject.commit(isHit);
    subject.putHealth('01a1b2c3-0000-7000-8000-000000000001');
    const first = outbox.lease(5);
    expect(lanesOf(first)).toEqual(['hits', 'reads', 'reads', 'reads', 'hit-images']);
    const rest = outbox.lease(100);
    expect(lanesOf(rest)).toEqual(['hit-images', ...Array(4).fill('read-images'), 'health']);
    const reads = [...first, ...rest].filter(({ lane }) => lane === 'reads').map(({ id }) => id);
    expect(reads).toEqual([...reads].sort((a, b) => a - b));
    expect(outbox.lease(100)).toEqual([]);
  });

  it('gives of the lanes that are asked for alone', () => {
    subject.commit(true);
    expect(lanesOf(outbox.lease(10, ['reads', 'health']))).toEqual(['reads']);
    expect(lanesOf(outbox.lease(10))).toEqual(['hits', 'hit-images', 'hit-images']);
  });

  it('gives the same items again after they were released, before those that came later', () => {
    subject.commit(false);
    subject.commit(false);
    const leased = outbox.lease(10, ['reads']);
    subject.commit(false);
    outbox.release(idsOf(leased));
    expect(outbox.lease(2, ['reads'])).toEqual(leased);
    expect(outbox.lease(10, ['reads'])).toHaveLength(1);
  });

  it('keeps an item until it is acknowledged, and then forgets it', () => {
    subject.commit(false);
    const leased = outbox.lease(10);
    expect(outbox.waiting().reads.items).toBe(1);
    outbox.ack(idsOf(leased));
    outbox.release(idsOf(leased));
    outbox.ack(idsOf(leased));
    expect(outbox.lease(10)).toEqual([]);
    for (const lane of LANE_NAMES) expect(outbox.waiting()[lane]).toEqual({ items: 0, bytes: 0 });
  });

  it('keeps the newest report of the health alone, unless an older one is on its way', () => {
    const ids = [1, 2, 3].map((number) => `01a1b2c3-0000-7000-8000-00000000000${number}`);
    subject.putHealth(ids[0] as string);
    subject.putHealth(ids[1] as string);
    const onItsWay = outbox.lease(10, ['health']);
    expect(onItsWay.map(({ message }) => message.kind === 'health' && message.id)).toEqual([ids[1]]);
    subject.putHealth(ids[2] as string);
    expect(outbox.waiting().health.items).toBe(2);
  });

  it('adds up what is metered in an hour, and begins the next one with nothing', () => {
    const sent = { hits: 1, reads: 2, 'hit-images': 3, 'read-images': 4, health: 5 };
    outbox.ack([], { hour: 500_000, bytes: sent });
    outbox.ack([], { hour: 500_000, bytes: sent });
    expect(outbox.metered(500_000).bytes).toEqual({
      hits: 2,
      reads: 4,
      'hit-images': 6,
      'read-images': 8,
      health: 10,
    });
    expect(outbox.metered(500_001).bytes.reads).toBe(0);
  });
});
