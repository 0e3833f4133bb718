import type { SqliteDatabase } from '../lib/sqlite.js';
import { noteUncounted } from './losses.js';
import { prepared } from './prepared.js';
import { SALVAGES, type SalvageRow } from './salvage.js';
import { setAsideBytes } from './set-aside.js';

/** What was lost with a file that was set aside, or with one or a log that was gone. */
export interface StoreDamage {
  /** Where the damaged file lies now; absent where there was none: the file or its log was gone. */
  readonly setAside?: string;
  /** Of all files that were set aside. */
  readonly setAsideBytes: number;
  /** UTC, milliseconds. */
  readonly atMs: number;
  /** Whether rows of it are still being taken over. */
  readonly isSalvaging: boolean;
  /** Rows by table. */
  readonly salvaged: Readonly<Record<string, number>>;
  /** Rows by table; known when it is done. */
  readonly lost: LostRows;
}

/** Of tables that lost any. A number only where the file itself says how many rows there were. */
export type LostRows = Readonly<Record<string, number | 'unknown'>>;

/** Nobody knows what there was. */
const ALL_UNKNOWN: LostRows = {
  records: 'unknown',
  hits: 'unknown',
  statements: 'unknown',
  images: 'unknown',
  outbox: 'unknown',
};

/** The last damage, or one that is still being salvaged, as the database that took the file's place knows it; undefined where there was none. */
export function damageIn(database: SqliteDatabase, path: string): StoreDamage | undefined {
  const row = database.prepare(`${SALVAGES} ORDER BY is_done, id DESC LIMIT 1`).get() as
    | SalvageRow
    | undefined;
  if (row === undefined) return undefined;
  return {
    ...(row.source !== '' && { setAside: row.source }),
    setAsideBytes: setAsideBytes(path),
    atMs: row.atMs,
    isSalvaging: row.isDone === 0,
    salvaged: JSON.parse(row.salvaged).salvaged ?? {},
    lost: JSON.parse(row.lost),
  };
}

/** @returns undefined where all is done. */
export function nextSalvage(database: SqliteDatabase): SalvageRow | undefined {
  return database.prepare(`${SALVAGES} WHERE is_done = 0 ORDER BY id LIMIT 1`).get() as
    | SalvageRow
    | undefined;
}

/** Nothing of the file could be read, not even how much there was. */
export function giveUp(database: SqliteDatabase, { id }: SalvageRow): void {
  const lost = JSON.stringify(ALL_UNKNOWN);
  const write = database.transaction(() => {
    prepared(database, 'UPDATE salvages SET is_done = 1, lost = ? WHERE id = ?').run(lost, id);
    noteUncounted(database);
  });
  write.immediate();
}

/** Commits are gone with the file or with its log, and nothing is left to be set aside. */
export function noteLostCommits(database: SqliteDatabase, atMs: number): void {
  prepared(
    database,
    `INSERT OR REPLACE INTO salvages (source, at_ms, pass, batches, is_done, salvaged, lost)
       VALUES ('', ?, '', 0, 1, '{}', ?)`,
  ).run(atMs, JSON.stringify(ALL_UNKNOWN));
  noteUncounted(database);
}
