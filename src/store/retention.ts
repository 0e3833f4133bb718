import { type ImageKind, LANES, type Lane } from '../domain/outbox.js';
import type { LossReason } from '../domain/statement.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import { type Counter, count } from './counters.js';
import { type LostItem, noteLosses, type StatementNumber } from './losses.js';
import { laneTotals } from './outbox.js';
import { prepared } from './prepared.js';

/**
 * What leaves the store, and why.
 *
 * Invariants
 * - Records that the broker has acknowledged go when they are older than the retention.
 * - What waits goes when its lane is over its days or its bytes, the oldest first.
 * - Over the budget of the whole, or with too little room on the disk, goes in this order and each time
 *   the oldest: acknowledged records, acknowledged pictures of others, pictures of reads, pictures of hits,
 *   reads that are no hits.
 * - Hits, events and notices of losses that wait are never dropped, nor pictures of a vehicle still in view, and
 *   nothing that is on its way to the broker just now.
 * - Everything that leaves is counted with its reason, in the transaction that takes it out, and what the
 *   broker had not taken is noted for a statement.
 * - Ages are told by the store's own clock; "oldest" is by the order of commits. No date moves either.
 */
export type BudgetedLane = Exclude<Lane, 'hits'>;

export interface LaneBudget {
  readonly mostBytes: number;
  readonly mostMs: number;
}

export interface Budget {
  /** On the scale of the store's own clock. */
  readonly believedMs: number;
  readonly retentionMs: number;
  /** Of the whole store. */
  readonly mostBytes: number;
  readonly lanes: Readonly<Record<BudgetedLane, LaneBudget>>;
  /** False where the last round found no acknowledged picture and none was acknowledged since. */
  readonly mayHoldAcknowledgedPictures: boolean;
  /** Whether an outbox row is on its way to the broker. */
  readonly isLeased: (outboxId: number) => boolean;
}

/** How many were taken out, by counter. */
export type Removed = Partial<Record<Counter, number>>;

/** Things taken out in one transaction: few enough that a commit never waits long. */
const STEP = 50;
/** Pictures looked at in one transaction, for the same reason. */
const LOOK = 500;

/** In the order in which the whole store's budget takes them, reads last. */
const LANES_IN_ORDER = ['read-images', 'hit-images', 'reads', 'health'] as const satisfies BudgetedLane[];

interface WaitingRow {
  readonly id: number;
  readonly recordId: string | null;
  readonly imageKind: ImageKind | null;
  readonly believedAtMs: number;
  readonly isReport: 0 | 1;
}

/** Bytes in use: pages that hold something (SQLite keeps freed ones in the file and uses them again). */
export function usedBytes(database: SqliteDatabase): number {
  return fileBytes(database) - pragma(database, 'freelist_count') * pragma(database, 'page_size');
}

/** Bytes of the file, used or not. */
export function fileBytes(database: SqliteDatabase): number {
  return pragma(database, 'page_count') * pragma(database, 'page_size');
}

function pragma(database: SqliteDatabase, name: string): number {
  return database.pragma(name, { simple: true }) as number;
}

/**
 * One round through what has to go, a few things at a time; between two steps the caller can do other
 * work. What may not go in this round (it is on its way to the broker) is looked at again in the next.
 */
