import type { SqliteDatabase } from '../../lib/sqlite.js';

/**
 * What has come so far of packages that are being fetched, so that a restart goes on where it was:
 * per list the envelope of one manifest and any number of blobs. Whoever puts something here has
 * verified it; it has no part in what is in force.
 */
export function putOffer(database: SqliteDatabase, listId: string, envelope: Uint8Array): void {
  database
    .prepare(
      'INSERT INTO offers VALUES (?, ?) ON CONFLICT (list_id) DO UPDATE SET envelope = excluded.envelope',
    )
    .run(listId, envelope);
}

export function offerOf(database: SqliteDatabase, listId: string): Buffer | undefined {
  const query = database.prepare('SELECT envelope FROM offers WHERE list_id = ?').pluck();
  return query.get(listId) as Buffer | undefined;
}

export function dropOffer(database: SqliteDatabase, listId: string): void {
  database.prepare('DELETE FROM offers WHERE list_id = ?').run(listId);
}

/** A blob that is there already under that name is replaced. */
export function stageBlob(database: SqliteDatabase, listId: string, name: string, bytes: Uint8Array): void {
  database
    .prepare(
      'INSERT INTO blobs VALUES (?, ?, ?) ON CONFLICT (list_id, name) DO UPDATE SET bytes = excluded.bytes',
    )
    .run(listId, name, bytes);
}

export function stagedBlob(database: SqliteDatabase, listId: string, name: string): Buffer | undefined {
  const query = database.prepare('SELECT bytes FROM blobs WHERE list_id = ? AND name = ?').pluck();
  return query.get(listId, name) as Buffer | undefined;
}

/** Names of the list's blobs, and how long each is, in bytes. */
export function stagedNames(database: SqliteDatabase, listId: string): Map<string, number> {
  const query = database.prepare('SELECT name, length(bytes) FROM blobs WHERE list_id = ?').raw();
  return new Map(query.all(listId) as [string, number][]);
}

/** @param names absent: all of the list's. */
export function dropStaged(database: SqliteDatabase, listId: string, names?: Iterable<string>): void {
  if (names === undefined) {
    database.prepare('DELETE FROM blobs WHERE list_id = ?').run(listId);
    return;
  }
  const drop = database.prepare('DELETE FROM blobs WHERE list_id = ? AND name = ?');
  database
    .transaction(() => {
      for (const name of names) drop.run(listId, name);
    })
    .immediate();
}
