import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/lib/log.js';
import { RecordStore } from '../../src/store/record-store.js';
import { decrypted } from '../support/decrypted.js';
import { ManualClock } from '../support/manual-clock.js';
import { matchOf, passageOf, pictureOf } from '../support/reports.js';
import { keyIn } from '../support/storage-key.js';

const DAY_MS = 86_400_000;
let folder: string;
let clock: ManualClock;
let store: RecordStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-retention-'));
  clock = new ManualClock();
  const config = { path: join(folder, 'records.db'), retentionDays: 7, mostMegabytes: 1 };
  store = new RecordStore({ config, key: keyIn(folder), clock, log: createLogger('silent') });
  await store.start();
});

afterEach(async () => {
  await store.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A record of about `bytes`, most of it picture. */
function commit(vrm: string, options: { readonly bytes?: number; readonly hit?: boolean } = {}): void {
  const overviewImage = { jpeg: pictureOf(vrm, options.bytes ?? 1_000), widthPx: 800, heightPx: 450 };
  store.commit({
    passage: passageOf(vrm, { pictures: false, overviewImage }),
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
    store.commit({ passage: passageOf('CD34EFG', { phase: 'settled' }), clock: { source: 'unknown' } });
    clock.advance(30 * DAY_MS);
    await store.sweep();
    expect(store.snapshot()).toMatchObject({ records: 2, erased: { age: 0 } });
    expect(store.snapshot().oldestWaitingMs).toBe(30 * DAY_MS);
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
    const { records, erased, dropped, usedBytes, mostBytes } = store.snapshot();
    expect(usedBytes).toBeLessThanOrEqual(mostBytes);
    expect(erased.budget).toBeGreaterThan(0);
    expect(records).toBe(120 - erased.budget);
    expect(dropped).toEqual({ images: 0, reads: 0 });
  });

  it('costs pictures next, of reads before those of hits, and keeps the text', async () => {
    for (let index = 0; index < 100; index++) commit(`A${index}`, { bytes: 20_000, hit: index < 20 });
    await store.sweep();
    const { waiting, dropped, usedBytes, mostBytes } = store.snapshot();
    expect(usedBytes).toBeLessThanOrEqual(mostBytes);
    expect(waiting).toMatchObject({ hits: 20, reads: 100, 'hit-images': 20 });
    expect(dropped).toEqual({ images: 80 - waiting['read-images'], reads: 0 });
  });

  it('costs reads last, and never a hit: each one is counted', async () => {
    for (let index = 0; index < 1_500; index++) {
      store.commit({
        passage: passageOf(`A${index}`, { pictures: false }),
        ...(index % 10 === 0 && { match: matchOf(`A${index}`, 'stolen') }),
        clock: { source: 'unknown' },
      });
    }
    await store.sweep();
    const { records, waiting, dropped, usedBytes, mostBytes } = store.snapshot();
    expect(usedBytes).toBeLessThanOrEqual(mostBytes);
    expect(waiting.hits).toBe(150);
    expect(dropped.reads).toBeGreaterThan(0);
    expect(records).toBe(1_500 - dropped.reads);
    expect(waiting.reads).toBe(records);
  });

  it('never costs what is on its way to the broker', async () => {
    for (let index = 0; index < 100; index++) commit(`A${index}`, { bytes: 20_000 });
    const leased = store.outbox.lease(200);
    await store.sweep();
    expect(store.snapshot().dropped).toEqual({ images: 0, reads: 0 });
    store.outbox.release(leased.map(({ id }) => id));
    await store.sweep();
    expect(store.snapshot().dropped.images).toBeGreaterThan(0);
  });
});