export class Sweep {
  readonly #budget: Budget;
  /** By lane, the last outbox id that was looked at. */
  readonly #lookedAt: Record<BudgetedLane, number> = {
    'read-images': 0,
    'hit-images': 0,
    reads: 0,
    health: 0,
  };
  /** Undefined: there is none behind it. */
  #lastPicture: readonly [string, string] | undefined;

  constructor(budget: Budget) {
    this.#budget = budget;
    this.#lastPicture = budget.mayHoldAcknowledgedPictures ? ['', ''] : undefined;
  }

  /** Whether every picture was looked at, and none that the broker has is left. */
  get hasNoAcknowledgedPictures(): boolean {
    return this.#lastPicture === undefined;
  }

  /**
   * Takes out the next few, in one transaction; none where it took one only to look.
   * @returns undefined when nothing has to go any more, or nothing may.
   */
  next(database: SqliteDatabase): Removed | undefined {
    return database.transaction(() => this.#step(database)).immediate();
  }

  #step(database: SqliteDatabase): Removed | undefined {
    const { believedMs, retentionMs, mostBytes, lanes } = this.#budget;
    const old = eraseAcknowledged(database, 'erased.age', believedMs - retentionMs);
    if (old !== undefined) return old;
    const totals = laneTotals(database);
    for (const lane of LANES_IN_ORDER) {
      const removed =
        this.#drop(database, lane, 'age', believedMs - lanes[lane].mostMs) ??
        (totals[lane].bytes > lanes[lane].mostBytes ? this.#drop(database, lane, 'budget') : undefined);
      if (removed !== undefined) return removed;
    }
    if (usedBytes(database) <= mostBytes) return undefined;
    return (
      eraseAcknowledged(database, 'erased.budget') ??
      this.#eraseAcknowledgedImages(database) ??
      this.#drop(database, 'read-images', 'budget') ??
      this.#drop(database, 'hit-images', 'budget') ??
      this.#drop(database, 'reads', 'budget')
    );
  }

  /** Drops the oldest of a lane that may go, and where a time is given, are from before it. */
  #drop(
    database: SqliteDatabase,
    lane: BudgetedLane,
    reason: LossReason,
    beforeMs = Number.POSITIVE_INFINITY,
  ): Removed | undefined {
    const chosen = this.#choose(database, lane, beforeMs);
    if (chosen.length === 0) return undefined;
    const lost = chosen.flatMap((row) => dropRow(database, lane, row).map((item) => ({ ...item, reason })));
    noteLosses(database, lost);
    const removed: Removed = {};
    for (const item of lost) {
      const counter = `lost.${item.lane}.${reason}` as const;
      removed[counter] = (removed[counter] ?? 0) + item.count;
    }
    return removed;
  }

  #choose(database: SqliteDatabase, lane: BudgetedLane, beforeMs: number): WaitingRow[] {
    const chosen: WaitingRow[] = [];
    const rows = database
      .prepare(
        `SELECT id, record_id AS recordId, image_kind AS imageKind, believed_at_ms AS believedAtMs,
           health IS NOT NULL AS isReport FROM outbox WHERE lane = ? AND id > ? ORDER BY id`,
      )
      .iterate(LANES[lane], this.#lookedAt[lane]) as IterableIterator<WaitingRow>;
    for (const row of rows) {
      if (row.believedAtMs >= beforeMs) break;
      this.#lookedAt[lane] = row.id;
      if (!this.#mayGo(database, lane, row)) continue;
      if (chosen.push(row) === STEP) break;
    }
    return chosen;
  }

  #mayGo(database: SqliteDatabase, lane: BudgetedLane, row: WaitingRow): boolean {
    const { isLeased } = this.#budget;
    if (isLeased(row.id)) return false;
    if (lane === 'health') return row.isReport === 1;
    if (lane !== 'reads') {
      return has(database, `SELECT 1 FROM records WHERE id = ? AND phase = 'closed'`, row.recordId);
    }
    if (has(database, 'SELECT 1 FROM hits WHERE record_id = ?', row.recordId)) return false;
    return !prepared<{ id: number }>(database, 'SELECT id FROM outbox WHERE record_id = ?')
      .all(row.recordId)
      .some(({ id }) => isLeased(id));
  }

  /** Of records of which something else still waits. @returns undefined when all were looked at. */
  #eraseAcknowledgedImages(database: SqliteDatabase): Removed | undefined {
    if (this.#lastPicture === undefined) return undefined;
    const rows = prepared<{ recordId: string; kind: ImageKind; isWanted: 0 | 1 }>(
      database,
      `SELECT record_id AS recordId, kind, queued = 0
           OR EXISTS (SELECT 1 FROM records WHERE id = images.record_id AND phase = 'settled')
           OR EXISTS (SELECT 1 FROM outbox WHERE record_id = images.record_id AND image_kind = images.kind)
           AS isWanted
         FROM images WHERE (record_id, kind) > (?, ?) ORDER BY record_id, kind LIMIT ${LOOK}`,
    ).all(...this.#lastPicture);
    const last = rows.at(-1);
    this.#lastPicture = last && [last.recordId, last.kind];
    if (last === undefined) return undefined;
    const erased = rows.filter(({ isWanted }) => isWanted === 0);
    for (const { recordId, kind } of erased) eraseImage(database, recordId, kind);
    return erased.length > 0 ? counted(database, 'erased.budget', erased.length) : {};
  }
}

