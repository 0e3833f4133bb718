import type { PlateRead } from '../domain/read.js';
import type { MatchKey } from '../domain/vrm.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import { prepared } from './prepared.js';

/**
 * The reads that are still held, for a check against lists that have changed since.
 *
 * A week holds 140,000 reads, and nearly none is on what a list gained: `heldKeys` gives keys alone,
 * out of an index, to find the few that are worth `heldRead`.
 */
export interface HeldPage {
  /** UTC, milliseconds: records that were first committed before are left out. */
  readonly sinceMs: number;
  /** The last sequence number of the page before; 0 for the first. */
  readonly afterSequence: number;
  readonly limit: number;
}

export interface HeldKey {
  readonly sequence: number;
  readonly matchKey: MatchKey;
}

export interface HeldRead {
  readonly recordId: string;
  readonly sequence: number;
  /** UTC, milliseconds: when the vehicle passed. */
  readonly decidedAtMs: number;
  readonly read: PlateRead;
}

interface HeldRow {
  readonly id: string;
  readonly sequence: number;
  readonly passage: string;
}

interface HeldPassage {
  readonly decidedAtMs: number;
  readonly outcome: { readonly read: PlateRead };
}

/** The passage whole: to take it apart in SQLite and read the pieces takes half as long again. */
const HELD = `SELECT id, sequence, passage FROM records WHERE match_key <> ''`;

/** Answered by the index alone. */
export const HELD_KEYS = `SELECT sequence, match_key AS matchKey FROM records INDEXED BY records_held
  WHERE match_key <> '' AND sequence > @afterSequence AND committed_at_ms >= @sinceMs
  ORDER BY sequence LIMIT @limit`;

/** In the order of their sequence numbers, unreadable ones left out; empty: there are no more. */
export function heldKeys(database: SqliteDatabase, page: HeldPage): readonly HeldKey[] {
  return prepared<HeldKey>(database, HELD_KEYS).all(page);
}

/** As heldKeys, with all that matching needs. */
export function heldReads(database: SqliteDatabase, page: HeldPage): readonly HeldRead[] {
  const rows = prepared<HeldRow>(
    database,
    `${HELD} AND sequence > @afterSequence AND committed_at_ms >= @sinceMs ORDER BY sequence LIMIT @limit`,
  ).all(page);
  return rows.map(heldFrom);
}

/** @returns undefined where it is gone by now, or says nothing any more. */
export function heldRead(database: SqliteDatabase, sequence: number): HeldRead | undefined {
  const row = prepared<HeldRow>(database, `${HELD} AND sequence = ?`).get(sequence);
  return row && heldFrom(row);
}

function heldFrom({ id, sequence, passage }: HeldRow): HeldRead {
  const { decidedAtMs, outcome } = JSON.parse(passage) as HeldPassage;
  return { recordId: id, sequence, decidedAtMs, read: outcome.read };
}

/** @returns the revision of a list that all held reads have been checked against; undefined: none. */
export function recheckedRevision(database: SqliteDatabase, listId: string): number | undefined {
  return database.prepare('SELECT revision FROM rechecked WHERE list_id = ?').pluck().get(listId) as
    | number
    | undefined;
}

export function setRecheckedRevision(database: SqliteDatabase, listId: string, revision: number): void {
  database.prepare('INSERT OR REPLACE INTO rechecked VALUES (?, ?)').run(listId, revision);
}
