import { closeSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Confusions } from '../../src/domain/confusion.js';
import type { MatchKey } from '../../src/domain/vrm.js';
import { foldVrm } from '../../src/domain/vrm.js';
import { createLogger } from '../../src/lib/log.js';
import { KeyIndex } from '../../src/matching/key-index.js';
import { type ListInForce, Matcher } from '../../src/matching/matcher.js';
import { type LateMatcher, Recheck } from '../../src/matching/recheck.js';
import type { RecordStore } from '../../src/store/record-store.js';
import { PAGE } from '../support/damaged-stores.js';
import { ManualClock } from '../support/manual-clock.js';
import { recordStoreIn } from '../support/record-stores.js';
import { entryOf, listOf, passageOf, vrmOf } from '../support/reports.js';

/** What came onto a list, against reads that are held: the real store, the real matcher, a list in memory. */

const DAY_MS = 86_400_000;
/** The reader takes a B for an 8 now and then. */
const CONFUSIONS: Confusions = {
  substituted: { B: { 8: 0.02 }, 8: { B: 0.02 } },
  lost: {},
  added: {},
  merged: {},
  counted: 100_000,
};

let folder: string;
let clock: ManualClock;
let store: RecordStore;
let recheck: Recheck;
let lateHits: number;
/** Marks on the list, and its revision. */
let listed: Map<MatchKey, string>;
let revision: number;
/** Reads that were looked at, by their marks. */
let looked: string[];
/** Makes looking at a read take time, or fail. */
let onLook: (() => void) | undefined;
let credibility: LateMatcher['clock'];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-recheck-'));
  clock = new ManualClock(Date.UTC(2026, 10, 22));
  listed = new Map();
  revision = 0;
  looked = [];
  lateHits = 0;
  onLook = undefined;
  credibility = 'credible';
  store = recordStoreIn(folder, { clock, config: { retentionDays: 30 } });
  await store.start();
  startRecheck();
});

afterEach(async () => {
  await recheck.stop();
  await store.stop();
  rmSync(folder, { recursive: true, force: true });
});

function startRecheck(): void {
  recheck = new Recheck({
    reads: store,
    matcher: lateMatcher,
    reachMs: 7 * DAY_MS,
    clock,
    log: createLogger('silent'),
    onLateHit: () => {
      lateHits++;
    },
  });
}

const matcher = new Matcher({ confusions: CONFUSIONS });
const lateMatcher: LateMatcher = {
  get clock() {
    return credibility;
  },
  revisionOf: () => (revision === 0 ? undefined : revision),
  matchLate(read, readAtMs, listId, keys) {
    looked.push(read.vrm);
    onLook?.();
    const index = KeyIndex.build([[...listed.keys()]], listed.size);
    const list = listOf(listId, { revision, markCount: listed.size, issuedAtMs: clock.nowMs() });
    const settings = { publishFrom: 0.02, alertFrom: 0.5, listedShare: 0.001, maximumAgeMs: DAY_MS };
    const held: ListInForce = { list, generation: 1, index, settings };
    const source = { entriesOf: (_: ListInForce, key: MatchKey) => [entryOf(listed.get(key) as string)] };
    const when = { readAtMs, nowMs: clock.nowMs(), clock: 'credible' } as const;
    return matcher.match(read, when, [held], source, { listId, keys: keys ?? index });
  },
};

function passed(...marks: string[]): void {
  for (const vrm of marks) {
    store.commit({
      passage: passageOf(vrm, { decidedAtMs: clock.nowMs(), pictures: false }),
      clock: { source: 'ntp' },
    });
  }
}

/** A revision with more marks; `told` as the keeper tells of it. */
function list(marks: readonly string[], told: 'keys' | 'all' = 'keys'): void {
  const since = revision++;
  for (const mark of marks) listed.set(foldVrm(vrmOf(mark)), mark);
  const keys = marks.map((mark) => foldVrm(vrmOf(mark)));
  recheck.news('stolen', told === 'all' ? { kind: 'all' } : { kind: 'keys', since, keys });
}

const done = () => vi.waitFor(() => expect(recheck.snapshot().pending).toEqual([]), { timeout: 10_000 });

