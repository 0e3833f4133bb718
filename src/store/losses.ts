import { uuidv7 } from 'uuidv7';
import { LANE_NAMES, LANES, type Lane } from '../domain/outbox.js';
import type { Loss, LossReason } from '../domain/statement.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import { count } from './counters.js';
import { enqueueStatement } from './enqueue.js';
import { prepared } from './prepared.js';
import { chainHead, type Writing } from './statements.js';

/**
 * What the store gave up before the broker had it.
 *
 * Invariants
 * - Whatever is lost is counted and written down in the transaction that takes it out; a statement tells of
 *   it later, and the note goes in the transaction that seals it. So a crash in between loses no loss.
 * - A statement of losses is as long as MOST_RUNS allows, whatever was lost.
 */
export interface LostItem {
  readonly lane: Lane;
  readonly reason: LossReason;
  readonly count: number;
  /** The statement that will not come, or whose pictures will not; absent where there is none. */
  readonly statement?: StatementNumber | undefined;
}

export interface StatementNumber {
  readonly chainId: number;
  readonly sequence: number;
}

/** Numbers of statements, first and last. */
type Run = readonly [number, number];

/** A run takes about 14 bytes of JSON; 5 lanes of them stay well below the smallest packet. */
const MOST_RUNS = 200;

export function noteLosses(database: SqliteDatabase, lost: readonly LostItem[]): void {
  const note = prepared(database, 'INSERT INTO untold VALUES (?, ?, ?, ?, ?, ?)');
  for (const { lane, reason, count: items, statement } of lost) {
    if (items === 0) continue;
    count(database, `lost.${lane}.${reason}`, items);
    const { chainId = null, sequence = null } = statement ?? {};
    note.run(LANES[lane], reason, chainId, sequence, sequence, items);
  }
}

/**
 * Seals one statement of all that is noted, and puts it into lane `health`.
 * @returns undefined where nothing is.
 */
export function tellLosses(writing: Writing): readonly Loss[] | undefined {
  const { database } = writing;
  const losses = untold(database);
  if (losses.length === 0) return undefined;
  enqueueStatement(writing, { kind: 'loss', id: uuidv7(), losses, committedAtMs: writing.nowMs });
  prepared(database, 'DELETE FROM untold').run();
  return losses;
}

interface UntoldGroup {
  readonly lane: number;
  readonly reason: LossReason;
  readonly chain: string | null;
  readonly count: number;
}

function untold(database: SqliteDatabase): readonly Loss[] {
  const own = chainHead(database).chain;
  const groups = prepared<UntoldGroup>(
    database,
    `SELECT lane, reason, chain, sum(count) AS count FROM untold LEFT JOIN chains ON chains.id = chain_id
      GROUP BY lane, reason, chain_id ORDER BY lane, reason, chain_id`,
  ).all();
  const mostRuns = Math.max(1, Math.floor(MOST_RUNS / Math.max(1, groups.length)));
  return groups.map((group) => {
    const exact = joined(runsOf(database, group));
    const statements = coarser(exact, mostRuns);
    return {
      lane: LANE_NAMES[group.lane] as Lane,
      reason: group.reason,
      count: group.count,
      statements,
      ...(statements.length < exact.length && { coarse: true as const }),
      ...(group.chain !== null && group.chain !== own && { chain: group.chain }),
    };
  });
}

function runsOf(database: SqliteDatabase, { lane, reason, chain }: UntoldGroup): Run[] {
  if (chain === null) return [];
  return prepared<{ first: number; last: number }>(
    database,
    `SELECT DISTINCT first, last FROM untold WHERE lane = ? AND reason = ?
        AND chain_id = (SELECT id FROM chains WHERE chain = ?) ORDER BY first`,
  )
    .all(lane, reason, chain)
    .map(({ first, last }) => [first, last]);
}

/** Runs that touch made into one; they come in the order of their first numbers. */
function joined(runs: readonly Run[]): Run[] {
  const result: [number, number][] = [];
  for (const [first, last] of runs) {
    const before = result.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else result.push([first, last]);
  }
  return result;
}

/** At most so many runs: those with the smallest gaps between them become one. */
export function coarser(runs: readonly Run[], most: number): readonly Run[] {
  if (runs.length <= most) return runs;
  const gaps = runs.slice(1).map(([first], index) => ({ index, gap: first - (runs[index] as Run)[1] }));
  const kept = new Set(
    gaps
      .sort((a, b) => b.gap - a.gap || a.index - b.index)
      .slice(0, most - 1)
      .map(({ index }) => index),
  );
  const result: [number, number][] = [];
  runs.forEach(([first, last], index) => {
    const before = result.at(-1);
    if (before !== undefined && !kept.has(index - 1)) before[1] = last;
    else result.push([first, last]);
  });
  return result;
}
