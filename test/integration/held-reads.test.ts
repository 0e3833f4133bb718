import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { foldVrm } from '../../src/domain/vrm.js';
import { openDatabase } from '../../src/lib/sqlite.js';
import { HELD_KEYS } from '../../src/store/held-reads.js';
import { STORE_MIGRATIONS } from '../../src/store/migrations.js';
import type { RecordStore } from '../../src/store/record-store.js';
import { ManualClock } from '../support/manual-clock.js';
import { recordStoreIn } from '../support/record-stores.js';
import { matchOf, passageOf, possibleOf, vrmOf } from '../support/reports.js';
import { keyIn } from '../support/storage-key.js';

const CLOCK_QUALITY = { source: 'unknown' } as const;
const HOUR_MS = 3_600_000;

let folder: string;
let path: string;
let clock: ManualClock;
let store: RecordStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-held-'));
  path = join(folder, 'records.db');
  clock = new ManualClock();
  await start();
});
afterEach(async () => {
  await store.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  store = recordStoreIn(folder, { clock });
  await store.start();
}

/** @returns the record's id. */
function commit(vrm: string | undefined, options: Parameters<typeof passageOf>[1] = {}): string {
  const passage = passageOf(vrm, options);
  store.commit({ passage, clock: CLOCK_QUALITY });
  return passage.id;
}

function drained(): string[] {
  const items = store.outbox.lease(1_000);
  store.outbox.ack(items.map(({ id }) => id));
  return items.map(({ lane }) => lane);
}

const keysFrom = (sinceMs: number) => store.heldKeys(sinceMs, 0, 1_000).map(({ matchKey }) => matchKey);

describe('the held reads', () => {
  it('are given by page, in the order in which they came, without what was unreadable', () => {
    for (const vrm of ['AB12CDE', undefined, 'CD34EFO', 'EF56GHJ', undefined]) commit(vrm);
    const first = store.heldKeys(0, 0, 2);
    expect(first).toEqual([
      { sequence: 1, matchKey: 'AB12CDE' },
      { sequence: 3, matchKey: 'CD34EF0' },
    ]);
    expect(store.heldKeys(0, 3, 2)).toEqual([{ sequence: 4, matchKey: 'EF56GHJ' }]);
    expect(store.heldKeys(0, 4, 2)).toEqual([]);
    expect(store.heldReads(0, 0, 2).map(({ sequence }) => sequence)).toEqual([1, 3]);
  });

  it('begin with a time', () => {
    commit('AB12CDE');
    clock.advance(HOUR_MS);
    const sinceMs = clock.nowMs();
    commit('CD34EFG');
    expect(keysFrom(sinceMs)).toEqual(['CD34EFG']);
    expect(store.heldReads(sinceMs, 0, 10)).toMatchObject([{ sequence: 2 }]);
    expect(keysFrom(sinceMs - 1 - HOUR_MS)).toHaveLength(2);
  });

  it('have all that matching needs, the other texts that the frames may show included', () => {
    const passage = passageOf('AB12CDE');
    if (passage.outcome.kind !== 'read') throw new Error('expected a read');
    const otherTexts = [{ matchKey: foldVrm(vrmOf('AB12CDF')), probability: 0.01 }];
    const read = { ...passage.outcome.read, otherTexts };
    store.commit({ passage: { ...passage, outcome: { kind: 'read', read } }, clock: CLOCK_QUALITY });
    const expected = {
      recordId: passage.id,
      sequence: 1,
      decidedAtMs: passage.decidedAtMs,
      read,
    };
    expect(store.heldReads(0, 0, 10)).toEqual([expected]);
    expect(store.heldRead(1)).toEqual(expected);
    expect(store.heldRead(2)).toBeUndefined();
  });

  it('follow a record whose closed read is another, or none', () => {
    const id = commit('AB12CDE', { phase: 'settled' });
    expect(keysFrom(0)).toEqual(['AB12CDE']);
    commit('AB12CDF', { id });
    expect(keysFrom(0)).toEqual(['AB12CDF']);
    const other = commit('CD34EFG', { phase: 'settled' });
    commit(undefined, { id: other });
    expect(keysFrom(0)).toEqual(['AB12CDF']);
  });

  it('are found by key without touching a record', async () => {
    await store.stop();
    const database = openDatabase(path, STORE_MIGRATIONS, { key: keyIn(folder) });
    const plan = database
      .prepare(`EXPLAIN QUERY PLAN ${HELD_KEYS}`)
      .all({ sinceMs: 0, afterSequence: 0, limit: 9 }) as { detail: string }[];
    database.close();
    expect(plan.map(({ detail }) => detail)).toEqual([expect.stringContaining('USING COVERING INDEX')]);
    await start();
  });
});

describe('a late hit', () => {
  const match = matchOf('AB12CDE', 'stolen');

  it('goes out marked as late, with the record’s pictures, though these were sent before', () => {
    const id = commit('AB12CDE');
    expect(drained()).toEqual(['reads', 'read-images', 'read-images']);
    const hit = store.commitLate(id, match, 77);
    expect(hit).toMatchObject({ recordId: id, matchedAtMs: 77, match: { ...match, late: true } });
    const [first] = store.outbox.lease(1);
    store.outbox.release([first?.id ?? 0]);
    expect(first?.message).toMatchObject({ kind: 'hit', id: hit?.id });
    expect(first?.message.kind === 'hit' && JSON.parse(first.message.text)).toMatchObject({
      late: true,
      matchedAt: '1970-01-01T00:00:00.077Z',
      read: { recordId: id },
      images: [{ kind: 'overview' }, { kind: 'plate-patch' }],
    });
    expect(drained()).toEqual(['hits', 'hit-images', 'hit-images']);
  });

  it('takes pictures that still wait with it', () => {
    const id = commit('AB12CDE');
    store.commitLate(id, match, 77);
    expect(drained()).toEqual(['hits', 'reads', 'hit-images', 'hit-images']);
  });

  it('is told once, over restarts too', async () => {
    const id = commit('AB12CDE');
    store.commitLate(id, match, 77);
    drained();
    expect(store.commitLate(id, match, 78)).toBeUndefined();
    await store.stop();
    await start();
    expect(store.commitLate(id, match, 79)).toBeUndefined();
    expect(drained()).toEqual([]);
    expect(store.snapshot().hits).toBe(1);
  });

  it('is told when another list names the mark, without its pictures once more', () => {
    const passage = passageOf('AB12CDE');
    store.commit({ passage, match, clock: CLOCK_QUALITY });
    drained();
    expect(store.commitLate(passage.id, matchOf('AB12CDE', 'stolen', 'insurance'), 77)).toBeDefined();
    expect(drained()).toEqual(['hits']);
  });

  it('of a vehicle still in view is not repeated by the closed report, which says that it stands', () => {
    const id = commit('AB12CDF', { phase: 'settled', pictures: false });
    const possible = possibleOf('AB12CDE', 'stolen');
    store.commitLate(id, possible, 77);
    const closed = passageOf('AB12CDF', { id, pictures: false });
    expect(store.commit({ passage: closed, match: possible, clock: CLOCK_QUALITY }).hit).toBeUndefined();
    const said = store.outbox
      .lease(9)
      .map(({ message }) => message.kind !== 'image' && JSON.parse(message.text));
    expect(said).toMatchObject([{ type: 'hit' }, { type: 'read', hits: [{ stands: true }] }]);
  });

  it('of a record that is gone by now is nothing', async () => {
    const id = commit('AB12CDE');
    drained();
    clock.advance(8 * 24 * HOUR_MS);
    await store.sweep();
    expect(store.commitLate(id, match, 77)).toBeUndefined();
    expect(store.snapshot()).toMatchObject({ records: 0, hits: 0 });
  });

  it('keeps its record from being erased until the broker has it', async () => {
    const id = commit('AB12CDE');
    drained();
    store.commitLate(id, match, 77);
    clock.advance(8 * 24 * HOUR_MS);
    await store.sweep();
    expect(store.snapshot().records).toBe(1);
    drained();
    await store.sweep();
    expect(store.snapshot().records).toBe(0);
  });
});

describe('what has been rechecked', () => {
  it('is remembered by list, over restarts', async () => {
    expect(store.recheckedRevision('stolen')).toBeUndefined();
    store.setRecheckedRevision('stolen', 4);
    store.setRecheckedRevision('insurance', 9);
    store.setRecheckedRevision('stolen', 5);
    await store.stop();
    await start();
    expect(store.recheckedRevision('stolen')).toBe(5);
    expect(store.recheckedRevision('insurance')).toBe(9);
  });
});

describe('records of a version that kept no key of the read', () => {
  it('get theirs from what is stored', async () => {
    await store.stop();
    rmSync(path);
    const database = openDatabase(path, STORE_MIGRATIONS.slice(0, 1), { key: keyIn(folder) });
    const insert = database.prepare(`INSERT INTO records VALUES (?, ?, 'cam-1', 'closed', ?, '{}', ?)`);
    const [read, unreadable] = ['AB12CDO', undefined].map((vrm) => passageOf(vrm, { pictures: false }));
    insert.run('a', 1, JSON.stringify(read), clock.nowMs());
    insert.run('b', 2, JSON.stringify(unreadable), clock.nowMs());
    database
      .prepare(`INSERT INTO hits VALUES ('h', 'a', 'AB12CD0', 1, 1, ?, '{}', '{}', 1)`)
      .run(JSON.stringify(matchOf('AB12CDO', 'stolen')));
    database.close();
    await start();
    expect(keysFrom(0)).toEqual(['AB12CD0']);
    expect(store.heldRead(1)).toMatchObject({ recordId: 'a', read: { matchKey: 'AB12CD0' } });
    const reopened = openDatabase(path, STORE_MIGRATIONS, { key: keyIn(folder), readonly: true });
    expect(reopened.prepare('SELECT read_key FROM hits').pluck().all()).toEqual(['AB12CD0']);
    reopened.close();
  });
});
