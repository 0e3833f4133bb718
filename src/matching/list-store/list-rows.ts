import type { ListLevel, VoiList } from '../../domain/voi.js';
import type { SqliteDatabase } from '../../lib/sqlite.js';
import { replayed } from './failures.js';

const LIST_ID = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** Whether a text can be the id of a list: 1 to 32 of a-z, 0-9 and -. */
export function isListId(text: string): boolean {
  return LIST_ID.test(text);
}

/** A list in force and where its entries are. */
export interface StoredList extends VoiList {
  readonly generation: number;
}

/** What is said of a revision when it is taken over. */
export interface ListMeta extends Omit<VoiList, 'markCount' | 'entryCount'> {
  /** Compared with what is counted; absent: nobody has said (a plain CSV). */
  readonly markCount?: number;
  readonly entryCount?: number;
}

export interface Counts {
  readonly markCount: number;
  readonly entryCount: number;
}

interface ListRow {
  id: string;
  level: ListLevel;
  owner: string;
  revision: number;
  issuedAtMs: number;
  expiresAtMs: number | null;
  defaultAction: string;
  takenOverAtMs: number;
  markCount: number;
  entryCount: number;
  origin: VoiList['origin'];
  generation: number;
}

const SELECT = `SELECT id, level, owner, revision, issued_at_ms AS issuedAtMs, expires_at_ms AS expiresAtMs,
  default_action AS defaultAction, taken_over_at_ms AS takenOverAtMs, mark_count AS markCount,
  entry_count AS entryCount, origin, generation FROM lists`;

/** By id. */
export function listsInForce(database: SqliteDatabase): StoredList[] {
  return (database.prepare(`${SELECT} ORDER BY id`).all() as ListRow[]).map(listOf);
}

export function listInForce(database: SqliteDatabase, id: string): StoredList | undefined {
  const row = database.prepare(`${SELECT} WHERE id = ?`).get(id) as ListRow | undefined;
  return row && listOf(row);
}

/** The highest revision of a list that was ever in force here, also of one that was removed; 0: none. */
export function highestRevision(database: SqliteDatabase, id: string): number {
  const query = database.prepare('SELECT revision FROM highest_revisions WHERE list_id = ?').pluck();
  return (query.get(id) as number | undefined) ?? 0;
}

/**
 * A held list only moves forward. One that was removed may come back as it last was, not older.
 * @throws DeviceError hotlist.replayed
 */
export function refuseReplay(database: SqliteDatabase, id: string, revision: number): void {
  const isHeld = listInForce(database, id) !== undefined;
  const highest = highestRevision(database, id);
  if (revision < highest || (isHeld && revision === highest)) throw replayed(id, revision, highest);
}

/** Writes what is in force, in the caller's transaction. */
export function putList(
  database: SqliteDatabase,
  meta: ListMeta,
  counts: Counts,
  generation: number,
): StoredList {
  database
    .prepare(
      `INSERT OR REPLACE INTO lists (id, level, owner, revision, issued_at_ms, expires_at_ms, default_action,
         taken_over_at_ms, mark_count, entry_count, origin, generation)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      meta.id,
      meta.level,
      meta.owner,
      meta.revision,
      meta.issuedAtMs,
      meta.expiresAtMs ?? null,
      meta.defaultAction,
      meta.takenOverAtMs,
      counts.markCount,
      counts.entryCount,
      meta.origin,
      generation,
    );
  database
    .prepare(
      `INSERT INTO highest_revisions VALUES (?, ?)
         ON CONFLICT (list_id) DO UPDATE SET revision = max(revision, excluded.revision)`,
    )
    .run(meta.id, meta.revision);
  return listInForce(database, meta.id) as StoredList;
}

/**
 * The revision in force, as its owner describes it anew.
 * @throws DeviceError hotlist.replayed where another revision is in force, or a later word of this one.
 */
export function putConfirmation(database: SqliteDatabase, meta: ListMeta): StoredList {
  return database
    .transaction(() => {
      const held = listInForce(database, meta.id);
      if (held?.revision !== meta.revision || meta.issuedAtMs < held.issuedAtMs) {
        throw replayed(meta.id, meta.revision, held?.revision ?? 0);
      }
      // It was taken over when its entries were.
      return putList(database, { ...meta, takenOverAtMs: held.takenOverAtMs }, held, held.generation);
    })
    .immediate();
}

function listOf({ expiresAtMs, ...row }: ListRow): StoredList {
  return expiresAtMs === null ? row : { ...row, expiresAtMs };
}
