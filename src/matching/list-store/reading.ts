import type Database from 'better-sqlite3';
import type { MatchKey } from '../../domain/vrm.js';
import type { SqliteDatabase } from '../../lib/sqlite.js';
import { noLongerHeld } from './failures.js';
import { entriesTable } from './schema.js';

/** Names one whole revision of a list: what a reader finds under it stays the same while it is kept. */
export interface RevisionRef {
  readonly generation: number;
  readonly revision: number;
}

/** The same, with the list whose it must be: another file may have the generation for another list. */
export interface ListRef extends RevisionRef {
  readonly id: string;
}

interface LookUp {
  readonly listId: string;
  readonly query: Database.Statement;
}

/** A mark and the JSON text of its rows. */
export interface StoredMark {
  readonly matchKey: MatchKey;
  readonly rowsText: string;
}

/** Marks read at once: some ten milliseconds' work. */
const PAGE_MARKS = 10_000;

/** Statements kept: one for each generation that a reader meets, and few are met at a time. */
const MOST_STATEMENTS = 256;

/** Reads the versions of generations. */
export class VersionReader {
  readonly #database: SqliteDatabase;
  readonly #lookUps = new Map<number, LookUp>();

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /**
   * @returns JSON of the mark's rows in that revision; '' where it is not on the list.
   * @throws DeviceError hotlist.store-failed where the generation has been dropped, or is another list's.
   */
  rowsText({ id, generation, revision }: ListRef, key: MatchKey): string {
    return this.#guarded(generation, () => {
      const { listId, query } = this.#lookUps.get(generation) ?? this.#prepareLookUp(generation);
      if (listId !== id) throw noLongerHeld(this.#database.name, generation);
      return (query.get(key, revision) as string | undefined) ?? '';
    });
  }

  /**
   * The marks of a revision in ascending order, page by page. Each page is a read of its own, so no
   * transaction stays open to keep the write-ahead log from being cut. The pages fit together all
   * the same: what is written meanwhile holds from a later revision on, and is passed over.
   */
  *keyPages(list: RevisionRef): Generator<MatchKey[]> {
    for (const page of this.#pages(list, `rows <> ''`)) {
      // Read as far as it went even where nothing is left of it.
      yield (page as [MatchKey, number, number][]).filter((row) => row[2] === 1).map(([key]) => key);
    }
  }

  /** As `keyPages`, with what the list says of each mark. */
  *markPages(list: RevisionRef): Generator<StoredMark[]> {
    for (const page of this.#pages(list, 'rows')) {
      yield (page as [MatchKey, number, string][])
        .filter((row) => row[2] !== '')
        .map(([matchKey, , rowsText]) => ({ matchKey, rowsText }));
    }
  }

  /** Rows of the match key, the revision from which the version holds, and a column of it. */
  *#pages({ generation, revision }: RevisionRef, column: string): Generator<[MatchKey, number, unknown][]> {
    // With max(), SQLite takes the other columns from the row of the maximum: the version in force.
    const sql = `SELECT match_key, max(since), ${column} FROM ${entriesTable(generation)}
      WHERE match_key > ? AND since <= ? GROUP BY match_key ORDER BY match_key LIMIT ${PAGE_MARKS}`;
    const query = this.#guarded(generation, () => this.#database.prepare(sql).raw());
    for (let after = ''; ; ) {
      const page = this.#guarded(generation, () => query.all(after, revision)) as [
        MatchKey,
        number,
        unknown,
      ][];
      const last = page.at(-1);
      if (last === undefined) return;
      yield page;
      after = last[0];
    }
  }

  #prepareLookUp(generation: number): LookUp {
    const query = this.#database
      .prepare(
        `SELECT rows FROM ${entriesTable(generation)} WHERE match_key = ? AND since <= ?
          ORDER BY since DESC LIMIT 1`,
      )
      .pluck();
    const listId = this.#database
      .prepare('SELECT list_id FROM generations WHERE generation = ?')
      .pluck()
      .get(generation) as string;
    const [oldest] = this.#lookUps.keys();
    if (this.#lookUps.size >= MOST_STATEMENTS && oldest !== undefined) this.#lookUps.delete(oldest);
    const lookUp = { listId, query };
    this.#lookUps.set(generation, lookUp);
    return lookUp;
  }

  /** A table that is not there any more is no bug: the reader stood on its revision for too long. */
  #guarded<T>(generation: number, read: () => T): T {
    try {
      return read();
    } catch (thrown) {
      const isHeld = this.#database
        .prepare('SELECT 1 FROM sqlite_schema WHERE name = ?')
        .get(entriesTable(generation));
      throw isHeld ? thrown : noLongerHeld(this.#database.name, generation);
    }
  }
}
