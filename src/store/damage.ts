import type { SqliteDatabase } from '../lib/sqlite.js';
import { SALVAGES, type SalvageRow } from './salvage.js';
import { setAsideBytes } from './set-aside.js';

/** What was lost with a file that was set aside. */
export interface StoreDamage {
  /** Where the damaged file lies now. */
  readonly setAside: string;
  /** Of all files that were set aside. */
  readonly setAsideBytes: number;
  /** UTC, milliseconds. */
  readonly atMs: number;
  /** Whether rows of it are still being taken over. */
  readonly isSalvaging: boolean;
  /** Rows by table. */
  readonly salvaged: Readonly<Record<string, number>>;
  /** Rows by table, as far as can be told; known when it is done. */
  readonly lost: Readonly<Record<string, number>>;
}

/** The last damage, as the database that took the file's place knows it; undefined where there was none. */
export function damageIn(database: SqliteDatabase, path: string): StoreDamage | undefined {
  const row = database.prepare(`${SALVAGES} ORDER BY id DESC LIMIT 1`).get() as SalvageRow | undefined;
  if (row === undefined) return undefined;
  return {
    setAside: row.source,
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
  const lost = JSON.stringify({ file: 1 });
  database.prepare('UPDATE salvages SET is_done = 1, lost = ? WHERE id = ?').run(lost, id);
}
