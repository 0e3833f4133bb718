import type { ChainHead } from '../domain/statement.js';
import { type SqliteDatabase, storageFaultOf } from '../lib/sqlite.js';
import { noteEnd, readableHead } from './chain-ends.js';
import { type Counter, count } from './counters.js';
import { prepared } from './prepared.js';
import { type Row, RowCopy } from './row-copy.js';
import { readSmallTable } from './salvage-scan.js';
import { beginChain } from './statements.js';

/**
 * What a database that takes another's place has to have before it is used, and how rows of the one in memory come
 * home.
 *
 * Invariants
 * - Row numbers and record numbers begin above all that were given before, so what is taken over keeps its own
 *   and stays first in its lane.
 * - It has a chain of its own, which names the end of the one before. To go on with the old one would be to fork
 *   it where its end was lost, and a fork looks like a forgery.
 * - Records whose vehicle is still in view come along at once: their next report completes them, and tells no
 *   hit a second time.
 */

/** Numbers of this moment are above those of any before: fewer than one a millisecond are given. */
const NUMBERS_SINCE_MS = Date.UTC(2025, 0, 1);

/** What is known of the database before. */
export interface Before {
  /** The greatest number that it is known to have given to anything. */
  readonly number: number;
  /** How far its chain was; absent where it goes on, or nobody knows. */
  readonly head?: ChainHead;
}

/** As far as it can be read. */
export function beforeIn(database: SqliteDatabase): Before {
  const head = readableHead(database);
  return { number: lastNumber(database), ...(head !== undefined && { head }) };
}

/** @param lastNumber the greatest that is known to have been given. */
export function seed(target: SqliteDatabase, nowMs: number, lastNumber: number): void {
  const first = Math.max(0, nowMs - NUMBERS_SINCE_MS, lastNumber);
  for (const table of ['outbox', 'statements']) {
    prepared(target, 'DELETE FROM sqlite_sequence WHERE name = ?').run(table);
    prepared(target, 'INSERT INTO sqlite_sequence VALUES (?, ?)').run(table, first);
  }
  count(target, 'sequence', first);
  beginChain(target);
}

/** The greatest number that was given to anything, as far as it can be read. */
export function lastNumber(source: SqliteDatabase): number {
  const numbers = [
    ...readable(source, 'SELECT seq AS number FROM sqlite_sequence'),
    ...readable(source, `SELECT value AS number FROM counters WHERE name = 'sequence'`),
  ];
  return Math.max(0, ...numbers.map(({ number }) => number as number));
}

/**
 * What is needed at once in any medium: the store's own clock, the meter, and open records with all that belongs
 * to them.
 */
export function carry(source: SqliteDatabase, target: SqliteDatabase): void {
  for (const row of readSmallTable(source, 'age')) {
    const sql = 'INSERT OR REPLACE INTO age VALUES (@id, @believed_ms, @unseen_ms, @wall_ms, @mono_ms)';
    prepared(target, sql).run(row);
  }
  for (const row of readSmallTable(source, 'meter')) addToMeter(target, row);
  const copy = new RowCopy(target);
  for (const record of readable(source, `SELECT * FROM records WHERE phase = 'settled'`)) {
    copy.record(record);
    const of = (table: string) => readable(source, `SELECT * FROM ${table} WHERE record_id = ?`, record.id);
    for (const row of of('images')) copy.image(row);
    for (const row of of('hits')) copy.hit(row, false);
    for (const row of of('statements')) copy.statement(row);
  }
}

/** What a new file takes from the one that was set aside: counts, losses and ends to be told, salvages. */
export function inherit(source: SqliteDatabase, target: SqliteDatabase): void {
  addCounts(target, readSmallTable(source, 'counters'));
  addUntold(target, readSmallTable(source, 'untold'));
  for (const end of readSmallTable(source, 'untold_ends')) addEnd(target, end);
  for (const row of readSmallTable(source, 'salvages')) {
    prepared(
      target,
      `INSERT OR IGNORE INTO salvages (source, at_ms, pass, batches, is_done, salvaged, lost)
         VALUES (@source, @at_ms, @pass, @batches, @is_done, @salvaged, @lost)`,
    ).run(row);
  }
}

