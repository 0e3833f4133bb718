import { existsSync } from 'node:fs';
import type { VoiEntry, VoiList } from '../domain/voi.js';
import { foldVrm, type MatchKey } from '../domain/vrm.js';
import { DeviceError, messageOf } from '../lib/errors.js';
import { isStorageFault, type Migration, openDatabase, type SqliteDatabase } from '../lib/sqlite.js';
import type { StorageKey } from '../lib/storage-key.js';
import { COLUMN_NAMES, entryFromValues, valuesOfEntry } from './voi-entry.js';

/**
 * The VOI lists on disk (hotlist.db), written by imports and read by the daemon at the same time.
 *
 * Invariants
 * - A list is replaced whole, in one transaction: a reader sees the old revision or the new one.
 * - A replacement that breaks half-way (bad source, killed, disk full) leaves the old one as it was.
 * - Marks are kept under their match key, several entries of one mark by their line in the file.
 */
const MIGRATIONS: readonly Migration[] = [
  {
    name: 'lists and entries',
    // The key is the order in which entries are inserted and loaded: sorted, and no second index.
    sql: `
      CREATE TABLE lists (
        id TEXT PRIMARY KEY,
        revision INTEGER NOT NULL,
        imported_at_ms REAL NOT NULL,
        entry_count INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE entries (
        list_id TEXT NOT NULL REFERENCES lists (id),
        match_key TEXT NOT NULL,
        line INTEGER NOT NULL,
        ${COLUMN_NAMES.map((name) => `${name} TEXT NOT NULL`).join(',\n        ')},
        PRIMARY KEY (list_id, match_key, line)
      ) STRICT, WITHOUT ROWID;`,
  },
];

const LIST_ID = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** Whether a text can be the id of a list: 1 to 32 of a-z, 0-9 and -. */
export function isListId(text: string): boolean {
  return LIST_ID.test(text);
}

/** One entry as it is loaded into memory: its values as a JSON array in the order of VOI_COLUMNS. */
export interface StoredEntry {
  readonly listId: string;
  readonly matchKey: MatchKey;
  readonly values: string;
}

export interface VoiStoreOptions {
  readonly path: string;
  readonly key: StorageKey;
  /** The daemon only reads. */
  readonly readonly?: boolean;
}

export class VoiStore {
  readonly #path: string;
  readonly #key: StorageKey;
  readonly #readonly: boolean;
  #database: SqliteDatabase | undefined;

  constructor(options: VoiStoreOptions) {
    this.#path = options.path;
    this.#key = options.key;
    this.#readonly = options.readonly ?? false;
  }