/** What the statements of the hits that wait say. */
function hits(): { kind: string; vrm: string; late: boolean }[] {
  const items = store.outbox.lease(1_000);
  store.outbox.release(items.map(({ id }) => id));
  return items.flatMap(({ message }) => {
    if (message.kind !== 'hit') return [];
    const { kind, entries, late } = JSON.parse(message.text);
    return [{ kind, vrm: entries[0].entry.vrm, late }];
  });
}

const keysOfHits = () => hits().map(({ vrm }) => foldVrm(vrmOf(vrm)));

describe('a vehicle that passed before it was listed', () => {
  it('is told when it comes onto the list, late', async () => {
    passed('AB12CDE', 'CD34EFG', 'EF56GHJ');
    list(['ZZ99ZZZ']);
    await done();
    expect(hits()).toEqual([]);
    list(['CD34EFG']);
    await done();
    expect(hits()).toMatchObject([{ kind: 'exact', vrm: 'CD34EFG', late: true }]);
    expect(lateHits).toBe(1);
    expect(store.recheckedRevision('stolen')).toBe(2);
  });

  it('is found with the same doubt as one that passes', async () => {
    const { outcome } = passageOf('8D51SMR');
    if (outcome.kind !== 'read') throw new Error('not a read');
    const [first, ...others] = outcome.read.characters;
    if (first === undefined) throw new Error('no characters');
    const doubtful = { ...first, alternatives: [{ character: 'B', probability: 0.01 }] };
    const read = { ...outcome.read, characters: [doubtful, ...others] };
    store.commit({
      passage: passageOf('8D51SMR', {
        outcome: { kind: 'read', read },
        decidedAtMs: clock.nowMs(),
        pictures: false,
      }),
      clock: { source: 'ntp' },
    });
    list(['ZZ99ZZZ'], 'all');
    await done();
    expect(hits()).toEqual([]);
    list(['BD51SMR']);
    await done();
    expect(hits()).toMatchObject([{ kind: 'possible', vrm: 'BD51SMR', late: true }]);
  });

  it('is told once: not again by a later revision, nor where it was told when it passed', async () => {
    passed('AB12CDE');
    list(['AB12CDE'], 'all');
    await done();
    list(['AB12CDE']);
    list(['CD34EFG'], 'all');
    await done();
    expect(keysOfHits()).toEqual(['AB12CDE']);
  });

  it('is left alone when that was too long ago', async () => {
    passed('AB12CDE');
    clock.advance(8 * DAY_MS);
    passed('CD34EFG');
    list(['AB12CDE', 'CD34EFG'], 'all');
    await done();
    expect(keysOfHits()).toEqual(['CD34EFG']);
  });
});

describe('a clock that is wrong by years', () => {
  it('does not make reads too old to be checked', async () => {
    passed('AB12CDE');
    clock.advance(900 * DAY_MS);
    credibility = 'ahead';
    list(['AB12CDE'], 'all');
    await done();
    expect(keysOfHits()).toEqual(['AB12CDE']);
  });
});

describe('what is checked', () => {
  it('are the new keys, those that were read as they are listed first', async () => {
    list(['ZZ99ZZZ'], 'all');
    await done();
    passed(...Array.from({ length: 20 }, (_, index) => `A${index + 10}BCD`), 'CD34EFG');
    list(['CD34EFG']);
    await done();
    expect(looked[0]).toBe('CD34EFG');
    expect(keysOfHits()).toEqual(['CD34EFG']);
  });

  it('is nothing where nothing is new', async () => {
    passed('AB12CDE');
    list(['AB12CDE'], 'all');
    await done();
    looked = [];
    // A start of the device: the keeper cannot say what is new, and nothing is.
    startRecheck();
    recheck.news('stolen', { kind: 'all' });
    await done();
    list([]);
    await done();
    expect(looked).toEqual([]);
    expect(store.recheckedRevision('stolen')).toBe(2);
  });

  it('is every key where a revision was missed', async () => {
    passed('AB12CDE', 'CD34EFG');
    list(['ZZ99ZZZ'], 'all');
    await done();
    // Revision 2 came while nobody listened.
    listed.set('AB12CDE' as MatchKey, 'AB12CDE');
    revision = 2;
    list(['CD34EFG']);
    await done();
    expect(keysOfHits().sort()).toEqual(['AB12CDE', 'CD34EFG']);
  });

  it('is begun again where it was cut short, and what was told is not told twice', async () => {
    passed('AB12CDE', 'CD34EFG', 'EF56GHJ');
    onLook = () => {
      if (looked.length === 2) void recheck.stop();
    };
    list(['AB12CDE', 'CD34EFG', 'EF56GHJ'], 'all');
    await vi.waitFor(() => expect(looked).toHaveLength(2));
    await recheck.stop();
    expect(looked).toHaveLength(2);
    expect(store.recheckedRevision('stolen')).toBeUndefined();
    startRecheck();
    recheck.news('stolen', { kind: 'all' });
    await done();
    expect(keysOfHits().sort()).toEqual(['AB12CDE', 'CD34EFG', 'EF56GHJ']);
  });
});

