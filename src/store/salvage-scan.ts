import { type SqliteDatabase, storageFaultOf } from '../lib/sqlite.js';
import { prepared } from './prepared.js';

/**
 * Every row of a table that can still be read, out of a file in which pages are damaged.
 *
 * A table is a tree by row number. What lies below a damaged page cannot be reached, and a search for one of
 * its rows fails; so it is read from both ends up to the damage, then halved and tried again, until halves show
 * nothing new. Nothing wrong is ever read: a page says by its tag whether it is what was written.
 */
export interface ScannedRow {
  readonly rowid: number;
  readonly [column: string]: unknown;
}

export interface TableScan {
  readonly table: string;
  /** A condition on the row's own columns. */
  readonly where?: string;
  /** Rows in a batch at most. */
  readonly batch: number;
}

/** A damaged page hides this many rows at most in practice; a half as small that shows nothing is given up. */
const FRUITLESS_HALVINGS = 9;

/** Some rows, or the ends of a stretch of row numbers of which none could be read. */
export type Scanned =
  | { readonly kind: 'rows'; readonly rows: readonly ScannedRow[] }
  | { readonly kind: 'gap'; readonly first: number; readonly last: number };

/**
 * Rows by ascending row number where nothing is damaged; around damage, in an order of its own, the same each
 * time for the same file.
 * @throws what is no damage, such as a disk that cannot be read.
 */
export function* scanTable(source: SqliteDatabase, scan: TableScan): Generator<Scanned> {
  if (!hasTable(source, scan.table)) return;
  yield* stretch(source, scan, 0, Number.MAX_SAFE_INTEGER, FRUITLESS_HALVINGS);
}

/** Both ends included. */
function* stretch(
  source: SqliteDatabase,
  scan: TableScan,
  first: number,
  last: number,
  halvings: number,
): Generator<Scanned> {
  const up = yield* run(source, scan, first, last, 'ASC');
  if (up.isDone) return;
  const from = up.reached === undefined ? first : up.reached + 1;
  const down = yield* run(source, scan, from, last, 'DESC');
  if (down.isDone) return;
  const to = down.reached === undefined ? last : down.reached - 1;
  const left = up.reached === undefined && down.reached === undefined ? halvings - 1 : FRUITLESS_HALVINGS;
  if (from > to) return;
  if (from === to || left === 0) {
    yield { kind: 'gap', first: from, last: to };
    return;
  }
  const middle = from + Math.floor((to - from) / 2);
  yield* stretch(source, scan, from, middle, left);
  yield* stretch(source, scan, middle + 1, to, left);
}

/** Up or down until the end of the stretch or the first damage. */
function* run(
  source: SqliteDatabase,
  { table, where = '1', batch }: TableScan,
  first: number,
  last: number,
  order: 'ASC' | 'DESC',
): Generator<Scanned, { readonly isDone: boolean; readonly reached?: number }> {
  let [low, high] = [first, last];
  let reached: number | undefined;
  // One at a time from SQLite, so that what comes before the damage is had.
  const statement = source.prepare(
    `SELECT rowid AS rowid, * FROM ${table} NOT INDEXED WHERE rowid BETWEEN ? AND ? AND ${where}
       ORDER BY rowid ${order} LIMIT ${batch}`,
  );
  for (;;) {
    const rows: ScannedRow[] = [];
    let isDamaged = false;
    try {
      for (const row of statement.iterate(low, high)) rows.push(row as ScannedRow);
    } catch (error) {
      if (storageFaultOf(error) !== 'damage') throw error;
      isDamaged = true;
    }
    if (rows.length > 0) {
      reached = (rows.at(-1) as ScannedRow).rowid;
      yield { kind: 'rows', rows };
      if (order === 'ASC') low = reached + 1;
      else high = reached - 1;
    }
    if (isDamaged) return { isDone: false, ...(reached !== undefined && { reached }) };
    if (rows.length < batch || low > high) return { isDone: true };
  }
}

/** @returns undefined where there is no such row, or it cannot be read. */
export function readRow(source: SqliteDatabase, table: string, rowid: number): ScannedRow | undefined {
  try {
    return prepared<ScannedRow>(source, `SELECT rowid AS rowid, * FROM ${table} WHERE rowid = ?`).get(rowid);
  } catch (error) {
    if (storageFaultOf(error) !== 'damage') throw error;
    return undefined;
  }
}

/** Tables that a row number does not order (WITHOUT ROWID) are small: whole, or up to the damage. */
export function readSmallTable(source: SqliteDatabase, table: string): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = [];
  try {
    if (!hasTable(source, table)) return rows;
    for (const row of source.prepare(`SELECT * FROM ${table}`).iterate()) rows.push(row as never);
  } catch (error) {
    if (storageFaultOf(error) !== 'damage') throw error;
  }
  return rows;
}

function hasTable(source: SqliteDatabase, table: string): boolean {
  const sql = `SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`;
  try {
    return source.prepare(sql).get(table) !== undefined;
  } catch (error) {
    if (storageFaultOf(error) !== 'damage') throw error;
    return false;
  }
}
