import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MatchKey } from '../../src/domain/vrm.js';
import { openDatabase } from '../../src/lib/sqlite.js';
import { StorageKey } from '../../src/lib/storage-key.js';
import { JOURNAL_KEYS, JOURNAL_REVISIONS } from '../../src/matching/list-store/deltas.js';
import { READER_GRACE_MS } from '../../src/matching/list-store/generations.js';
import { ListStore } from '../../src/matching/list-store/list-store.js';
import type { ListRef, RevisionRef } from '../../src/matching/list-store/reading.js';
import { MIGRATIONS } from '../../src/matching/list-store/schema.js';
import { ManualClock } from '../support/manual-clock.js';
import { markWith, metaOf, numberedMarks, TEST_KEY } from '../support/stored-lists.js';

let folder: string;
let path: string;
let clock: ManualClock;
let store: ListStore;
const opened: ListStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-list-store-'));
  path = join(folder, 'hotlist.db');
  clock = new ManualClock();
  store = openStore();
});
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
  rmSync(folder, { recursive: true, force: true });
});

function openStore(readonly = false): ListStore {
  const each = new ListStore({ path, key: TEST_KEY, clock, readonly });
  opened.push(each);
  each.open();
  return each;
}

function reasons(list: ListRef, key: string, from = store): string[] {
  return from.rows(list, key as MatchKey).map((entry) => entry.reason);
}

/** What a list says of each mark: {AB12CDE: ['stolen']}. */
function contents(list: ListRef, from = store): Record<string, string[]> {
  const keys = [...from.keyPages(list)].flat();
  return Object.fromEntries(keys.map((key) => [key, reasons(list, key, from)]));
}

function touched(list: RevisionRef, from: number): Record<string, boolean> | undefined {
  const keys = store.touchedSince(list, from);
  return keys && Object.fromEntries(keys.map(({ key, present }) => [key, present]));
}

/** How many rows a table of the file has; undefined: there is no such table. */
function rowsOfTable(name: string): number | undefined {
  const database = openDatabase(path, MIGRATIONS, { key: TEST_KEY, readonly: true });
  try {
    const isThere = database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(name);
    if (isThere === undefined) return undefined;
    return database.prepare(`SELECT count(*) FROM ${name}`).pluck().get() as number;
  } finally {
    database.close();
  }
}

