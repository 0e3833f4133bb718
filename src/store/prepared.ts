import type { Statement } from 'better-sqlite3';
import type { SqliteDatabase } from '../lib/sqlite.js';

const STATEMENTS = new WeakMap<SqliteDatabase, Map<string, Statement>>();

/**
 * A statement of this database, compiled once: compiling costs as much as a small query, and a drain
 * makes thousands of them a second. Kept with the database, so that another one has its own.
 *
 * Not for `iterate`: a statement that is still being stepped through cannot be used a second time.
 */
export function prepared<Row>(database: SqliteDatabase, sql: string): Statement<unknown[], Row> {
  const statements = STATEMENTS.get(database) ?? new Map<string, Statement>();
  if (statements.size === 0) STATEMENTS.set(database, statements);
  const statement = statements.get(sql) ?? database.prepare(sql);
  statements.set(sql, statement);
  return statement as Statement<unknown[], Row>;
}
