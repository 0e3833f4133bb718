import { closeSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MatchKey } from '../../src/domain/vrm.js';
import { openDatabase } from '../../src/lib/sqlite.js';
import { StorageKey } from '../../src/lib/storage-key.js';
import { JOURNAL_KEYS, JOURNAL_REVISIONS } from '../../src/matching/list-store/deltas.js';
import { READER_GRACE_MS } from '../../src/matching/list-store/generations.js';
import { ListStore } from '../../src/matching/list-store/list-store.js';
import type { ListRef } from '../../src/matching/list-store/reading.js';
import {
  clock,
  contents,
  folder,
  openAgain,
  openStore,
  path,
  reasons,
  rowsOfTable,
  store,
  touched,
} from '../support/list-stores.js';
import { markWith, metaOf, numberedMarks, TEST_KEY } from '../support/stored-lists.js';

/** What the lists on disk keep, for whom and how long: readers, what was superseded, the journal, staging, damage. */

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
    openAgain();
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
    openAgain();
    expect(store.lists()).toEqual([list]);
    expect(() => contents(list)).toThrow(expect.objectContaining({ code: 'hotlist.store-failed' }));
    // A snapshot is written beside the damage.
    expect(contents(await store.replaceList(metaOf('kent', 2), [markWith('A1', 'x')]))).toEqual({
      A1: ['x'],
    });
  });
});