describe('a snapshot', () => {
  it('is the list from then on, whole and as it was described', async () => {
    const meta = metaOf('kent', 7, { expiresAtMs: Date.UTC(2027, 0, 1) });
    const groups = [markWith('AB12CDE', 'stolen', 'no insurance'), markWith('M1', 'wanted')];
    const list = await store.replaceList(meta, groups);
    expect(list).toEqual({ ...meta, generation: list.generation, markCount: 2, entryCount: 3 });
    expect(store.lists()).toEqual([list]);
    expect(contents(list)).toEqual({ AB12CDE: ['stolen', 'no insurance'], M1: ['wanted'] });
    expect(reasons(list, 'AB12CDF')).toEqual([]);
    expect([...store.markPages(list)].flat().map((mark) => JSON.parse(mark.rowsText).length)).toEqual([2, 1]);
  });

  it('may come as it is read, and lets others get on with their work', async () => {
    const told: number[] = [];
    let others = 0;
    async function* arriving() {
      yield* numberedMarks(12_000, 'stolen');
    }
    const work = setInterval(() => others++, 0);
    const list = await store.replaceList(metaOf('kent', 1), arriving(), {
      onProgress: (marks) => told.push(marks),
    });
    clearInterval(work);
    expect(told).toEqual([5_000, 10_000, 12_000]);
    expect(others).toBeGreaterThan(0);
    expect([...store.keyPages(list)].map((page) => page.length)).toEqual([10_000, 2_000]);
  });

  it('keeps the write-ahead log short, though others read meanwhile', async () => {
    const held = await store.replaceList(metaOf('kent', 1), [markWith('A1', 'x')]);
    const reader = openStore(true);
    const bytes: number[] = [];
    await store.replaceList(
      metaOf('kent', 2),
      numberedMarks(60_000, 'of a length that fills pages '.repeat(5)),
      {
        onProgress: () => {
          expect(reasons(held, 'A1', reader)).toEqual(['x']);
          bytes.push(statSync(`${path}-wal`).size);
        },
      },
    );
    expect(Math.max(...bytes)).toBeLessThan(8_000_000);
    expect(statSync(path).size).toBeGreaterThan(16_000_000);
    await store.tidy();
    expect(statSync(`${path}-wal`).size).toBe(0);
  });

  it('may be empty', async () => {
    const list = await store.replaceList(metaOf('kent', 1), []);
    expect(list).toMatchObject({ markCount: 0, entryCount: 0 });
    expect(contents(list)).toEqual({});
  });

  it('stands beside other lists', async () => {
    const kent = await store.replaceList(metaOf('kent', 1), [markWith('AB12CDE', 'stolen')]);
    const essex = await store.replaceList(metaOf('essex', 9), [markWith('AB12CDE', 'wanted')]);
    expect(store.lists()).toEqual([essex, kent]);
    expect(reasons(kent, 'AB12CDE')).toEqual(['stolen']);
    expect(reasons(essex, 'AB12CDE')).toEqual(['wanted']);
  });

  it.each([
    ['unsorted marks', [markWith('B1', 'x'), markWith('A1', 'x')], {}, 'ascending order'],
    ['a mark twice', [markWith('A1', 'x'), markWith('A1', 'x')], {}, 'ascending order'],
    ['a mark without a row', [markWith('A1')], {}, 'without a row'],
    [
      'fewer marks than were said',
      [markWith('A1', 'x')],
      { markCount: 2, entryCount: 1 },
      'expected 2 with 1',
    ],
    [
      'other entries than were said',
      [markWith('A1', 'x', 'y')],
      { markCount: 1, entryCount: 1 },
      'expected 1 with 1',
    ],
  ])('with %s is refused, and the list stays', async (_, groups, counts, message) => {
    const list = await store.replaceList(metaOf('kent', 1), [markWith('AB12CDE', 'stolen')]);
    await expect(store.replaceList(metaOf('kent', 2, counts), groups)).rejects.toMatchObject({
      code: 'hotlist.package-invalid',
      message: expect.stringContaining(message),
    });
    expect(store.lists()).toEqual([list]);
    expect(contents(list)).toEqual({ AB12CDE: ['stolen'] });
    // Nothing is left of the attempt.
    expect(rowsOfTable('generations')).toBe(1);
  });

  it('that is being loaded when the store is closed ends there', async () => {
    const list = await store.replaceList(metaOf('kent', 1), [markWith('AB12CDE', 'stolen')]);
    async function* closing() {
      yield* numberedMarks(6_000, 'x');
      store.close();
    }
    await expect(store.replaceList(metaOf('kent', 2), closing())).rejects.toMatchObject({
      code: 'hotlist.store-failed',
    });
    store = openStore();
    await store.tidy();
    expect(store.lists()).toEqual([list]);
    expect(rowsOfTable('generations')).toBe(1);
  });

  it('whose source breaks off, or which is called off, leaves the list and nothing else', async () => {
    const list = await store.replaceList(metaOf('kent', 1), [markWith('AB12CDE', 'stolen')]);
    async function* breaking() {
      yield* numberedMarks(6_000, 'x');
      throw new Error('the stick was pulled out');
    }
    await expect(store.replaceList(metaOf('kent', 2), breaking())).rejects.toThrow('pulled out');
    const calling = new AbortController();
    const load = store.replaceList(metaOf('kent', 2), numberedMarks(50_000, 'x'), {
      onProgress: () => calling.abort(new Error('called off')),
      signal: calling.signal,
    });
    await expect(load).rejects.toThrow('called off');
    expect(store.lists()).toEqual([list]);
    expect(rowsOfTable('generations')).toBe(1);
  });
});

