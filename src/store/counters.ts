import type { SqliteDatabase } from '../lib/sqlite.js';

/**
 * Counts that outlive the process. `sequence` is the last one given to a record; the others say
 * what was taken out of the store and why: erased = the broker had it, dropped = nobody will.
 */
export type Counter = 'sequence' | 'erased.age' | 'erased.budget' | 'dropped.image' | 'dropped.read';

/** Adds to a counter and gives its new value. */
export function count(database: SqliteDatabase, counter: Counter, by: number): number {
  return database
    .prepare(
      `INSERT INTO counters VALUES (?, ?)
         ON CONFLICT (name) DO UPDATE SET value = value + excluded.value RETURNING value`,
    )
    .pluck()
    .get(counter, by) as number;
}

export function readCounters(database: SqliteDatabase): Record<Counter, number> {
  const rows = database.prepare('SELECT name, value FROM counters').raw().all() as [Counter, number][];
  return {
    sequence: 0,
    'erased.age': 0,
    'erased.budget': 0,
    'dropped.image': 0,
    'dropped.read': 0,
    ...Object.fromEntries(rows),
  };
}
