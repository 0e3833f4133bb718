import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Clock } from '../../src/lib/clock.js';
import { openDatabase } from '../../src/lib/sqlite.js';
import { ListStore } from '../../src/matching/list-store/list-store.js';
import { MIGRATIONS } from '../../src/matching/list-store/schema.js';
import type { MarkGroup } from '../../src/matching/mark-group.js';
import { lineOf } from '../../src/matching/package/groups.js';
import { type Sources, stripSources } from './child.js';
import { TEST_KEY } from './stored-lists.js';

/**
 * The list store among processes that are killed, that write at the same time, that read while
 * others write, and that run out of disk.
 */
export let sources: Sources;
export let folder: string;
export let path: string;
export const children: ChildProcess[] = [];
export const stores: ListStore[] = [];

beforeAll(() => {
  sources = stripSources();
});
afterAll(() => sources.remove());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-lists-crash-'));
  path = join(folder, 'hotlist.db');
});
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Where the database of the test lies from now on. */
export function moveTo(database: string): void {
  path = database;
}

export function openStore(options: { clock?: Clock; readonly?: boolean } = {}): ListStore {
  const store = new ListStore({ path, key: TEST_KEY, ...options });
  stores.push(store);
  store.open();
  return store;
}

/** As stored, with what no reader sees. */
export function ask(sql: string): unknown[] {
  const database = openDatabase(path, MIGRATIONS, { key: TEST_KEY, readonly: true });
  try {
    return database.prepare(sql).pluck().all();
  } finally {
    database.close();
  }
}

/** Lines of groups in a file; a child takes them over with REV replaced by the revision it makes. */
export function writeGroups(name: string, groups: Iterable<MarkGroup>): void {
  writeFileSync(join(folder, name), [...groups].map((group) => `${lineOf(group)}\n`).join(''));
}

/** Runs a text in which `store` is open, and `groups(name, revision)`, `meta(id, revision)` are there. */
export function child(
  script: string,
  options: { shellPrefix?: string; speed?: number; before?: string; diskReserveBytes?: number } = {},
): ChildProcess {
  const each = sources.run(
    `
    import { existsSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
    import { ListStore } from './src/matching/list-store/list-store.js';
    import { parseGroups } from './src/matching/package/groups.js';
    import { systemClock } from './src/lib/clock.js';
    import { StorageKey } from './src/lib/storage-key.js';
    const clock = { ...systemClock, monoMs: () => systemClock.monoMs() * ${options.speed ?? 1} };
    const key = StorageKey.fromHex(${JSON.stringify(TEST_KEY.reveal())});
    const store = new ListStore({ path: ${JSON.stringify(path)}, key, clock,
      diskReserveBytes: ${options.diskReserveBytes ?? 0} });
    ${options.before ?? ''}
    store.open();
    const say = (text) => process.stdout.write(text + '\\n');
    const folder = ${JSON.stringify(folder)};
    const parsed = {};
    const groups = (name, revision) => {
      parsed[name] ??= [...parseGroups(readFileSync(folder + '/' + name), name)];
      return parsed[name].map(({ matchKey, rowCount, rowsText }) =>
        ({ matchKey, rowCount, rowsText: rowsText.replaceAll('REV', String(revision)) }));
    };
    const meta = (id, revision) => ({ id, revision, level: 'force', owner: 'Kent Police', issuedAtMs: revision,
      defaultAction: '', takenOverAtMs: revision, origin: 'signed' });
    ${script}`,
    options,
  );
  children.push(each);
  return each;
}

export function linesOf(each: ChildProcess): AsyncIterable<string> {
  return createInterface({ input: each.stdout as NodeJS.ReadableStream });
}

export async function everythingSaidBy(each: ChildProcess): Promise<string[]> {
  const said: string[] = [];
  for await (const line of linesOf(each)) said.push(line);
  return said;
}