describe('revisions', () => {
  it('only go forward, also over a removal', async () => {
    const group = [markWith('AB12CDE', 'stolen')];
    await store.replaceList(metaOf('kent', 5), group);
    for (const revision of [4, 5]) {
      await expect(store.replaceList(metaOf('kent', revision), group)).rejects.toMatchObject({
        code: 'hotlist.replayed',
      });
    }
    store.removeList('kent');
    expect(store.lists()).toEqual([]);
    expect(store.highestRevision('kent')).toBe(5);
    await expect(store.replaceList(metaOf('kent', 4), group)).rejects.toMatchObject({
      code: 'hotlist.replayed',
    });
    // What was the list when it was removed may be it again.
    expect(await store.replaceList(metaOf('kent', 5), group)).toMatchObject({ revision: 5 });
  });

  it('are confirmed by a later word of their owner', async () => {
    const list = await store.replaceList(metaOf('kent', 5), [markWith('AB12CDE', 'stolen')]);
    const later = metaOf('kent', 5, {
      issuedAtMs: list.issuedAtMs + 60_000,
      takenOverAtMs: list.takenOverAtMs + 9,
    });
    expect(store.confirm(later)).toEqual({ ...list, issuedAtMs: list.issuedAtMs + 60_000 });
    for (const replayed of [metaOf('kent', 5), metaOf('kent', 6), metaOf('essex', 1)]) {
      expect(() => store.confirm(replayed)).toThrow(expect.objectContaining({ code: 'hotlist.replayed' }));
    }
    expect(store.lists()).toMatchObject([{ issuedAtMs: list.issuedAtMs + 60_000 }]);
  });

  it('that came into force while another was built are not undone by it', async () => {
    const second = openStore();
    async function* overtaken() {
      yield* numberedMarks(6_000, 'slow');
      await second.replaceList(metaOf('kent', 3), [markWith('AB12CDE', 'fast')]);
    }
    await expect(store.replaceList(metaOf('kent', 2), overtaken())).rejects.toMatchObject({
      code: 'hotlist.replayed',
    });
    expect(store.lists()).toMatchObject([{ revision: 3, markCount: 1 }]);
  });
});

describe('a delta', () => {
  it('adds, changes and removes marks', async () => {
    await store.replaceList(metaOf('kent', 1), [
      markWith('A1', 'kept'),
      markWith('B1', 'before', 'also before'),
      markWith('C1', 'removed'),
    ]);
    const list = store.applyDelta(metaOf('kent', 2, { markCount: 3, entryCount: 3 }), 1, [
      markWith('AA1', 'added'),
      markWith('B1', 'after'),
      markWith('C1'),
      // Said of a mark that is not there: nothing changes.
      markWith('D1'),
    ]);
    expect(list).toMatchObject({ revision: 2, markCount: 3, entryCount: 3 });
    expect(contents(list)).toEqual({ A1: ['kept'], AA1: ['added'], B1: ['after'] });
    expect(touched(list, 1)).toEqual({ AA1: true, B1: true, C1: false });
  });

  it('may begin earlier than what is held, and then changes what is not so yet', async () => {
    await store.replaceList(metaOf('kent', 3), [markWith('A1', 'x'), markWith('B1', 'x')]);
    const list = store.applyDelta(metaOf('kent', 5), 1, [markWith('A1', 'x'), markWith('B1', 'y')]);
    expect(contents(list)).toEqual({ A1: ['x'], B1: ['y'] });
    expect(touched(list, 3)).toEqual({ B1: true });
  });

  it.each([
    ['that begins later than what is held', metaOf('kent', 6), 5, [markWith('A1', 'y')], 'hotlist.gap'],
    ['of a list that is not held', metaOf('essex', 5), 4, [markWith('A1', 'y')], 'hotlist.gap'],
    [
      'that makes fewer marks than was said',
      metaOf('kent', 5, { markCount: 3 }),
      4,
      [markWith('C1')],
      'hotlist.gap',
    ],
    [
      'that makes other entries',
      metaOf('kent', 5, { entryCount: 9 }),
      4,
      [markWith('C1', 'y')],
      'hotlist.gap',
    ],
    ['of the revision that is held', metaOf('kent', 4), 3, [markWith('A1', 'y')], 'hotlist.replayed'],
    ['of an older revision', metaOf('kent', 3), 2, [markWith('A1', 'y')], 'hotlist.replayed'],
    [
      'out of order',
      metaOf('kent', 5),
      4,
      [markWith('B1', 'y'), markWith('A1', 'y')],
      'hotlist.package-invalid',
    ],
  ])('%s is refused, and nothing changes', async (_, meta, from, groups, code) => {
    const list = await store.replaceList(metaOf('kent', 4), [markWith('A1', 'x'), markWith('B1', 'x')]);
    expect(() => store.applyDelta(meta, from, groups)).toThrow(expect.objectContaining({ code }));
    expect(store.lists()).toEqual([list]);
    expect(contents(list)).toEqual({ A1: ['x'], B1: ['x'] });
    expect(touched(list, 4)).toEqual({});
    // The next one that fits is taken.
    expect(contents(store.applyDelta(metaOf('kent', 5), 4, [markWith('A1')]))).toEqual({ B1: ['x'] });
  });
});