/** Records of which nothing waits, the oldest first; all, or those from before a time. */
function eraseAcknowledged(
  database: SqliteDatabase,
  counter: Counter,
  beforeMs = Number.POSITIVE_INFINITY,
): Removed | undefined {
  const rows = prepared<{ recordId: string; believedAtMs: number }>(
    database,
    `SELECT record_id AS recordId, believed_at_ms AS believedAtMs FROM acknowledged ORDER BY sequence LIMIT ${STEP}`,
  )
    .all()
    .filter(({ believedAtMs }) => believedAtMs < beforeMs);
  if (rows.length === 0) return undefined;
  for (const { recordId } of rows) {
    prepared(database, 'DELETE FROM records WHERE id = ?').run(recordId);
  }
  eraseToldNotices(database);
  return counted(database, counter, rows.length);
}

/** A notice of a loss or an event that the broker has goes when no record from before it is left. */
function eraseToldNotices(database: SqliteDatabase): void {
  prepared(
    database,
    `DELETE FROM statements WHERE record_id IS NULL
       AND id < coalesce((SELECT min(id) FROM statements WHERE record_id IS NOT NULL), 9e15)
       AND id NOT IN (SELECT statement_id FROM outbox WHERE record_id IS NULL AND statement_id IS NOT NULL)`,
  ).run();
}

function dropRow(database: SqliteDatabase, lane: BudgetedLane, row: WaitingRow): Omit<LostItem, 'reason'>[] {
  if (lane === 'health') {
    prepared(database, 'DELETE FROM outbox WHERE id = ?').run(row.id);
    return [{ lane, count: 1 }];
  }
  const recordId = row.recordId as string;
  const statement = prepared<StatementNumber>(
    database,
    `SELECT chain_id AS chainId, sequence FROM statements WHERE record_id = ? AND kind = 'read'`,
  ).get(recordId);
  if (lane === 'reads') {
    const pictures = prepared(
      database,
      'SELECT id FROM outbox WHERE record_id = ? AND image_kind IS NOT NULL',
    ).all(recordId);
    prepared(database, 'DELETE FROM records WHERE id = ?').run(recordId);
    return [
      { lane, count: 1, statement },
      ...pictures.map(() => ({ lane: 'read-images', count: 1, statement }) as const),
    ];
  }
  prepared(database, 'DELETE FROM outbox WHERE id = ?').run(row.id);
  eraseImage(database, recordId, row.imageKind as ImageKind);
  return [{ lane, count: 1, statement }];
}

function eraseImage(database: SqliteDatabase, recordId: string, kind: ImageKind): void {
  prepared(database, 'DELETE FROM images WHERE record_id = ? AND kind = ?').run(recordId, kind);
}

function counted(database: SqliteDatabase, counter: Counter, by: number): Removed {
  count(database, counter, by);
  return { [counter]: by };
}

function has(database: SqliteDatabase, sql: string, id: string | null): boolean {
  return prepared(database, sql).get(id) !== undefined;
}
