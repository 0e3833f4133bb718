import { readFileSync, rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/lib/sqlite.js';
import { mendSchema, writeWitness } from '../../src/store/key-witness.js';
import { STORE_MIGRATIONS } from '../../src/store/migrations.js';
import { PAGE_BYTES } from '../../src/store/page-size.js';
import type { RecordStore } from '../../src/store/record-store.js';
import {
  afterwards,
  asides,
  filesOf,
  fill,
  folder,
  overwrite,
  pagesOf,
  path,
  restore,
  started,
  stop,
  textsOf,
  waiting,
} from '../support/damaged-stores.js';
import { keyIn } from '../support/storage-key.js';

/**
 * Stores that an earlier version made have larger pages than those that are made now. They keep them, and all that
 * reads a file without SQLite (its witness, its log, what is left of it) goes by the size that it has.
 */
const EARLIER = 4_096;

async function startedEarlier(): Promise<RecordStore> {
  make(path, EARLIER);
  return started();
}

function make(file: string, pageBytes: number): void {
  openDatabase(file, STORE_MIGRATIONS, { key: keyIn(folder), canShrink: true, pageBytes }).close();
}

/** As its first page says, which the key is not needed for. */
const pageBytesOf = (file: string) => readFileSync(file).readUInt16BE(16);

describe('a store of an earlier version', () => {
  it('keeps its pages and its chain; a new one has smaller pages', async () => {
    const first = await startedEarlier();
    const before = fill(first, 20);
    const { chain } = first.head();
    await stop(first);
    const again = await started();
    expect(textsOf(waiting(again))).toEqual(before);
    expect(again.head().chain).toBe(chain);
    expect(pageBytesOf(path)).toBe(EARLIER);
    await stop(again);
    for (const name of filesOf().keys()) rmSync(`${folder}/${name}`);
    await stop(await started());
    expect(pageBytesOf(path)).toBe(PAGE_BYTES);
  });

  it('goes on after a kill, and ends its chain where its log is gone', async () => {
    const first = await startedEarlier();
    fill(first, 5);
    await stop(first);
    const second = await started();
    fill(second, 5);
    const { chain } = second.head();
    const killed = filesOf();
    await stop(second);
    restore(killed);
    const third = await started();
    expect(third.head().chain).toBe(chain);
    await stop(third);
    killed.delete('records.db-wal');
    restore(killed);
    expect((await started()).head().chain).not.toBe(chain);
  });

  const first = () => [1];
  it.each([
    ['its first page', first],
    ['pages of pictures', () => pagesOf('images').slice(0, 5)],
    ['an index of what waits', () => pagesOf('outbox_by_lane')],
    ['the schema', () => pagesOf('sqlite_schema')],
  ])('of which %s is damaged is set aside, and its texts are in one with smaller pages', async (_, which) => {
    const store = await startedEarlier();
    const before = fill(store, 30);
    await stop(store);
    for (const page of which()) overwrite((page - 1) * EARLIER + 100, Buffer.from('damaged!'));
    const { after } = await afterwards();
    for (const [id, text] of before) expect(after.get(id)).toBe(text);
    expect(asides()).toEqual(['records.db.damaged-1']);
    expect(pageBytesOf(`${path}.damaged-1`)).toBe(EARLIER);
    expect(pageBytesOf(path)).toBe(PAGE_BYTES);
  });

  it('is known for one of this key without a witness and without its first page', async () => {
    const store = await startedEarlier();
    fill(store, 20);
    await stop(store);
    rmSync(`${path}.witness`);
    overwrite(0, Buffer.alloc(EARLIER));
    expect((await started()).snapshot().damage).toMatchObject({ setAside: `${path}.damaged-1` });
  });

  it('is not written into where the witness is already that of the file that takes its place', async () => {
    const store = await startedEarlier();
    fill(store, 20);
    await stop(store);
    overwrite(100, Buffer.from('damaged!'));
    const content = readFileSync(path);
    const fresh = `${path}.new`;
    make(fresh, PAGE_BYTES);
    const database = openDatabase(fresh, STORE_MIGRATIONS, { key: keyIn(folder) });
    writeWitness(path, keyIn(folder), database, fresh);
    database.close();
    expect(mendSchema(path, path, keyIn(folder))).toHaveLength(0);
    expect(readFileSync(path).equals(content)).toBe(true);
  });
});