describe("an owner's delta", () => {
  it('does not change what an administrator has imported under the same id', async () => {
    const list = await store.replaceList(metaOf('kent', 4, { origin: 'local' }), [markWith('A1', 'x')]);
    expect(() => store.applyDelta(metaOf('kent', 6, { origin: 'signed' }), 3, [markWith('B1', 'y')])).toThrow(
      expect.objectContaining({ code: 'hotlist.gap' }),
    );
    expect(store.lists()).toEqual([list]);
    expect(contents(list)).toEqual({ A1: ['x'] });
  });
});

describe('a reader', () => {
  it('goes on with the revision it read, whatever comes into force', async () => {
    const reader = openStore(true);
    const version = reader.dataVersion();
    await store.replaceList(metaOf('kent', 1), [markWith('A1', 'one'), markWith('B1', 'one')]);
    expect(reader.dataVersion()).not.toBe(version);
    const first = reader.lists()[0] as ListRef;
    store.applyDelta(metaOf('kent', 2), 1, [markWith('A1', 'two'), markWith('B1'), markWith('C1', 'two')]);
    const second = reader.lists()[0] as ListRef;
    await store.replaceList(metaOf('kent', 3), [markWith('D1', 'three')]);
    clock.advance(READER_GRACE_MS - 1);
    await store.tidy();
    expect(contents(first, reader)).toEqual({ A1: ['one'], B1: ['one'] });
    expect(contents(second, reader)).toEqual({ A1: ['two'], C1: ['two'] });
    expect(contents(reader.lists()[0] as ListRef, reader)).toEqual({ D1: ['three'] });
  });

  it('sees its revision from the first page to the last', async () => {
    const reader = openStore(true);
    const list = await store.replaceList(metaOf('kent', 1), numberedMarks(25_000, 'x'));
    const pages = reader.keyPages(list);
    const keys = [...(pages.next().value as MatchKey[])];
    store.applyDelta(metaOf('kent', 2), 1, [
      markWith('M000001'),
      markWith('M019999'),
      markWith('M020000A', 'y'),
    ]);
    await store.replaceList(metaOf('kent', 3), []);
    keys.push(...[...pages].flat());
    expect(keys).toEqual([...numberedMarks(25_000, 'x')].map(({ matchKey }) => matchKey));
  });

  it('that is a minute behind is told so, and finds its feet again', async () => {
    const reader = openStore(true);
    const old = await store.replaceList(metaOf('kent', 1), [markWith('A1', 'one')]);
    expect(reasons(old, 'A1', reader)).toEqual(['one']);
    await store.replaceList(metaOf('kent', 2), [markWith('A1', 'two')]);
    clock.advance(READER_GRACE_MS);
    await store.tidy();
    const gone = expect.objectContaining({
      code: 'hotlist.store-failed',
      message: expect.stringContaining('no longer held'),
    });
    expect(() => reasons(old, 'A1', reader)).toThrow(gone);
    expect(() => contents(old, reader)).toThrow(gone);
    expect(reader.touchedSince(old, 1)).toBeUndefined();
    expect(reasons(reader.lists()[0] as ListRef, 'A1', reader)).toEqual(['two']);
  });
});