/** @returns ids of records of the file that are open and not known in memory: nobody will close them. */
export function moveHome(memory: SqliteDatabase, file: SqliteDatabase): readonly string[] {
  const move = file.transaction(() => {
    const isKnown = prepared(memory, 'SELECT 1 FROM records WHERE id = ?');
    const stale = readable(file, `SELECT id FROM records WHERE phase = 'settled'`)
      .map(({ id }) => id as string)
      .filter((id) => isKnown.get(id) === undefined);
    const copy = new RowCopy(file);
    const each = (table: string) => memory.prepare(`SELECT * FROM ${table}`).iterate() as Iterable<Row>;
    for (const row of each('records')) copy.record(row);
    for (const row of each('hits')) copy.hit(row, true);
    for (const row of each('images')) copy.image(row);
    const statementIds = new Map<unknown, number>();
    for (const row of each('statements')) statementIds.set(row.id, copy.statement(row));
    for (const row of each('outbox')) copy.outbox(row, statementIds.get(row.statement_id));
    for (const { id } of each('records')) noteIfAcknowledged(file, id);
    // Only the chain of memory has ended: what was carried there of the file's own goes on here.
    const ended = memory.prepare('SELECT * FROM chains ORDER BY id DESC LIMIT 1').get() as Row;
    prepared(file, 'UPDATE chains SET sequence = ?, digest = ? WHERE id = ?').run(
      ended.sequence,
      ended.digest,
      copy.chain(ended.chain as string),
    );
    addEnd(file, ended);
    for (const row of each('meter')) addToMeter(file, row);
    addCounts(file, each('counters'));
    addUntold(file, each('untold'));
    return stale;
  });
  return move.immediate();
}

/** What the triggers say where the last of a record leaves the outbox: memory saw that, the file did not. */
function noteIfAcknowledged(file: SqliteDatabase, recordId: unknown): void {
  prepared(
    file,
    `INSERT OR IGNORE INTO acknowledged SELECT sequence, id, believed_at_ms FROM records
       WHERE id = ? AND phase = 'closed' AND NOT EXISTS (SELECT 1 FROM outbox WHERE record_id = records.id)`,
  ).run(recordId);
}

/** Memory begins with what the file says of the hour: the greater of the two is what was sent. */
function addToMeter(target: SqliteDatabase, row: Row): void {
  prepared(
    target,
    `INSERT INTO meter VALUES (@hour, @lane, @bytes)
       ON CONFLICT (hour, lane) DO UPDATE SET bytes = max(bytes, excluded.bytes)`,
  ).run(row);
}

function addCounts(target: SqliteDatabase, rows: Iterable<Row>): void {
  for (const { name, value } of rows) {
    if (name !== 'sequence') count(target, name as Counter, value as number);
  }
}

/** The numbers are of a chain that has ended: which they were is told no more, how many is. */
function addUntold(target: SqliteDatabase, rows: Iterable<Row>): void {
  const add = prepared(target, 'INSERT INTO untold (lane, reason, count, uncounted) VALUES (?, ?, ?, ?)');
  for (const row of rows) add.run(row.lane, row.reason, row.count, row.uncounted ?? 0);
}

function addEnd(target: SqliteDatabase, { chain, sequence, digest }: Row): void {
  noteEnd(target, chain === '' ? undefined : ({ chain, sequence, digest } as unknown as ChainHead));
}

/** Rows up to the first damage. */
function readable(source: SqliteDatabase, sql: string, ...values: unknown[]): Row[] {
  const rows: Row[] = [];
  try {
    for (const row of source.prepare(sql).iterate(...values)) rows.push(row as Row);
  } catch (error) {
    // A table or column that an earlier schema has not, too.
    if (storageFaultOf(error) !== 'damage' && !isUnknownName(error)) throw error;
  }
  return rows;
}

function isUnknownName(error: unknown): boolean {
  return error instanceof Error && /^no such (table|column)/.test(error.message);
}
