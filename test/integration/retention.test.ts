import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoreConfig } from '../../src/config/schema.js';
import type { Loss } from '../../src/domain/statement.js';
import type { RecordStore } from '../../src/store/record-store.js';
import { decrypted } from '../support/decrypted.js';
import { ManualClock } from '../support/manual-clock.js';
import { recordStoreIn, storeConfigOf } from '../support/record-stores.js';
import { matchOf, passageOf, pictureOf } from '../support/reports.js';
import { keyIn } from '../support/storage-key.js';

const DAY_MS = 86_400_000;
let folder: string;
let clock: ManualClock;
let store: RecordStore;
/** Bytes that the disk has left beside the store. */
let freeBytes: number;
let isClockVouched: boolean;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-retention-'));
  clock = new ManualClock();
  freeBytes = 1e12;
  isClockVouched = true;
  await start({ mostMegabytes: 1 });
});

afterEach(async () => {
  await store.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(config: Partial<StoreConfig>): Promise<void> {
  store = recordStoreIn(folder, {
    clock,
    config,
    freeBytes: async () => freeBytes,
    isClockVouched: () => isClockVouched,
  });
  await store.start();
}

async function restart(config: Partial<StoreConfig>): Promise<void> {
  await store.stop();
  await start(config);
}

/** The budgets of the lanes as configured by default, but for these. */
function lanesWith(lanes: Partial<StoreConfig['lanes']>): StoreConfig['lanes'] {
  return { ...storeConfigOf(folder).lanes, ...lanes };
}

/** A record of about `bytes`, most of it picture. */
function commit(vrm: string, options: { readonly bytes?: number; readonly hit?: boolean } = {}): void {
  const overviewImage = { jpeg: pictureOf(vrm, options.bytes ?? 1_000), widthPx: 800, heightPx: 450 };
  store.commit({
    passage: passageOf(vrm, { pictures: false, overviewImage }),
    ...(options.hit && { match: matchOf(vrm, 'stolen') }),
    clock: { source: 'unknown' },
  });
}

/** As `commit`, without a picture. */
function commitText(vrm: string, options: { readonly hit?: boolean } = {}): void {
  store.commit({
    passage: passageOf(vrm, { pictures: false }),
    ...(options.hit && { match: matchOf(vrm, 'stolen') }),
    clock: { source: 'unknown' },
  });
}

function acknowledgeAll(): void {
  for (;;) {
    const items = store.outbox.lease(100);
    if (items.length === 0) return;
    store.outbox.ack(items.map(({ id }) => id));
  }
}

const itemsOf = (lane: keyof ReturnType<typeof store.outbox.waiting>) => store.outbox.waiting()[lane].items;

const lostOf = (lane: string, reason = 'budget') =>
  store.snapshot().losses.find((loss) => loss.lane === lane && loss.reason === reason)?.count ?? 0;

/** What the notices that wait tell the centre, in their order. */
function toldLosses(): Loss[] {
  const items = store.outbox.lease(1_000, ['health']);
  store.outbox.release(items.map(({ id }) => id));
  return items.flatMap(({ message }) => (message.kind === 'loss' ? JSON.parse(message.text).losses : []));
}

/** Numbers of the read statements in the store. */
function readNumbers(): number[] {
  return store
    .statements(0, 10_000)
    .filter(({ kind }) => kind === 'read')
    .map(({ sequence }) => sequence);
}

const numbersIn = ({ statements }: Loss) =>
  statements.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
  );

describe('retention by age', () => {
  it('erases records with their pictures and hits, once the broker has them', async () => {
    commit('AB12CDE', { hit: true });
    acknowledgeAll();
    clock.advance(6.9 * DAY_MS);
    await store.sweep();
    expect(store.snapshot()).toMatchObject({ records: 1, hits: 1, erased: { age: 0 } });
    clock.advance(0.2 * DAY_MS);
    await store.sweep();
    expect(store.snapshot()).toMatchObject({ records: 0, hits: 0, erased: { age: 1, budget: 0 } });
  });

  it('keeps what the broker does not have yet, and what is still in view', async () => {
    commit('AB12CDE');
    await restart({ retentionDays: 1 });
    store.commit({ passage: passageOf('CD34EFG', { phase: 'settled' }), clock: { source: 'unknown' } });
    clock.advance(5 * DAY_MS);
    await store.sweep();
    expect(store.snapshot()).toMatchObject({ records: 2, erased: { age: 0 }, losses: [] });
    expect(store.snapshot().lanes.reads.oldestMs).toBe(5 * DAY_MS);
  });

  it('leaves no trace in the file or beside it, not even for who has the key', async () => {
    commit('AB12CDE', { hit: true });
    acknowledgeAll();
    clock.advance(8 * DAY_MS);
    const written = () => decrypted(join(folder, 'records.db'), keyIn(folder));
    expect(written()).toContain('AB12CDE');
    await store.sweep();
    expect(written()).not.toContain('AB12CDE');
  });
});

describe('a budget that is spent', () => {
  it('costs first what the broker has, the oldest first', async () => {
    for (let index = 0; index < 60; index++) commit(`A${index}`, { bytes: 10_000 });
    acknowledgeAll();
    for (let index = 0; index < 60; index++) commit(`B${index}`, { bytes: 10_000 });
    await store.sweep();
    const { records, erased, losses, usedBytes, mostBytes } = store.snapshot();
    expect(usedBytes).toBeLessThanOrEqual(mostBytes);
    expect(erased.budget).toBeGreaterThan(0);
    expect(records).toBe(120 - erased.budget);
    expect(losses).toEqual([]);
    expect(itemsOf('health')).toBe(0);
  });

  it('costs next the pictures that the broker has, of records that it has not', async () => {
    for (let index = 0; index < 100; index++) commit(`A${index}`, { bytes: 10_000 });
    const pictures = store.outbox.lease(50, ['read-images']);
    store.outbox.ack(pictures.map(({ id }) => id));
    await store.sweep();
    expect(store.snapshot()).toMatchObject({ records: 100, losses: [] });
    expect(store.snapshot().erased.budget).toBe(50);
  });

  it('costs pictures next, of reads before those of hits, and keeps the text', async () => {
    for (let index = 0; index < 100; index++) commit(`A${index}`, { bytes: 20_000, hit: index < 20 });
    await store.sweep();
    const { usedBytes, mostBytes } = store.snapshot();
    expect(usedBytes).toBeLessThanOrEqual(mostBytes);
    expect([itemsOf('hits'), itemsOf('reads'), itemsOf('hit-images')]).toEqual([20, 100, 20]);
    expect(lostOf('read-images')).toBe(80 - itemsOf('read-images'));
    expect(lostOf('reads')).toBe(0);
  });

  it('costs reads last, and never a hit: each one is counted', async () => {
    for (let index = 0; index < 700; index++) commitText(`A${index}`, { hit: index % 35 === 0 });
    await store.sweep();
    const { records, usedBytes, mostBytes } = store.snapshot();
    expect(usedBytes).toBeLessThanOrEqual(mostBytes);
    expect(itemsOf('hits')).toBe(20);
    expect(lostOf('reads')).toBeGreaterThan(0);
    expect(records).toBe(700 - lostOf('reads'));
    expect(itemsOf('reads')).toBe(records);
  });

  it('never costs what is on its way to the broker', async () => {
    for (let index = 0; index < 100; index++) commit(`A${index}`, { bytes: 20_000 });
    const leased = store.outbox.lease(200);
    await store.sweep();
    expect(store.snapshot().losses).toEqual([]);
    store.outbox.release(leased.map(({ id }) => id));
    await store.sweep();
    expect(lostOf('read-images')).toBeGreaterThan(0);
  });

  it('may be the disk’s: with less left than is to be left, the store gives up what is missing', async () => {
    await restart({ mostMegabytes: 1_000, leaveFreeMegabytes: 10 });
    for (let index = 0; index < 100; index++) commit(`A${index}`, { bytes: 20_000 });
    await store.sweep();
    expect(store.snapshot().losses).toEqual([]);
    const before = store.snapshot().usedBytes;
    freeBytes = 9_000_000;
    await store.sweep();
    expect(lostOf('read-images')).toBeGreaterThan(30);
    // The disk gets it back.
    expect(statSync(join(folder, 'records.db')).size).toBeLessThan(before - 900_000);
    expect(itemsOf('reads')).toBe(100);
  });
});

describe('a lane with a budget of its own', () => {
  it('loses its oldest over its bytes, and nothing of another lane', async () => {
    const lanes = lanesWith({ readImages: { mostMegabytes: 0.5, mostDays: 7 } });
    await restart({ mostMegabytes: 100, lanes });
    for (let index = 0; index < 50; index++) commit(`A${index}`, { bytes: 20_000, hit: index % 5 === 0 });
    await store.sweep();
    expect(store.outbox.waiting()['read-images'].bytes).toBeLessThanOrEqual(500_000);
    expect(lostOf('read-images')).toBe(40 - itemsOf('read-images'));
    expect([itemsOf('hits'), itemsOf('reads'), itemsOf('hit-images')]).toEqual([10, 50, 10]);
  });

  it('loses what has waited for longer than its days', async () => {
    const lanes = lanesWith({
      reads: { mostMegabytes: 100, mostDays: 5 },
      readImages: { mostMegabytes: 100, mostDays: 2 },
    });
    await restart({ mostMegabytes: 100, lanes });
    commit('AB12CDE');
    commit('CD34EFG', { hit: true });
    clock.advance(2.1 * DAY_MS);
    commit('EF56GHJ');
    await store.sweep();
    expect([itemsOf('reads'), itemsOf('hit-images'), itemsOf('read-images')]).toEqual([3, 1, 1]);
    expect(lostOf('read-images', 'age')).toBe(1);
    clock.advance(3 * DAY_MS);
    await store.sweep();
    // The hit's own read stays with it.
    expect([itemsOf('hits'), itemsOf('reads'), itemsOf('hit-images')]).toEqual([1, 2, 1]);
    expect(lostOf('reads', 'age')).toBe(1);
  });

  it('keeps its notices of losses, and of state reports the newest', async () => {
    const lanes = lanesWith({ health: { mostMegabytes: 0, mostDays: 0.01 } });
    await restart({ mostMegabytes: 100, lanes: { ...lanes, reads: { mostMegabytes: 0, mostDays: 1 } } });
    commitText('AB12CDE');
    await store.sweep();
    store.putHealth('report', clock.nowMs(), '{"a":1}');
    expect(itemsOf('health')).toBe(2);
    clock.advance(DAY_MS);
    await store.sweep();
    expect(store.outbox.lease(9, ['health']).map(({ message }) => message.kind)).toEqual(['loss', 'loss']);
    expect(lostOf('health', 'age')).toBe(1);
  });
});

describe('a loss', () => {
  const noReads = () => lanesWith({ reads: { mostMegabytes: 0, mostDays: 30 } });

  it('is told with the numbers of the reads that will not come', async () => {
    for (const vrm of ['AB12CDE', 'CD34EFG', 'EF56GHJ', 'GH78JKL']) {
      commit(vrm, { hit: vrm === 'EF56GHJ' });
    }
    // Number 3 is the hit, 4 its read.
    expect(readNumbers()).toEqual([1, 2, 4, 5]);
    await restart({ lanes: noReads() });
    await store.sweep();
    expect(toldLosses()).toEqual([
      {
        lane: 'reads',
        reason: 'budget',
        count: 3,
        statements: [
          [1, 2],
          [5, 5],
        ],
      },
      {
        lane: 'read-images',
        reason: 'budget',
        count: 3,
        statements: [
          [1, 2],
          [5, 5],
        ],
      },
    ]);
    expect(readNumbers()).toEqual([4]);
    expect(store.head().sequence).toBe(6);
  });

  it('names for pictures the reads that they belong to, which come', async () => {
    await restart({ lanes: lanesWith({ readImages: { mostMegabytes: 0, mostDays: 7 } }) });
    commit('AB12CDE');
    commit('CD34EFG');
    await store.sweep();
    expect(toldLosses()).toEqual([{ lane: 'read-images', reason: 'budget', count: 2, statements: [[1, 2]] }]);
    expect(readNumbers()).toEqual([1, 2]);
  });

  it('is told once, and counted over restarts', async () => {
    await restart({ lanes: noReads() });
    commitText('AB12CDE');
    await store.sweep();
    await store.sweep();
    await restart({ lanes: noReads() });
    await store.sweep();
    expect(toldLosses()).toHaveLength(1);
    expect(lostOf('reads')).toBe(1);
  });

  it('of reads between hits names each read, in as many notices as it takes', async () => {
    await restart({ mostMegabytes: 100, lanes: noReads() });
    // A hit between any two reads, so that no two numbers follow each other.
    for (let index = 0; index < 510; index++) {
      commitText('AB12CDE');
      commitText('CD34EFG', { hit: true });
    }
    const lost = readNumbers().filter((_, index) => index % 2 === 0);
    await store.sweep();
    expect(itemsOf('health')).toBe(2);
    expect(toldLosses().flatMap(numbersIn)).toEqual(lost);
    expect(toldLosses().reduce((sum, { count }) => sum + count, 0)).toBe(510);
  });

  it('stays in the store as long as records from before it', async () => {
    commitText('AB12CDE', { hit: true });
    await restart({ lanes: noReads() });
    commitText('CD34EFG');
    await store.sweep();
    acknowledgeAll();
    expect(store.statements(0, 9).map(({ kind }) => kind)).toEqual(['hit', 'read', 'loss']);
    clock.advance(8 * DAY_MS);
    await store.sweep();
    expect(store.statements(0, 9)).toEqual([]);
  });
});

describe('a clock that is set', () => {
  const config = { mostMegabytes: 100 };

  async function sweepsFor(hours: number): Promise<void> {
    for (let hour = 0; hour < hours; hour++) {
      clock.advance(3_600_000);
      await store.sweep();
    }
  }

  it.each([
    ['forward by a year', 365 * DAY_MS],
    ['forward by half a century', 50 * 365 * DAY_MS],
    ['back by a year', -365 * DAY_MS],
  ])('%s erases and drops nothing', async (_, leapMs) => {
    await restart(config);
    commit('AB12CDE');
    acknowledgeAll();
    commit('CD34EFG');
    await store.sweep();
    clock.set(clock.nowMs() + leapMs);
    await store.sweep();
    await sweepsFor(24);
    commit('EF56GHJ');
    expect(store.snapshot()).toMatchObject({ records: 3, losses: [], erased: { age: 0, budget: 0 } });
    // Put right again, also over a restart.
    clock.set(clock.nowMs() - leapMs);
    await restart(config);
    await store.sweep();
    expect(store.snapshot()).toMatchObject({ records: 3, losses: [] });
    const order = store.outbox
      .lease(9, ['reads'])
      .map(({ message }) => message.kind === 'read' && JSON.parse(message.text).vrm);
    expect(order).toEqual(['CD34EFG', 'EF56GHJ']);
  });

  it('by nobody who can be believed ages nothing, however long it stands', async () => {
    await restart(config);
    isClockVouched = false;
    commit('AB12CDE');
    acknowledgeAll();
    clock.set(clock.nowMs() + 300 * DAY_MS);
    await sweepsFor(6 * 24);
    expect(store.snapshot()).toMatchObject({ records: 1, erased: { age: 0 } });
    await sweepsFor(25);
    expect(store.snapshot()).toMatchObject({ records: 0, erased: { age: 1 } });
  });

  it('does not keep from going what has really been there for its days', async () => {
    await restart(config);
    commit('AB12CDE');
    acknowledgeAll();
    clock.set(clock.nowMs() - 365 * DAY_MS);
    clock.advance(6 * DAY_MS);
    await store.sweep();
    expect(store.snapshot().records).toBe(1);
    clock.advance(1.1 * DAY_MS);
    await store.sweep();
    expect(store.snapshot().records).toBe(0);
  });
});