describe('what was superseded', () => {
  it('goes a minute later: generations whole, versions one by one', async () => {
    const old = await store.replaceList(metaOf('kent', 1), numberedMarks(100, 'one'));
    await store.replaceList(metaOf('kent', 2), numberedMarks(100, 'two'));
    const change = [markWith('M000001', 'three'), markWith('M000002'), markWith('M000003', 'three')];
    const list = store.applyDelta(metaOf('kent', 3), 2, change);
    const entries = `entries_${list.generation}`;
    await store.tidy();
    expect([rowsOfTable(`entries_${old.generation}`), rowsOfTable(entries)]).toEqual([100, 103]);
    clock.advance(READER_GRACE_MS / 2);
    const last = store.applyDelta(metaOf('kent', 4), 3, [markWith('M000002', 'four'), markWith('M000003')]);
    clock.advance(READER_GRACE_MS / 2);
    await store.tidy();
    // Revision 3 was in force until half a minute ago: the versions that it shows stay.
    expect([rowsOfTable(`entries_${old.generation}`), rowsOfTable(entries)]).toEqual([undefined, 101]);
    expect(reasons(list, 'M000003')).toEqual(['three']);
    clock.advance(READER_GRACE_MS / 2);
    await store.tidy();
    expect(rowsOfTable(entries)).toBe(99);
    expect(rowsOfTable('superseded_versions')).toBe(0);
    expect(contents(last)).toMatchObject({ M000001: ['three'], M000002: ['four'], M000004: ['two'] });
    expect(Object.keys(contents(last))).toHaveLength(99);
  });

  it('is collected by later deltas too, without anybody tidying', async () => {
    const { generation } = await store.replaceList(metaOf('kent', 1), [markWith('A1', '1')]);
    for (let revision = 2; revision <= 20; revision++) {
      store.applyDelta(metaOf('kent', revision), revision - 1, [markWith('A1', String(revision))]);
      clock.advance(READER_GRACE_MS);
    }
    expect(rowsOfTable(`entries_${generation}`)).toBe(2);
    expect(rowsOfTable('revisions')).toBe(2);
  });
});

describe('the journal', () => {
  it('tells what became of each mark since any of the last revisions', async () => {
    const base = await store.replaceList(metaOf('kent', 10), [markWith('A1', 'x'), markWith('B1', 'x')]);
    const eleven = store.applyDelta(metaOf('kent', 11), 10, [markWith('A1'), markWith('C1', 'x')]);
    const twelve = store.applyDelta(metaOf('kent', 12), 11, [markWith('A1', 'y'), markWith('B1', 'y')]);
    expect(touched(twelve, 10)).toEqual({ A1: true, B1: true, C1: true });
    expect(touched(twelve, 11)).toEqual({ A1: true, B1: true });
    expect(touched(twelve, 12)).toEqual({});
    // Asked as of an earlier revision, it says what was so then.
    expect(touched(eleven, 10)).toEqual({ A1: false, C1: true });
    // Before the snapshot nothing is known.
    expect(touched(base, 9)).toBeUndefined();
    const next = await store.replaceList(metaOf('kent', 13), []);
    expect(touched(next, 12)).toBeUndefined();
  });

  it(`reaches ${JOURNAL_REVISIONS} revisions back`, async () => {
    let list = await store.replaceList(metaOf('kent', 1), []);
    for (let revision = 2; revision <= JOURNAL_REVISIONS + 2; revision++) {
      list = store.applyDelta(metaOf('kent', revision), revision - 1, [markWith(`A${revision}`, 'x')]);
    }
    expect(store.touchedSince(list, 2)).toHaveLength(JOURNAL_REVISIONS);
    expect(store.touchedSince(list, 1)).toBeUndefined();
  });

  it(`or ${JOURNAL_KEYS} marks`, async () => {
    await store.replaceList(metaOf('kent', 1), []);
    store.applyDelta(metaOf('kent', 2), 1, numberedMarks(JOURNAL_KEYS - 1, 'x'));
    const three = store.applyDelta(metaOf('kent', 3), 2, [markWith('A1', 'x')]);
    expect(store.touchedSince(three, 1)).toHaveLength(JOURNAL_KEYS);
    const four = store.applyDelta(metaOf('kent', 4), 3, [markWith('A2', 'x')]);
    expect(store.touchedSince(four, 2)).toHaveLength(2);
    expect(store.touchedSince(four, 1)).toBeUndefined();
  });
});

