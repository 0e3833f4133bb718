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
 * - A statement of losses is as long as MOST_RUNS allows, whatever was lost. Numbers of reads that will not
 *   come are exact, in as many statements as it takes: a number that is missing and not told of is a
 *   statement that somebody took away. Those of pictures are made coarser.
 */
export interface LostItem {
  readonly lane: Lane;
  readonly reason: LossReason;
  readonly count: number;
  /** More than `count` may have been lost. */
  readonly isUncounted?: boolean;
  /** The statement that will not come, or whose pictures will not; absent where there is none. */
  readonly statement?: StatementNumber | undefined;
}

export interface StatementNumber {
  readonly chainId: number;
  readonly sequence: number;
}

/** Statements that follow each other, by number, and how many things of theirs were lost. */
export interface LostRun {
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** A run takes some 16 bytes of JSON: four lanes of them stay below the smallest packet. */
const MOST_RUNS = 500;

export function noteLosses(database: SqliteDatabase, lost: readonly LostItem[]): void {
  const note = prepared(
    database,
    `INSERT INTO untold (lane, reason, chain_id, first, last, count, uncounted) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  for (const { lane, reason, count: items, isUncounted = false, statement } of lost) {
    if (items === 0 && !isUncounted) continue;
    count(database, `lost.${lane}.${reason}`, items);
    if (isUncounted) count(database, `uncounted.${lane}.${reason}`, 1);
    const { chainId = null, sequence = null } = statement ?? {};
    note.run(LANES[lane], reason, chainId, sequence, sequence, items, isUncounted ? 1 : 0);
  }
}

/** Something of every lane is gone, and nobody knows how much. */
export function noteUncounted(database: SqliteDatabase): void {
  noteLosses(
    database,
    LANE_NAMES.map((lane) => ({ lane, reason: 'damage', count: 0, isUncounted: true })),
  );
}

/** "3", "3 or more", "an unknown number". */
export function spellCount({ count: items, uncounted }: Pick<Loss, 'count' | 'uncounted'>): string {
  if (uncounted === undefined) return String(items);
  return items === 0 ? 'an unknown number' : `${items} or more`;
}

/**
 * Seals what is noted, as a rule in one statement, and puts it into lane `health`.
 * @returns undefined where nothing is.
 */
export function tellLosses(writing: Writing): readonly Loss[] | undefined {
  const { database } = writing;
  const rest = untold(database);
  if (rest.length === 0) return undefined;
  const told = [...rest];
  while (rest.length > 0) {
    // Each lane and reason once in a statement; what does not fit goes into the next.
    const losses = rest.filter((loss, index) => rest.findIndex((other) => isAlike(loss, other)) === index);
    enqueueStatement(writing, { kind: 'loss', id: uuidv7(), losses, committedAtMs: writing.nowMs });
    for (const loss of losses) rest.splice(rest.indexOf(loss), 1);
  }
  prepared(database, 'DELETE FROM untold').run();
  return told;
}

function isAlike(loss: Loss, other: Loss): boolean {
  return loss.lane === other.lane && loss.reason === other.reason && loss.chain === other.chain;
}

interface UntoldGroup {
  readonly lane: number;
  readonly reason: LossReason;
  readonly chainId: number | null;
  readonly chain: string | null;
  readonly uncounted: 0 | 1;
}

function untold(database: SqliteDatabase): Loss[] {
  const own = chainHead(database).chain;
  const groups = prepared<UntoldGroup>(
    database,
    `SELECT lane, reason, chain_id AS chainId, chain, max(uncounted) AS uncounted
       FROM untold LEFT JOIN chains ON chains.id = chain_id
      GROUP BY lane, reason, chain_id ORDER BY lane, reason, chain_id`,
  ).all();
  return groups.flatMap(({ lane, reason, chainId, chain, uncounted }): Loss[] => {
    const entries = prepared<LostRun>(
      database,
      `SELECT first, last, count FROM untold WHERE lane = ? AND reason = ? AND chain_id IS ? ORDER BY first`,
    ).all(lane, reason, chainId);
    const name = LANE_NAMES[lane] as Lane;
    const whose = { lane: name, reason, ...(chain !== null && chain !== own && { chain }) };
    if (chainId === null) {
      const isUncounted = uncounted === 1 && ({ uncounted: true } as const);
      return [{ ...whose, count: sum(entries), ...isUncounted, statements: [] }];
    }
    const exact = joined(entries);
    if (name === 'reads') {
      return sliced(exact).map((runs) => ({ ...whose, count: sum(runs), statements: runs.map(numbersOf) }));
    }
    const runs = coarser(exact, MOST_RUNS);
    const isCoarse = runs.length < exact.length;
    return [
      { ...whose, count: sum(runs), statements: runs.map(numbersOf), ...(isCoarse && { coarse: true }) },
    ];
  });
}

/** Runs that touch made into one; they come in the order of their first numbers. */
export function joined(runs: readonly LostRun[]): readonly LostRun[] {
  const result: LostRun[] = [];
  for (const run of runs) {
    const before = result.at(-1);
    if (before !== undefined && run.first <= before.last + 1) result[result.length - 1] = merged(before, run);
    else result.push(run);
  }
  return result;
}

/** At most so many runs: those with the smallest gaps between them become one. */
export function coarser(runs: readonly LostRun[], most: number): readonly LostRun[] {
  if (runs.length <= most) return runs;
  const gaps = runs.map(({ first }, index) => ({ index, gap: first - (runs[index - 1]?.last ?? first) }));
  const cuts = new Set(
    gaps
      .slice(1)
      .sort((a, b) => b.gap - a.gap || a.index - b.index)
      .slice(0, most - 1)
      .map(({ index }) => index),
  );
  const result: LostRun[] = [];
  runs.forEach((run, index) => {
    const before = result.at(-1);
    if (before === undefined || cuts.has(index)) result.push(run);
    else result[result.length - 1] = merged(before, run);
  });
  return result;
}

function merged(a: LostRun, b: LostRun): LostRun {
  return { first: a.first, last: Math.max(a.last, b.last), count: a.count + b.count };
}

function sliced(runs: readonly LostRun[]): (readonly LostRun[])[] {
  const count = Math.ceil(runs.length / MOST_RUNS);
  return Array.from({ length: count }, (_, index) => runs.slice(index * MOST_RUNS, (index + 1) * MOST_RUNS));
}

function numbersOf({ first, last }: LostRun): readonly [number, number] {
  return [first, last];
}

function sum(runs: readonly LostRun[]): number {
  return runs.reduce((total, { count: items }) => total + items, 0);
}
