import { LANE_NAMES, LANES, type Lane, type LaneTotals } from '../domain/outbox.js';
import type { ChainHead } from '../domain/statement.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import { type LossCount, lossCounts, readCounters } from './counters.js';
import { laneTotals } from './outbox.js';
import { prepared } from './prepared.js';
import { usedBytes } from './retention.js';
import { chainHead } from './statements.js';
import type { StoreFileState } from './store-file.js';

export interface LaneSnapshot extends LaneTotals {
  /** Since the first that waits was put in, milliseconds, by the store's own clock; absent where none does. */
  readonly oldestMs?: number;
}

/** The state of the store; taking it costs the same however much is held. */
export interface StoreSnapshot extends Omit<StoreFileState, 'mostBytes'> {
  /** The sequence number that a record was given last. */
  readonly lastSequence: number;
  readonly head: ChainHead;
  readonly records: number;
  /** Records whose vehicle is still in view. */
  readonly openRecords: number;
  readonly hits: number;
  readonly lanes: Readonly<Record<Lane, LaneSnapshot>>;
  readonly usedBytes: number;
  readonly mostBytes: number;
  /** Taken out after the broker had them: records by age, records and pictures by the budget. */
  readonly erased: { readonly age: number; readonly budget: number };
  /** Taken out before the broker had them, since the store was made. */
  readonly losses: readonly LossCount[];
}

export function snapshotOf(
  database: SqliteDatabase,
  now: { readonly believedMs: number; readonly mostBytes: number; readonly file: StoreFileState },
): StoreSnapshot {
  const counted = readCounters(database);
  const totals = laneTotals(database);
  const lanes = Object.fromEntries(
    LANE_NAMES.map((lane) => [lane, { ...totals[lane], ...oldest(database, lane, now.believedMs) }]),
  ) as Record<Lane, LaneSnapshot>;
  return {
    ...now.file,
    mostBytes: now.mostBytes,
    usedBytes: usedBytes(database),
    lastSequence: counted('sequence'),
    head: chainHead(database),
    records: rowTotal(database, 'records'),
    openRecords: prepared<{ items: number }>(
      database,
      `SELECT count(*) AS items FROM records WHERE phase = 'settled'`,
    ).get()?.items as number,
    hits: rowTotal(database, 'hits'),
    lanes,
    erased: { age: counted('erased.age'), budget: counted('erased.budget') },
    losses: lossCounts(counted),
  };
}

function oldest(database: SqliteDatabase, lane: Lane, believedMs: number): { oldestMs?: number } {
  const row = prepared<{ atMs: number }>(
    database,
    'SELECT believed_at_ms AS atMs FROM outbox WHERE lane = ? ORDER BY id LIMIT 1',
  ).get(LANES[lane]);
  return row === undefined ? {} : { oldestMs: Math.max(0, believedMs - row.atMs) };
}

function rowTotal(database: SqliteDatabase, name: 'records' | 'hits'): number {
  return prepared<{ items: number }>(database, 'SELECT items FROM totals WHERE name = ?').get(name)
    ?.items as number;
}
