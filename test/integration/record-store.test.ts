import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoreConfig } from '../../src/config/schema.js';
import type { HitReference, OutboxItem } from '../../src/domain/outbox.js';
import { digestOf } from '../../src/evidence/canonical.js';
import { openDatabase } from '../../src/lib/sqlite.js';
import { STORE_MIGRATIONS } from '../../src/store/migrations.js';
import type { RecordStore } from '../../src/store/record-store.js';
import { ManualClock } from '../support/manual-clock.js';
import { recordStoreIn } from '../support/record-stores.js';
import { matchOf, passageOf, pictureOf, possibleOf } from '../support/reports.js';
import { keyIn } from '../support/storage-key.js';

const CLOCK_QUALITY = { source: 'ntp', offsetMs: 2 } as const;

let folder: string;
let clock: ManualClock;
let store: RecordStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-store-'));
  clock = new ManualClock();
  store = await started();
});

afterEach(async () => {
  await store.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function started(config: Partial<StoreConfig> = {}): Promise<RecordStore> {
  const made = recordStoreIn(folder, { clock, config });
  await made.start();
  return made;
}

async function restarted(config: Partial<StoreConfig> = {}): Promise<void> {
  await store.stop();
  store = await started(config);
}

/** Takes everything out as a broker would: text of each item, in order. */
function drained(): string[] {
  const items = store.outbox.lease(10_000);
  store.outbox.ack(items.map(({ id }) => id));
  return items.map(described);
}

/** The data of a statement. */
function saidBy(item: OutboxItem | undefined): Record<string, unknown> {
  if (item === undefined || item.message.kind === 'image') throw new Error('expected a text');
  return JSON.parse(item.message.text);
}

function described({ message }: OutboxItem): string {
  if (message.kind === 'image') return `${message.imageKind} ${message.revision}`;
  const said = JSON.parse(message.text);
  switch (message.kind) {
    case 'hit': {
      const lists = said.entries.map((entry: { list: { id: string } }) => entry.list.id);
      return `hit ${said.entries[0].entry.vrm} on ${lists.join('+')}`;
    }
    case 'read': {
      const hits = (said.hits ?? []).map((hit: HitReference) => (hit.stands ? 'stands' : 'does not stand'));
      return ['read', said.vrm ?? said.reason, ...hits].join(' ');
    }
    default:
      return message.kind;
  }
}

describe('a vehicle in view whose pictures the broker has', () => {
  it('keeps them over the budget, so that a better one has the next number', async () => {
    await restarted({ mostMegabytes: 1 });
    const big = (content: string) => ({ jpeg: pictureOf(content, 20_000), widthPx: 800, heightPx: 450 });
    const report = (id: string, phase: 'settled' | 'closed', content: string) => {
      const passage = passageOf('AB12CDE', { id, phase, pictures: false, overviewImage: big(content) });
      store.commit({ passage, match: matchOf('AB12CDE', 'stolen'), clock: CLOCK_QUALITY });
    };
    const inView = uuidv7();
    report(inView, 'settled', 'first');
    expect(drained()).toEqual(['hit AB12CDE on stolen', 'overview 1']);
    for (let index = 0; index < 100; index++) report(uuidv7(), 'closed', `${index}`);
    await store.sweep();
    report(inView, 'closed', 'better');
    expect(drained()).toContain('overview 2');
  });
});

describe('a passage without a hit', () => {
  it('is one read, then its pictures, and only when it is closed', () => {
    const id = uuidv7();
    store.commit({ passage: passageOf('AB12CDE', { id, phase: 'settled' }), clock: CLOCK_QUALITY });
    expect(drained()).toEqual([]);
    store.commit({ passage: passageOf('AB12CDF', { id }), clock: CLOCK_QUALITY });
    expect(drained()).toEqual(['read AB12CDF', 'plate-patch 1', 'overview 1']);
    expect(drained()).toEqual([]);
  });

  it('is sealed with its times and its pictures’ digests; the pictures come byte for byte', () => {
    const passage = passageOf('AB12CDE', { hints: ['mis-spaced'] });
    const { platePatch, overviewImage, ...text } = passage;
    const { record } = store.commit({ passage, matchedAtMs: clock.nowMs() - 1_000, clock: CLOCK_QUALITY });
    expect(record).toEqual({ id: passage.id, sequence: 1, passage: text, clock: CLOCK_QUALITY });
    const [read, patch, overview] = store.outbox.lease(3);
    expect(read).toMatchObject({ lane: 'reads', queuedAtMs: clock.nowMs() });
    expect(read?.message).toMatchObject({ kind: 'read', id: passage.id });
    expect(saidBy(read)).toMatchObject({
      type: 'read',
      recordId: passage.id,
      vrm: 'AB12CDE',
      hints: ['mis-spaced'],
      clock: CLOCK_QUALITY,
      matchedAt: '2025-12-31T23:59:59.000Z',
      committedAt: '2026-01-01T00:00:00.000Z',
      images: [
        { kind: 'overview', revision: 1, sha256: digestOf(overviewImage?.jpeg as Uint8Array) },
        { kind: 'plate-patch', revision: 1, sha256: digestOf(platePatch?.jpeg as Uint8Array) },
      ],
      evidence: { chain: store.head().chain, sequence: 1, previous: '' },
    });
    expect(patch?.message).toMatchObject({ kind: 'image', recordId: passage.id, cameraId: 'cam-1' });
    expect(overview?.message).toMatchObject({ image: { widthPx: 800, heightPx: 450 } });
    for (const [item, image] of [
      [patch, platePatch],
      [overview, overviewImage],
    ] as const) {
      expect(
        item?.message.kind === 'image' && Buffer.compare(item.message.image.jpeg, image?.jpeg as Buffer),
      ).toBe(0);
    }
  });

  it('may be unreadable, and without pictures', () => {
    store.commit({ passage: passageOf(undefined, { pictures: false }), clock: CLOCK_QUALITY });
    expect(drained()).toEqual(['read blurred']);
  });
});

describe('a hit', () => {
  const match = matchOf('AB12CDE', 'stolen');
  let id: string;
  beforeEach(() => {
    id = uuidv7();
  });

  it('goes at once, with the pictures there are, before the vehicle has gone', () => {
    const settled = passageOf('AB12CDE', { id, phase: 'settled' });
    const { hit } = store.commit({ passage: settled, match, matchedAtMs: 5, clock: CLOCK_QUALITY });
    expect(hit).toMatchObject({ recordId: id, matchedAtMs: 5, match });
    expect(drained()).toEqual(['hit AB12CDE on stolen', 'plate-patch 1', 'overview 1']);
  });

  it('is issued once, whatever the closed report repeats', () => {
    store.commit({ passage: passageOf('AB12CDE', { id, phase: 'settled' }), match, clock: CLOCK_QUALITY });
    const { hit } = store.commit({ passage: passageOf('AB12CDE', { id }), match, clock: CLOCK_QUALITY });
    expect(hit).toBeUndefined();
    expect(drained()).toEqual([
      'hit AB12CDE on stolen',
      'read AB12CDE stands',
      'plate-patch 1',
      'overview 1',
    ]);
  });

  it('sends a better picture once more, and not the one that it replaces', () => {
    const settled = passageOf('AB12CDE', { id, phase: 'settled' });
    store.commit({ passage: settled, match, clock: CLOCK_QUALITY });
    expect(drained()).toContain('overview 1');
    const closed = {
      ...settled,
      phase: 'closed',
      overviewImage: { jpeg: pictureOf('x'), widthPx: 2, heightPx: 1 },
    };
    store.commit({ passage: closed as typeof settled, match, clock: CLOCK_QUALITY });
    expect(drained()).toEqual(['read AB12CDE stands', 'overview 2']);

    const other = passageOf('AB12CDE', { phase: 'settled' });
    store.commit({ passage: other, match, clock: CLOCK_QUALITY });
    store.commit({
      passage: passageOf('AB12CDE', { id: other.id, pictures: 'better' }),
      match,
      clock: CLOCK_QUALITY,
    });
    expect(drained()).toEqual([
      'hit AB12CDE on stolen',
      'read AB12CDE stands',
      'plate-patch 2',
      'overview 2',
    ]);
  });

  it('is kept and marked when the closed read says another mark', () => {
    store.commit({ passage: passageOf('AB12CDE', { id, phase: 'settled' }), match, clock: CLOCK_QUALITY });
    store.commit({ passage: passageOf('AB12CDF', { id }), clock: CLOCK_QUALITY });
    expect(drained().slice(0, 2)).toEqual(['hit AB12CDE on stolen', 'read AB12CDF does not stand']);
  });

  it('is issued by the closed report where only that one matches', () => {
    store.commit({ passage: passageOf('AB12CDF', { id, phase: 'settled' }), clock: CLOCK_QUALITY });
    store.commit({ passage: passageOf('AB12CDE', { id }), match, clock: CLOCK_QUALITY });
    expect(drained()).toEqual([
      'hit AB12CDE on stolen',
      'read AB12CDE stands',
      'plate-patch 1',
      'overview 1',
    ]);
  });

  it('is followed by another where the closed read is another wanted mark, or on another list', () => {
    store.commit({ passage: passageOf('AB12CDE', { id, phase: 'settled' }), match, clock: CLOCK_QUALITY });
    const other = matchOf('AB12CDF', 'stolen');
    store.commit({ passage: passageOf('AB12CDF', { id }), match: other, clock: CLOCK_QUALITY });
    expect(drained().slice(0, 3)).toEqual([
      'hit AB12CDE on stolen',
      'hit AB12CDF on stolen',
      'read AB12CDF does not stand stands',
    ]);
    const more = passageOf('AB12CDE', { phase: 'settled', pictures: false });
    store.commit({ passage: more, match, clock: CLOCK_QUALITY });
    const both = matchOf('AB12CDE', 'stolen', 'insurance');
    store.commit({ passage: { ...more, phase: 'closed' }, match: both, clock: CLOCK_QUALITY });
    expect(drained()).toEqual([
      'hit AB12CDE on stolen',
      'hit AB12CDE on stolen+insurance',
      'read AB12CDE stands stands',
    ]);
  });

  it('goes out again when it alerts, and the one before was too unlikely to', () => {
    const unlikely = possibleOf('AB12CDE', 'stolen');
    store.commit({
      passage: passageOf('AB12CDF', { id, phase: 'settled' }),
      match: unlikely,
      clock: CLOCK_QUALITY,
    });
    store.commit({ passage: passageOf('AB12CDE', { id }), match, clock: CLOCK_QUALITY });
    expect(drained().slice(0, 3)).toEqual([
      'hit AB12CDE on stolen',
      'hit AB12CDE on stolen',
      'read AB12CDE stands stands',
    ]);
  });

  it('goes out as it was when it was issued, also when the record is completed before', () => {
    const settled = passageOf('AB12CDE', { id, phase: 'settled', pictures: false });
    store.commit({ passage: settled, match, clock: CLOCK_QUALITY });
    store.commit({ passage: passageOf('AB12CDE', { id, frameCount: 99 }), match, clock: CLOCK_QUALITY });
    const [hit, read] = store.outbox.lease(2);
    expect(saidBy(hit)).toMatchObject({ type: 'hit', read: { frames: { found: settled.frameCount } } });
    expect(saidBy(read)).toMatchObject({ type: 'read', frames: { found: 99 } });
  });
});

describe('a possible hit, whose listed mark is not the read one', () => {
  const possible = possibleOf('AB12CDE', 'stolen');
  const settled = passageOf('AB12CDF', { phase: 'settled', pictures: false });
  const closedAs = (vrm: string | undefined) =>
    passageOf(vrm, { id: settled.id, phase: 'closed', pictures: false });
  beforeEach(() => {
    store.commit({ passage: settled, match: possible, clock: CLOCK_QUALITY });
    expect(drained()).toEqual(['hit AB12CDE on stolen']);
  });

  it('stands while the read stays what it was, and is told once', () => {
    store.commit({ passage: closedAs('AB12CDF'), match: possible, clock: CLOCK_QUALITY });
    expect(drained()).toEqual(['read AB12CDF stands']);
  });

  it('stands when the closed read is the listed mark', () => {
    store.commit({ passage: closedAs('AB12CDE'), match: possible, clock: CLOCK_QUALITY });
    expect(drained()).toEqual(['read AB12CDE stands']);
  });

  it('stands when the closed read is a third mark that may still be the listed one', () => {
    store.commit({ passage: closedAs('AB12CDG'), match: possible, clock: CLOCK_QUALITY });
    expect(drained()).toEqual(['read AB12CDG stands']);
  });

  it('does not stand when the closed read says another mark, or none', () => {
    store.commit({ passage: closedAs('XY99ZZZ'), clock: CLOCK_QUALITY });
    expect(drained()).toEqual(['read XY99ZZZ does not stand']);
    const other = passageOf('AB12CDF', { phase: 'settled', pictures: false });
    store.commit({ passage: other, match: possible, clock: CLOCK_QUALITY });
    store.commit({ passage: { ...closedAs(undefined), id: other.id }, clock: CLOCK_QUALITY });
    expect(drained()).toEqual(['hit AB12CDE on stolen', 'read blurred does not stand']);
  });
});

describe('a report that comes twice (its acknowledgement was lost in a crash)', () => {
  it.each(['settled', 'closed'] as const)('changes nothing: %s', (phase) => {
    const passage = passageOf('AB12CDE', { phase });
    const report = { passage, match: matchOf('AB12CDE', 'stolen'), clock: CLOCK_QUALITY };
    const first = store.commit(report);
    expect(drained()).not.toEqual([]);
    const second = store.commit(report);
    expect(second).toEqual({ record: first.record });
    expect(drained()).toEqual([]);
  });

  it('changes nothing when a settled one comes after the closed one', () => {
    const passage = passageOf('AB12CDE');
    store.commit({ passage, clock: CLOCK_QUALITY });
    drained();
    store.commit({
      passage: { ...passage, phase: 'settled' },
      match: matchOf('AB12CDE', 'stolen'),
      clock: CLOCK_QUALITY,
    });
    expect(drained()).toEqual([]);
    expect(store.snapshot().openRecords).toBe(0);
  });
});

describe('sequence numbers', () => {
  it('count records from 1 without a gap, over restarts and after erasure', async () => {
    const sequences: number[] = [];
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 3; index++) {
        const passage = passageOf('AB12CDE', { phase: 'settled' });
        sequences.push(store.commit({ passage, clock: CLOCK_QUALITY }).record.sequence);
        store.commit({ passage: { ...passage, phase: 'closed' }, clock: CLOCK_QUALITY });
      }
      drained();
      clock.advance(8 * 86_400_000);
      await store.sweep();
      expect(store.snapshot().records).toBe(0);
      await restarted();
    }
    expect(sequences).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

describe('records that a dead process left open', () => {
  it('are completed and sent at the next start', async () => {
    store.commit({ passage: passageOf('AB12CDE', { phase: 'settled' }), clock: CLOCK_QUALITY });
    await restarted();
    expect(store.snapshot().openRecords).toBe(0);
    expect(drained()).toEqual(['read AB12CDE', 'plate-patch 1', 'overview 1']);
  });

  it('are completed for one camera when only its process died', () => {
    for (const cameraId of ['cam-1', 'cam-2']) {
      store.commit({ passage: passageOf('AB12CDE', { phase: 'settled', cameraId }), clock: CLOCK_QUALITY });
    }
    expect(store.completeOpen('cam-2')).toBe(1);
    expect(store.snapshot().openRecords).toBe(1);
  });
});

describe('the file', () => {
  it('is its owner’s alone: marks are in it', () => {
    for (const name of ['records.db', 'records.db-wal']) {
      expect((statSync(join(folder, name)).mode & 0o777).toString(8)).toBe('600');
    }
  });

  it('is not opened when a later version has written it', async () => {
    await store.stop();
    const database = openDatabase(join(folder, 'records.db'), STORE_MIGRATIONS, { key: keyIn(folder) });
    database.pragma('user_version = 99');
    database.close();
    await expect(started()).rejects.toMatchObject({ code: 'store.newer-schema' });
    rmSync(join(folder, 'records.db'));
    store = await started();
  });

  it('that cannot be written is an error that loses nothing', async () => {
    const other = openDatabase(join(folder, 'records.db'), STORE_MIGRATIONS, { key: keyIn(folder) });
    other.exec('BEGIN IMMEDIATE');
    const report = { passage: passageOf('AB12CDE'), clock: CLOCK_QUALITY };
    expect(() => store.commit(report)).toThrow(expect.objectContaining({ code: 'store.write-failed' }));
    other.exec('ROLLBACK');
    other.close();
    store.commit(report);
    expect(drained()[0]).toBe('read AB12CDE');
  });
});