describe('staging', () => {
  it('keeps what has come of a package over a restart', () => {
    store.putOffer('kent', Buffer.from('the manifest of 7'));
    store.putOffer('kent', Buffer.from('the manifest of 8'));
    store.stageBlob('kent', 'snapshot/8/0', Buffer.from([1, 2, 3]));
    store.stageBlob('kent', 'snapshot/8/1', Buffer.alloc(60_000, 7));
    store.stageBlob('essex', 'snapshot/8/1', Buffer.from('of another list'));
    store.close();
    store = openStore();
    expect(store.offer('kent')?.toString()).toBe('the manifest of 8');
    expect(store.offer('essex')).toBeUndefined();
    expect(store.stagedNames('kent')).toEqual(
      new Map([
        ['snapshot/8/0', 3],
        ['snapshot/8/1', 60_000],
      ]),
    );
    expect(store.stagedBlob('kent', 'snapshot/8/1')).toEqual(Buffer.alloc(60_000, 7));
    expect(store.stagedBlob('kent', 'snapshot/8/2')).toBeUndefined();
  });

  it('drops one blob, all of a list, or all that a removed list had', () => {
    for (const id of ['kent', 'essex']) {
      store.putOffer(id, Buffer.from('manifest'));
      for (const index of [0, 1, 2]) store.stageBlob(id, `snapshot/8/${index}`, Buffer.from('blob'));
    }
    store.dropStaged('kent', ['snapshot/8/1', 'snapshot/9/1']);
    expect([...store.stagedNames('kent').keys()]).toEqual(['snapshot/8/0', 'snapshot/8/2']);
    store.dropStaged('kent');
    store.dropOffer('kent');
    expect(store.stagedNames('kent').size).toBe(0);
    expect(store.offer('kent')).toBeUndefined();
    expect(store.stagedNames('essex').size).toBe(3);
    store.removeList('essex');
    expect(store.stagedNames('essex').size).toBe(0);
    expect(store.offer('essex')).toBeUndefined();
  });
});

describe('opening', () => {
  it('to read asks for a hotlist that is there', () => {
    const elsewhere = new ListStore({ path: join(folder, 'none.db'), key: TEST_KEY, readonly: true });
    expect(() => elsewhere.open()).toThrow(expect.objectContaining({ code: 'hotlist.unreadable' }));
    openDatabase(join(folder, 'other.db'), [], { key: TEST_KEY }).close();
    const other = new ListStore({ path: join(folder, 'other.db'), key: TEST_KEY, readonly: true });
    expect(() => other.open()).toThrow(expect.objectContaining({ code: 'hotlist.unreadable' }));
  });

  it('with another key, or of a file that is no database, changes nothing', async () => {
    await store.replaceList(metaOf('kent', 1), [markWith('A1', 'x')]);
    for (const readonly of [true, false]) {
      const stranger = new ListStore({ path, key: StorageKey.fromHex('77'.repeat(32)), readonly });
      expect(() => stranger.open()).toThrow(expect.objectContaining({ code: 'store.key-wrong' }));
    }
    expect(store.lists()).toMatchObject([{ id: 'kent', revision: 1 }]);
    writeFileSync(join(folder, 'text.db'), 'no database at all '.repeat(500));
    const text = new ListStore({ path: join(folder, 'text.db'), key: TEST_KEY });
    expect(() => text.open()).toThrow(expect.objectContaining({ code: 'store.key-wrong' }));
  });
});

describe('a file that is damaged', () => {
  it('fails what reads the damage, and neither lies nor takes the process down', async () => {
    const list = await store.replaceList(metaOf('kent', 1), numberedMarks(20_000, 'x'));
    store.close();
    const middle = Math.floor(statSync(path).size / 2);
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(65_536, 0xa5), 0, 65_536, middle);
    closeSync(file);
    store = openStore();
    expect(store.lists()).toEqual([list]);
    expect(() => contents(list)).toThrow(expect.objectContaining({ code: 'hotlist.store-failed' }));
    // A snapshot is written beside the damage.
    expect(contents(await store.replaceList(metaOf('kent', 2), [markWith('A1', 'x')]))).toEqual({
      A1: ['x'],
    });
  });
});
