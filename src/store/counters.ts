import { LANE_NAMES, type Lane } from '../domain/outbox.js';
import type { LossReason } from '../domain/statement.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import { prepared } from './prepared.js';

/**
 * Counts that outlive the process. `sequence` is the last one given to a record; the others say
 * what was taken out of the store and why: erased = the broker had it, lost = nobody will.
 */
export type Counter = 'sequence' | 'erased.age' | 'erased.budget' | LossCounter;

/** `uncounted` counts how often something was lost of which nobody knows how many there were. */
export type LossCounter = `${'lost' | 'uncounted'}.${Lane}.${LossReason}`;

/** What was lost since the store was made. */
export interface LossCount {
  readonly lane: Lane;
  readonly reason: LossReason;
  readonly count: number;
  /** There may have been more. */
  readonly uncounted?: true;
}

/** Adds to a counter and gives its new value. */
export function count(database: SqliteDatabase, counter: Counter, by: number): number {
  const row = prepared<{ value: number }>(
    database,
    `INSERT INTO counters VALUES (?, ?)
       ON CONFLICT (name) DO UPDATE SET value = value + excluded.value RETURNING value`,
  ).get(counter, by);
  return row?.value as number;
}

/** @returns the value of a counter; 0 where it never counted. */
export type Counted = (counter: Counter) => number;

export function readCounters(database: SqliteDatabase): Counted {
  const rows = prepared<{ name: Counter; value: number }>(database, 'SELECT name, value FROM counters').all();
  const values = new Map(rows.map(({ name, value }) => [name, value]));
  return (counter) => values.get(counter) ?? 0;
}

const REASONS = ['budget', 'age', 'damage'] as const satisfies readonly LossReason[];

/** What was lost since the store was made, by lane and reason; what never was is left out. */
export function lossCounts(counted: Counted): readonly LossCount[] {
  return LANE_NAMES.flatMap((lane) =>
    REASONS.map((reason): LossCount => {
      const isUncounted = counted(`uncounted.${lane}.${reason}`) > 0;
      const lost = counted(`lost.${lane}.${reason}`);
      return { lane, reason, count: lost, ...(isUncounted && { uncounted: true }) };
    }),
  ).filter(({ count: lost, uncounted }) => lost > 0 || uncounted);
}
