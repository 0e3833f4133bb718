import type Database from 'better-sqlite3';
import type { SqliteDatabase } from '../../lib/sqlite.js';
import type { MarkGroup } from '../mark-group.js';
import { packageInvalid, storeFailed } from './failures.js';
import { type Counts, type ListMeta, putList, refuseReplay, type StoredList } from './list-rows.js';
import { createEntriesTable, entriesTable } from './schema.js';
import { elapsedMs, isGone, type Moment, thisWriter } from './writer.js';

/**
 * Generations: a snapshot is loaded into a table of its own, comes into force by one small
 * transaction, and is dropped some time after another has taken its place.
 *
 * Invariants
 * - No list refers to a generation that is being built, so a reader cannot meet half of one.
 * - The generation in force changes in the transaction that changes the list's row.
 * - A superseded generation stays for READER_GRACE_MS: a reader looks nothing up under a list it
 *   read longer ago than that.
 * - Only a generation whose writer has gone, or has not shown itself for WRITER_SILENCE_MS, is
 *   dropped half-built. A writer that was silent for so long and goes on finds its own gone.
 */
export const READER_GRACE_MS = 60_000;

/** A writer shows itself with each batch; only one whose source stands still is silent for so long. */
export const WRITER_SILENCE_MS = 600_000;

/** Rows of one deleting transaction: about a tenth of a second for which others cannot write. */
const DROP_STEP_ROWS = 20_000;

/** One statement for so many rows costs a fifth less than one each; more of them gain nothing. */
const ROWS_OF_STATEMENT = 40;

/** Building in this thread; what has its writer's mark and is not in here was given up. */
const building = new Set<string>();

interface GenerationRow {
  readonly generation: number;
  readonly state: 'building' | 'in_force' | 'superseded';
  readonly writer: string;
  readonly boot: string;
  readonly monoMs: number;
}

/** Makes an empty generation that nobody refers to. */
export function beginGeneration(database: SqliteDatabase, meta: ListMeta, now: Moment): number {
  const generation = database
    .transaction(() => {
      const { lastInsertRowid } = database
        .prepare(
          `INSERT INTO generations (list_id, state, writer, boot, mono_ms, journal_from)
             VALUES (?, 'building', ?, ?, ?, ?)`,
        )
        .run(meta.id, thisWriter, now.boot, now.monoMs, meta.revision);
      database.exec(createEntriesTable(Number(lastInsertRowid)));
      return Number(lastInsertRowid);
    })
    .immediate();
  building.add(tagOf(database.name, generation));
  return generation;
}

/** It is not being built any more: in force by now, or whoever tidies may drop it. */
export function endGeneration(path: string, generation: number): void {
  building.delete(tagOf(path, generation));
}

/**
 * Checks the order of groups and counts them as they are written into a generation.
 *
 * The batches are committed without waiting for the disk. Nobody refers to them before
 * `comeIntoForce`, whose commit waits for the disk and for all that was written before it.
 */
export class GenerationWriter {
  readonly #database: SqliteDatabase;
  readonly #generation: number;
  readonly #meta: ListMeta;
  /** By how many rows they insert. */
  readonly #inserts: Database.Statement[] = [];
  #lastKey = '';
  #markCount = 0;
  #entryCount = 0;

  constructor(database: SqliteDatabase, generation: number, meta: ListMeta) {
    this.#database = database;
    this.#generation = generation;
    this.#meta = meta;
  }

