import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/evidence/canonical.js';
import { readStatement } from '../../src/evidence/received.js';
import { StreamVerifier } from '../../src/evidence/verify.js';
import { openDatabase } from '../../src/lib/sqlite.js';
import { STORE_MIGRATIONS } from '../../src/store/migrations.js';
import type { RecordStore } from '../../src/store/record-store.js';
import { ManualClock } from '../support/manual-clock.js';
import { deviceKey, deviceKeyOf, notaryOf } from '../support/notary.js';
import { recordStoreIn } from '../support/record-stores.js';
import { matchOf, passageOf } from '../support/reports.js';
import { keyIn } from '../support/storage-key.js';

/** What the store seals, and that it stays as it was sealed. */

const CLOCK_QUALITY = { source: 'gps', offsetMs: -3 } as const;
let folder: string;
let clock: ManualClock;
let store: RecordStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-statements-'));
  clock = new ManualClock();
  store = recordStoreIn(folder, { clock });
  await store.start();
});

afterEach(async () => {
  await store.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function restart(notary = notaryOf()): Promise<void> {
  await store.stop();
  store = recordStoreIn(folder, { clock, notary });
  await store.start();
}

function commit(vrm: string, options: { readonly hit?: boolean } = {}): string {
  const passage = passageOf(vrm);
  const match = options.hit ? { match: matchOf(vrm, 'stolen') } : {};
  store.commit({ passage, ...match, clock: CLOCK_QUALITY });
  return passage.id;
}

/** The texts that wait, in the order of their numbers. */
function texts(): string[] {
  const items = store.outbox.lease(1_000, ['hits', 'reads', 'health']);
  store.outbox.release(items.map(({ id }) => id));
  return items
    .flatMap(({ message }) => (message.kind === 'image' ? [] : [message.text]))
    .sort((a, b) => numberOf(a) - numberOf(b));
}

const numberOf = (text: string): number => JSON.parse(text).evidence.sequence;

function verdict(received: readonly string[], keys = [deviceKey]) {
  const verifier = new StreamVerifier({ keys: keys.map(({ publicKey }) => ({ publicKey })) });
  for (const text of received) {
    const statement = readStatement(text);
    if (statement.kind === 'statement') verifier.add(statement);
  }
  return verifier.verdicts();
}

describe('the chain', () => {
  it('runs over hits, reads and losses in the order of their commits', () => {
    commit('AB12CDE');
    commit('CD34EFG', { hit: true });
    expect(texts().map((text) => JSON.parse(text).type)).toEqual(['read', 'hit', 'read']);
    const { chain } = store.head();
    expect(verdict(texts())).toMatchObject([{ chain, first: 1, last: 3, breaks: 0, missing: 0 }]);
  });

  it('goes on after a restart, also under another key of the device', async () => {
    commit('AB12CDE');
    const { chain } = store.head();
    await restart(notaryOf('unit-1', deviceKeyOf(2)));
    commit('CD34EFG');
    expect(verdict(texts(), [deviceKey, deviceKeyOf(2)])).toMatchObject([{ chain, last: 2, breaks: 0 }]);
  });

  it('is another one in another store', async () => {
    const { chain } = store.head();
    await store.stop();
    rmSync(join(folder, 'records.db'));
    await restart();
    expect(store.head()).toMatchObject({ sequence: 0, digest: '' });
    expect(store.head().chain).not.toBe(chain);
  });
});

describe('a statement', () => {
  it('is the same to the byte whenever it is sent, whatever became of the record or the unit', async () => {
    const passage = passageOf('AB12CDE', { phase: 'settled' });
    store.commit({ passage, match: matchOf('AB12CDE', 'stolen'), clock: CLOCK_QUALITY });
    const before = texts();
    store.commit({ passage: { ...passage, phase: 'closed', frameCount: 99 }, clock: { source: 'unknown' } });
    await restart(notaryOf('unit-renamed'));
    expect(texts()[0]).toBe(before[0]);
  });

  it('can be read out of the store after it was sent, by page', () => {
    for (const vrm of ['AB12CDE', 'CD34EFG', 'EF56GHJ']) commit(vrm);
    const sent = texts();
    store.outbox.ack(store.outbox.lease(100).map(({ id }) => id));
    const [first, second] = store.statements(0, 2);
    expect([first?.text, second?.text]).toEqual(sent.slice(0, 2));
    const [third, ...rest] = store.statements(second?.position ?? 0, 2);
    expect(third).toMatchObject({ chain: store.head().chain, sequence: 3, kind: 'read', text: sent[2] });
    expect(rest).toEqual([]);
  });

  it('tells when a read was compared with the lists, also where the passage was never closed', async () => {
    const passage = passageOf('AB12CDE', { phase: 'settled' });
    store.commit({ passage, matchedAtMs: clock.nowMs() - 250, clock: CLOCK_QUALITY });
    clock.advance(60_000);
    await restart();
    expect(JSON.parse(texts()[0] as string)).toMatchObject({
      type: 'read',
      matchedAt: '2025-12-31T23:59:59.750Z',
      committedAt: '2026-01-01T00:01:00.000Z',
    });
  });
});

describe('a state report', () => {
  const put = (text: string) => store.putHealth(uuidv7(), clock.nowMs(), text);
  const waiting = () => store.outbox.lease(9, ['health']);

  it('waits alone: the newest takes the place of those before', () => {
    put('{"state":1}');
    put('{"state":2}');
    expect(store.outbox.waiting().health).toEqual({ items: 1, bytes: 11 });
    expect(waiting()).toMatchObject([
      { lane: 'health', message: { kind: 'health', atMs: clock.nowMs(), text: '{"state":2}' } },
    ]);
  });

  it('is left alone while it is on its way', () => {
    put('{"state":1}');
    const [first] = waiting();
    put('{"state":2}');
    expect(waiting()).toMatchObject([{ message: { text: '{"state":2}' } }]);
    store.outbox.ack([first?.id ?? 0]);
    expect(store.outbox.waiting().health.items).toBe(1);
  });
});

describe('the meter', () => {
  const bytesOf = (reads: number) => ({ hits: 0, reads, 'hit-images': 0, 'read-images': 7, health: 0 });

  it('adds up in the transaction that takes out what was acknowledged, and outlives the process', async () => {
    commit('AB12CDE');
    const [read] = store.outbox.lease(1);
    store.outbox.ack([read?.id ?? 0], { hour: 500, bytes: bytesOf(100) });
    store.outbox.ack([], { hour: 500, bytes: bytesOf(11) });
    await restart();
    expect(store.outbox.metered(500)).toEqual({ hour: 500, bytes: { ...bytesOf(111), 'read-images': 14 } });
    expect(store.outbox.waiting().reads.items).toBe(0);
  });
});

describe('a store that an earlier version left, with things waiting', () => {
  /** Tables as they were before there were statements. */
  async function leftBefore(): Promise<{ jpeg: Buffer }> {
    await store.stop();
    rmSync(join(folder, 'records.db'));
    const database = openDatabase(join(folder, 'records.db'), STORE_MIGRATIONS.slice(0, 2), {
      key: keyIn(folder),
    });
    const record = database.prepare(`INSERT INTO records VALUES (?, ?, 'cam-1', 'closed', ?, ?, ?, ?)`);
    const jpeg = Buffer.from('a picture');
    const queue = database.prepare('INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?)');
    for (const [index, vrm] of ['AB12CDE', 'CD34EFG', 'EF56GHJ'].entries()) {
      const passage = JSON.stringify(passageOf(vrm, { pictures: false }));
      record.run(`r${index}`, index + 1, passage, JSON.stringify(CLOCK_QUALITY), clock.nowMs(), vrm);
    }
    database.prepare(`INSERT INTO images VALUES ('r1', 'overview', 2, 1, 800, 450, 5, ?)`).run(jpeg);
    database
      .prepare(`INSERT INTO hits VALUES ('h1', 'r1', 'CD34EFG', 7, 8, ?, ?, ?, 1, 'CD34EFG')`)
      .run(
        JSON.stringify(matchOf('CD34EFG', 'stolen')),
        JSON.stringify(passageOf('CD34EFG', { pictures: false, frameCount: 3 })),
        JSON.stringify({ source: 'unknown' }),
      );
    // Record r0 was delivered long ago.
    queue.run(11, 0, 'r1', 'h1', null, clock.nowMs());
    queue.run(12, 2, 'r1', null, 'overview', clock.nowMs());
    queue.run(13, 1, 'r1', null, null, clock.nowMs());
    queue.run(14, 1, 'r2', null, null, clock.nowMs());
    database
      .prepare(`INSERT INTO counters VALUES ('sequence', 3), ('dropped.read', 5), ('dropped.image', 9)`)
      .run();
    database.close();
    store = recordStoreIn(folder, { clock });
    await store.start();
    return { jpeg };
  }

  it('sends all of it, sealed, in its order', async () => {
    const { jpeg } = await leftBefore();
    const received = texts();
    expect(received.map((text) => JSON.parse(text))).toMatchObject([
      {
        type: 'hit',
        hitId: 'h1',
        committedAt: '1970-01-01T00:00:00.008Z',
        read: { recordId: 'r1', frames: { found: 3 }, clock: { source: 'unknown' } },
        images: [{ kind: 'overview', revision: 2, sha256: digestOf(jpeg) }],
      },
      { type: 'read', recordId: 'r1', hits: [{ id: 'h1', stands: true }], clock: CLOCK_QUALITY },
      { type: 'read', recordId: 'r2' },
    ]);
    const lanes = store.outbox.lease(9).map(({ lane }) => lane);
    expect(lanes).toEqual(['hits', 'reads', 'reads', 'hit-images']);
    await restart();
    expect(texts()).toEqual(received);
  });

  it('keeps its counts, and goes on as any other', async () => {
    await leftBefore();
    expect(store.snapshot()).toMatchObject({
      records: 3,
      hits: 1,
      lastSequence: 3,
      lanes: { hits: { items: 1 }, reads: { items: 2 }, 'hit-images': { items: 1, bytes: 9 } },
      losses: [
        { lane: 'reads', reason: 'budget', count: 5 },
        { lane: 'read-images', reason: 'budget', count: 9 },
      ],
    });
    commit('GH78JKL');
    store.outbox.ack(store.outbox.lease(100).map(({ id }) => id));
    clock.advance(8 * 86_400_000);
    await store.sweep();
    expect(store.snapshot()).toMatchObject({ records: 0, hits: 0, erased: { age: 4 } });
  });
});
