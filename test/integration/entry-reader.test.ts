import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MatchKey } from '../../src/domain/vrm.js';
import type { DeviceError } from '../../src/lib/errors.js';
import { EntryReader } from '../../src/matching/entry-reader.js';
import { KeyIndex } from '../../src/matching/key-index.js';
import { READER_GRACE_MS } from '../../src/matching/list-store/generations.js';
import type { StoredList } from '../../src/matching/list-store/list-rows.js';
import { ListStore } from '../../src/matching/list-store/list-store.js';
import type { ListInForce } from '../../src/matching/matcher.js';
import { ManualClock } from '../support/manual-clock.js';
import { markWith, metaOf, TEST_KEY } from '../support/stored-lists.js';

const MARK = 'AB12CDE' as MatchKey;
const settings = { publishFrom: 0.02, alertFrom: 0.5, listedShare: 0.001, maximumAgeMs: 3_600_000 };

let folder: string;
let path: string;
let clock: ManualClock;
let reader: EntryReader;
let failures: DeviceError[];
const opened: ListStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-entry-reader-'));
  path = join(folder, 'hotlist.db');
  clock = new ManualClock();
  failures = [];
  reader = new EntryReader({ path, key: TEST_KEY, onFailure: (error) => failures.push(error) });
});
afterEach(() => {
  reader.close();
  for (const each of opened.splice(0)) each.close();
  rmSync(folder, { recursive: true, force: true });
});

function storeAt(file: string): ListStore {
  const store = new ListStore({ path: file, key: TEST_KEY, clock });
  opened.push(store);
  store.open();
  return store;
}

const heldOf = (list: StoredList): ListInForce => {
  return { list, generation: list.generation, index: KeyIndex.build([[MARK]], 1), settings };
};
const reasons = (list: StoredList) => reader.entriesOf(heldOf(list), MARK).map(({ reason }) => reason);

describe('the rows of what matched', () => {
  it('are those of the revision that matched, whatever has come into force since', async () => {
    const store = storeAt(path);
    const first = await store.replaceList(metaOf('kent', 1), [markWith(MARK, 'first')]);
    reader.reopen();
    await store.replaceList(metaOf('kent', 2), [markWith(MARK, 'second')]);
    expect(reasons(first)).toEqual(['first']);
  });

  it('are those in force where the revision that matched is not kept any more', async () => {
    const store = storeAt(path);
    const first = await store.replaceList(metaOf('kent', 1), [markWith(MARK, 'first')]);
    reader.reopen();
    await store.replaceList(metaOf('kent', 2), [markWith(MARK, 'second')]);
    clock.advance(READER_GRACE_MS);
    await store.tidy();
    expect(reasons(first)).toEqual(['second']);
  });

  it('are never those of another list, as where another file has taken the place', async () => {
    const kent = await storeAt(path).replaceList(metaOf('kent', 1), [markWith(MARK, 'of Kent')]);
    const other = storeAt(join(folder, 'other.db'));
    const essex = await other.replaceList(metaOf('essex', 1), [markWith(MARK, 'of Essex')]);
    expect([essex.generation, essex.revision]).toEqual([kent.generation, kent.revision]);
    for (const store of opened.splice(0)) store.close();
    renameSync(join(folder, 'other.db'), path);
    reader.reopen();
    expect(reasons(kent)).toEqual([]);
    expect(reasons(essex)).toEqual(['of Essex']);
    await storeAt(path).replaceList(metaOf('kent', 1), [markWith(MARK, 'of Kent, anew')]);
    expect(reasons(kent)).toEqual(['of Kent, anew']);
    expect(failures).toEqual([]);
  });

  it.each<[string, (file: string) => void]>([
    ['is not there', (file) => rmSync(file)],
    ['is damaged', (file) => writeFileSync(file, 'damaged')],
  ])(
    'say that they cannot be read where the file %s: the vehicle is listed all the same',
    async (_, damage) => {
      const kent = await storeAt(path).replaceList(metaOf('kent', 1), [markWith(MARK, 'of Kent')]);
      for (const store of opened.splice(0)) store.close();
      damage(path);
      reader.reopen();
      expect(reader.entriesOf(heldOf(kent), MARK)).toMatchObject([
        { vrm: 'AB12CDE', reason: '', informationAction: expect.stringContaining('cannot read this entry') },
      ]);
      expect(failures).toHaveLength(1);
    },
  );

  it('say so too where a page of an open file has gone bad', async () => {
    const store = storeAt(path);
    const marks = Array.from({ length: 3_000 }, (_, i) => markWith(`M${1_000 + i}`, 'x'.repeat(200)));
    const kent = await store.replaceList(metaOf('kent', 1), marks);
    for (const each of opened.splice(0)) each.close();
    reader.reopen();
    const bytes = readFileSync(path);
    // The first page is in order, so that the file opens; all others are not what was written.
    writeFileSync(path, Buffer.concat([bytes.subarray(0, 4_096), Buffer.alloc(bytes.length - 4_096, 7)]));
    const [entry] = reader.entriesOf(heldOf(kent), 'M2345' as MatchKey);
    expect(entry).toMatchObject({ vrm: 'M2345', informationAction: expect.stringContaining('cannot read') });
    expect(failures.map(({ code }) => code)).toContain('hotlist.store-failed');
  });
});