  /**
   * @throws DeviceError store.newer-schema where a later version wrote it; hotlist.unreadable where
   *   it is only to be read and is missing or bad; store.open-failed where it is to be written.
   */
  open(): void {
    if (!this.#readonly) {
      this.#database = openDatabase(this.#path, MIGRATIONS, { key: this.#key });
      return;
    }
    if (!existsSync(this.#path)) throw unreadable(this.#path, 'there is no such file');
    try {
      this.#database = openDatabase(this.#path, MIGRATIONS, { key: this.#key, readonly: true });
      // Read through a table: a file that is no hotlist is found now, not at the first match.
      this.#database.prepare('SELECT count(*) FROM lists').get();
    } catch (cause) {
      this.close();
      if (cause instanceof DeviceError && /^store\.(newer-schema|key-wrong)$/.test(cause.code)) throw cause;
      throw unreadable(this.#path, messageOf(cause), cause);
    }
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  /** Changes whenever another process has committed to the file; compare it with an earlier value. */
  dataVersion(): number {
    return this.#run((database) => database.pragma('data_version', { simple: true }) as number);
  }

  lists(): VoiList[] {
    return this.#run((database) => listsOf(database));
  }

  /** The entries of a mark in every list, weeded or not, by list and line. */
  find(matchKey: MatchKey): { readonly list: VoiList; readonly entry: VoiEntry }[] {
    return this.#run((database) => {
      const query = database
        .prepare(`SELECT json_array(${COLUMN_NAMES.join(', ')}) FROM entries
          WHERE list_id = ? AND match_key = ? ORDER BY line`)
        .pluck();
      return listsOf(database).flatMap((list) =>
        (query.all(list.id, matchKey) as string[]).map((values) => ({
          list,
          entry: entryFromValues(JSON.parse(values)),
        })),
      );
    });
  }

  /**
   * Hands over every list and entry as they are at one moment. Between pages of entries the
   * process gets on with its work, and the moment stays the same.
   */
  async load(onEntry: (entry: StoredEntry) => void): Promise<VoiList[]> {
    const database = this.#opened();
    const page = database.prepare(
      `SELECT list_id AS listId, match_key AS matchKey, line, json_array(${COLUMN_NAMES.join(', ')}) AS "values"
         FROM entries WHERE (list_id, match_key, line) > (?, ?, ?)
        ORDER BY list_id, match_key, line LIMIT 2000`,
    );
    database.exec('BEGIN');
    try {
      const lists = listsOf(database);
      let after: { listId: string; matchKey: string; line: number } = { listId: '', matchKey: '', line: 0 };
      for (;;) {
        const rows = page.all(after.listId, after.matchKey, after.line) as (StoredEntry & { line: number })[];
        for (const { listId, matchKey, values } of rows) onEntry({ listId, matchKey, values });
        const last = rows.at(-1);
        if (last === undefined) return lists;
        after = last;
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (cause) {
      throw unreadable(this.#path, messageOf(cause), cause);
    } finally {
      if (database.open) database.exec('COMMIT');
    }
  }

  /**
   * Takes a list over, replacing the revision that is there.
   * @param source entries with the line each stands in; if it throws, the old revision stays.
   * @returns the list as it now is, or undefined where the source gave no entry (nothing changed).
   * @throws DeviceError hotlist.store-failed
   */
  async replaceList(
    id: string,
    source: AsyncIterable<{ readonly line: number; readonly entry: VoiEntry }>,
    nowMs: number,
  ): Promise<VoiList | undefined> {
    if (!isListId(id)) throw new Error(`not a list id: ${id}`);
    const database = this.#opened();
    const columns = ['match_key', 'line', ...COLUMN_NAMES];
    // Gathered beside the lists first: the lock on them is then held only while they are copied,
    // and sorted, which is several times faster than inserting in the file's order.
    this.#run(() =>
      database.exec(`DROP TABLE IF EXISTS temp.incoming; CREATE TEMP TABLE incoming (${columns.join(', ')})`),
    );
    try {
      const insert = database.prepare(
        `INSERT INTO temp.incoming VALUES (${columns.map(() => '?').join(', ')})`,
      );
      let count = 0;
      // One transaction for all rows costs a quarter of one each; it locks nothing that others use.
      database.exec('BEGIN');
      for await (const { line, entry } of source) {
        this.#run(() => insert.run(foldVrm(entry.vrm), line, ...valuesOfEntry(entry)));
        count++;
      }
      this.#run(() => database.exec('COMMIT'));
      return count === 0 ? undefined : this.#run(() => swapIn(database, id, columns, nowMs));
    } finally {
      if (database.inTransaction) database.exec('ROLLBACK');
      database.exec('DROP TABLE temp.incoming');
    }
  }

  #opened(): SqliteDatabase {
    if (this.#database === undefined) throw new Error('VoiStore is not open');
    return this.#database;
  }

  #run<T>(work: (database: SqliteDatabase) => T): T {
    try {
      return work(this.#opened());
    } catch (cause) {
      if (!isStorageFault(cause)) throw cause;
      throw new DeviceError('hotlist.store-failed', {
        message: `the hotlist ${this.#path} cannot be read or written: ${messageOf(cause)}`,
        hint: 'Check the disk (full, read-only, failing) and that no other import is running; the lists are as they were.',
        cause,
      });
    }
  }
}

function listsOf(database: SqliteDatabase): VoiList[] {
  return database
    .prepare(
      'SELECT id, revision, imported_at_ms AS importedAtMs, entry_count AS entryCount FROM lists ORDER BY id',
    )
    .all() as VoiList[];
}

function swapIn(database: SqliteDatabase, id: string, columns: readonly string[], nowMs: number): VoiList {
  return database
    .transaction(() => {
      database.prepare('DELETE FROM entries WHERE list_id = ?').run(id);
      database
        .prepare(
          `INSERT INTO lists VALUES (?, 1, ?, (SELECT count(*) FROM temp.incoming))
             ON CONFLICT (id) DO UPDATE SET revision = revision + 1,
               imported_at_ms = excluded.imported_at_ms, entry_count = excluded.entry_count`,
        )
        .run(id, nowMs);
      database
        .prepare(
          `INSERT INTO entries (list_id, ${columns.join(', ')})
             SELECT ?, ${columns.join(', ')} FROM temp.incoming ORDER BY match_key, line`,
        )
        .run(id);
      return listsOf(database).find((list) => list.id === id) as VoiList;
    })
    .immediate();
}

function unreadable(path: string, found: string, cause?: unknown): DeviceError {
  return new DeviceError('hotlist.unreadable', {
    message: `cannot read the hotlist ${path}: ${found}; expected a database of anprd`,
    hint: 'Import a list: anprctl hotlist import FILE.csv --list ID. If the file is damaged, move it away first.',
    cause,
  });
}
