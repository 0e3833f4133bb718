import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { MatchKey } from '../../src/domain/vrm.js';
import { openDatabase } from '../../src/lib/sqlite.js';
import { ListStore } from '../../src/matching/list-store/list-store.js';
import type { ListRef, RevisionRef } from '../../src/matching/list-store/reading.js';
import { MIGRATIONS } from '../../src/matching/list-store/schema.js';
import { ManualClock } from './manual-clock.js';
import { TEST_KEY } from './stored-lists.js';

/** A store of lists in a folder of each test's own, and what can be asked of it. */

export let folder: string;
export let path: string;
export let clock: ManualClock;
export let store: ListStore;
export const opened: ListStore[] = [];

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

export function openStore(readonly = false): ListStore {
  const each = new ListStore({ path, key: TEST_KEY, clock, readonly });
  opened.push(each);
  each.open();
  return each;
}

/** The store from now on is another one on the same file. */
export function openAgain(): void {
  store = openStore();
}

export function reasons(list: ListRef, key: string, from = store): string[] {
  return from.rows(list, key as MatchKey).map((entry) => entry.reason);
}

/** What a list says of each mark: {AB12CDE: ['stolen']}. */
export function contents(list: ListRef, from = store): Record<string, string[]> {
  const keys = [...from.keyPages(list)].flat();
  return Object.fromEntries(keys.map((key) => [key, reasons(list, key, from)]));
}

export function touched(list: RevisionRef, from: number): Record<string, boolean> | undefined {
  const keys = store.touchedSince(list, from);
  return keys && Object.fromEntries(keys.map(({ key, present }) => [key, present]));
}

/** How many rows a table of the file has; undefined: there is no such table. */
export function rowsOfTable(name: string): number | undefined {
  const database = openDatabase(path, MIGRATIONS, { key: TEST_KEY, readonly: true });
  try {
    const isThere = database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(name);
    if (isThere === undefined) return undefined;
    return database.prepare(`SELECT count(*) FROM ${name}`).pluck().get() as number;
  } finally {
    database.close();
  }
}