describe('a read that comes into the store by itself', () => {
  const disk = () => join(folder, 'disk');

  /** A store on a disk of its own, which tells of reads that come in. */
  async function begin(): Promise<void> {
    store = recordStoreIn(folder, {
      clock,
      config: { path: join(disk(), 'records.db') },
      onReadsCameIn: () => recheck.readsCameIn(['stolen']),
    });
    await store.start();
    startRecheck();
  }

  async function end(): Promise<void> {
    await recheck.stop();
    await store.stop();
  }

  beforeEach(async () => {
    await end();
    await begin();
    passed('AB12CDE');
    list(['ZZ99ZZZ']);
    await done();
    await end();
  });

  /** Before the read is there: what comes in does so in later turns of the event loop. */
  async function listItNow(): Promise<void> {
    list(['AB12CDE']);
    for (let step = 0; step < 100 && recheck.snapshot().pending.length > 0; step++) await Promise.resolve();
    expect(store.recheckedRevision('stolen')).toBe(2);
    expect(hits()).toEqual([]);
  }

  async function isTold(): Promise<void> {
    await vi.waitFor(() => expect(keysOfHits()).toEqual(['AB12CDE']), { timeout: 10_000 });
    await done();
    expect(store.recheckedRevision('stolen')).toBe(2);
    expect(lateHits).toBe(1);
  }

  it('out of a damaged file is checked against what came onto the list meanwhile', async () => {
    const file = openSync(join(disk(), 'records.db'), 'r+');
    writeSync(file, Buffer.alloc(PAGE), 0, PAGE, 0);
    closeSync(file);
    await begin();
    await listItNow();
    await isTold();
  });

  it('back on the disk that was away is checked against what came onto the list meanwhile', async () => {
    renameSync(disk(), `${disk()}-away`);
    writeFileSync(disk(), 'in the way of a folder');
    await begin();
    await listItNow();
    rmSync(disk());
    renameSync(`${disk()}-away`, disk());
    clock.advance(30_000);
    await isTold();
  });

  it('is not passed over by a check that was in work when it came', async () => {
    await begin();
    passed('CD34EFG');
    onLook = () => {
      onLook = undefined;
      recheck.readsCameIn(['stolen']);
    };
    list(['CD34EFG'], 'all');
    await done();
    expect(looked.filter((mark) => mark === 'AB12CDE')).toHaveLength(3);
    expect(store.recheckedRevision('stolen')).toBe(2);
  });
});

describe('a passage', () => {
  it('waits for no more than a slice: many reads are looked at with pauses between', async () => {
    passed(...Array.from({ length: 60 }, (_, index) => `A${index + 10}BCD`));
    onLook = () => clock.advance(1);
    list(['ZZ99ZZZ'], 'all');
    // Each look takes a millisecond, and the clock stands still otherwise: it stops where a pause is due.
    for (let round = 1; round <= 5; round++) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(looked.length).toBe(5 * round);
      clock.advance(45);
    }
    while (recheck.snapshot().pending.length > 0) {
      clock.advance(45);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(looked).toHaveLength(60);
  });

  it('is not held up by news that come faster than they can be checked', async () => {
    passed('AB12CDE');
    list(['ZZ99ZZZ'], 'all');
    for (let change = 0; change < 50; change++) list([`C${change}DEF`]);
    list(['AB12CDE']);
    await done();
    // What waited was checked together.
    expect(looked.length).toBeLessThan(5);
    expect(keysOfHits()).toEqual(['AB12CDE']);
    expect(store.recheckedRevision('stolen')).toBe(52);
  });
});