  get counts(): Counts {
    return { markCount: this.#markCount, entryCount: this.#entryCount };
  }

  /** @throws DeviceError hotlist.package-invalid where a group is out of order or empty. */
  write(groups: readonly MarkGroup[], now: Moment): void {
    const database = this.#database;
    database.pragma('synchronous = NORMAL');
    try {
      database
        .transaction(() => {
          this.#showUp(now);
          for (let at = 0; at < groups.length; at += ROWS_OF_STATEMENT) {
            this.#insert(groups.slice(at, at + ROWS_OF_STATEMENT));
          }
        })
        .immediate();
    } finally {
      database.pragma('synchronous = FULL');
    }
  }

  #insert(groups: readonly MarkGroup[]): void {
    const values: (string | number)[] = [];
    for (const { matchKey, rowCount, rowsText } of groups) {
      if (matchKey <= this.#lastKey) throw outOfOrder(this.#meta.id);
      if (rowCount === 0)
        throw packageInvalid(`list ${this.#meta.id}: its snapshot has a mark without a row`);
      values.push(matchKey, this.#meta.revision, rowsText);
      this.#lastKey = matchKey;
      this.#markCount++;
      this.#entryCount += rowCount;
    }
    this.#inserts[groups.length] ??= this.#database.prepare(
      `INSERT INTO ${entriesTable(this.#generation)} VALUES ${groups.map(() => '(?, ?, ?)').join(', ')}`,
    );
    this.#inserts[groups.length]?.run(values);
  }

  #showUp(now: Moment): void {
    const { changes } = this.#database
      .prepare(
        `UPDATE generations SET boot = ?, mono_ms = ? WHERE generation = ? AND state = 'building' AND writer = ?`,
      )
      .run(now.boot, now.monoMs, this.#generation, thisWriter);
    if (changes === 0) throw givenUp(this.#database);
  }
}

/**
 * The generation is the list from here on; the one before it is superseded.
 * @throws DeviceError hotlist.replayed where as late a revision has come into force meanwhile;
 *   hotlist.package-invalid where the counts are not those that were said.
 */
export function comeIntoForce(
  database: SqliteDatabase,
  generation: number,
  meta: ListMeta,
  counts: Counts,
  now: Moment,
): StoredList {
  const difference = differenceOf(meta, counts);
  if (difference !== undefined) throw packageInvalid(`list ${meta.id}: its snapshot ${difference}`);
  return database
    .transaction(() => {
      refuseReplay(database, meta.id, meta.revision);
      supersede(database, meta.id, now);
      const { changes } = database
        .prepare(`UPDATE generations SET state = 'in_force' WHERE generation = ? AND state = 'building'`)
        .run(generation);
      if (changes === 0) throw givenUp(database);
      putRevision(database, generation, meta.revision, now);
      return putList(database, meta, counts, generation);
    })
    .immediate();
}

/** The list has no generation in force any more, in the caller's transaction. */
export function supersede(database: SqliteDatabase, listId: string, now: Moment): void {
  database
    .prepare(
      `UPDATE generations SET state = 'superseded', boot = ?, mono_ms = ? WHERE list_id = ? AND state = 'in_force'`,
    )
    .run(now.boot, now.monoMs, listId);
}

export function putRevision(
  database: SqliteDatabase,
  generation: number,
  revision: number,
  now: Moment,
): void {
  database
    .prepare('INSERT INTO revisions (generation, revision, boot, mono_ms) VALUES (?, ?, ?, ?)')
    .run(generation, revision, now.boot, now.monoMs);
}

/** @returns what differs, in words, or undefined where all is as was said. */
export function differenceOf(said: Partial<Counts>, counted: Counts): string | undefined {
  const { markCount = counted.markCount, entryCount = counted.entryCount } = said;
  if (markCount === counted.markCount && entryCount === counted.entryCount) return undefined;
  return `makes ${counted.markCount} marks with ${counted.entryCount} entries; expected ${markCount} with ${entryCount}`;
}

export function outOfOrder(listId: string): Error {
  return packageInvalid(`list ${listId}: its marks are not each once and in ascending order`);
}

/** Generations that nobody reads or builds any more. */
export function droppable(database: SqliteDatabase, now: Moment): number[] {
  const rows = database
    .prepare(
      `SELECT generation, state, writer, boot, mono_ms AS monoMs FROM generations WHERE state <> 'in_force'`,
    )
    .all() as GenerationRow[];
  return rows.filter((row) => isDroppable(database, row, now)).map(({ generation }) => generation);
}

function isDroppable(database: SqliteDatabase, row: GenerationRow, now: Moment): boolean {
  if (row.state === 'superseded') return elapsedMs(row, now) >= READER_GRACE_MS;
  if (row.writer === thisWriter) return !building.has(tagOf(database.name, row.generation));
  return isGone(row.writer) || elapsedMs(row, now) >= WRITER_SILENCE_MS;
}

/**
 * Deletes a part of a generation, so that others can write in between.
 * @returns whether there is more of it.
 */
export function dropStep(database: SqliteDatabase, generation: number): boolean {
  const table = entriesTable(generation);
  return database
    .transaction(() => {
      // Another process may be dropping it as well.
      const isThere = database.prepare('SELECT 1 FROM generations WHERE generation = ?').get(generation);
      if (isThere === undefined) return false;
      const { changes } = database
        .prepare(
          `DELETE FROM ${table} WHERE match_key <=
             coalesce((SELECT match_key FROM ${table} ORDER BY match_key LIMIT 1 OFFSET ?),
                      (SELECT max(match_key) FROM ${table}))`,
        )
        .run(DROP_STEP_ROWS);
      if (changes > 0) return true;
      for (const name of ['journal', 'superseded_versions', 'revisions']) {
        database.prepare(`DELETE FROM ${name} WHERE generation = ?`).run(generation);
      }
      database.prepare('DELETE FROM generations WHERE generation = ?').run(generation);
      database.exec(`DROP TABLE ${table}`);
      return false;
    })
    .immediate();
}

/** Others took this writer for dead, because it was silent for so long, and dropped what it built. */
function givenUp(database: SqliteDatabase): Error {
  return storeFailed(database.name, 'the source of a snapshot stood still for too long');
}

/** Two stores of one thread may have two files open. */
function tagOf(path: string, generation: number): string {
  return `${generation} ${path}`;
}
