import { LANES } from '../domain/outbox.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import { type Counter, count } from './counters.js';

/**
 * What leaves the store, and why.
 *
 * Invariants
 * - By age, only what the broker has acknowledged is erased.
 * - Over the budget goes, in this order and each time the oldest: acknowledged records, pictures
 *   (of reads before those of hits), reads that are no hits. Hits that wait are never dropped,
 *   and nothing that is on its way to the broker just now.
 * - Everything that leaves is counted with its reason, in the transaction that takes it out.
 */
export interface Budget {
  readonly nowMs: number;
  readonly retentionMs: number;
  readonly mostBytes: number;
  /** Whether an outbox row is on its way to the broker. */
  readonly isLeased: (outboxId: number) => boolean;
}

export type Removed = Readonly<Record<Exclude<Counter, 'sequence'>, number>>;

/** Records taken out in one transaction: small enough that a commit never waits long. */
const STEP = 50;

/** Bytes in use: pages that hold something (SQLite keeps freed ones in the file and uses them again). */
export function usedBytes(database: SqliteDatabase): number {
  const read = (name: string) => database.pragma(name, { simple: true }) as number;
  return (read('page_count') - read('freelist_count')) * read('page_size');
}

/**
 * Takes out what has to go, a few records at a time; between two steps the caller can do other work.
 * @returns in each step what was removed in it; done when nothing has to go or nothing may.
 */
export function* sweep(database: SqliteDatabase, budget: Budget): Generator<Removed> {
  const steps = [eraseAcknowledged, dropReadImages, dropHitImages, dropReads];
  const inTransaction = database.transaction((work: () => Removed) => work());
  const oldestMs = budget.nowMs - budget.retentionMs;
  for (;;) {
    const removed = inTransaction(() => eraseOld(database, oldestMs));
    if (isNothing(removed)) break;
    yield removed;
  }
  while (usedBytes(database) > budget.mostBytes) {
    let removed = NOTHING;
    for (const step of steps) {
      removed = inTransaction(() => step(database, budget));
      if (!isNothing(removed)) break;
    }
    if (isNothing(removed)) return;
    yield removed;
  }
}

const NOTHING: Removed = { 'erased.age': 0, 'erased.budget': 0, 'dropped.image': 0, 'dropped.read': 0 };

function isNothing(removed: Removed): boolean {
  return Object.values(removed).every((value) => value === 0);
}

const ACKNOWLEDGED = `phase = 'closed' AND NOT EXISTS (SELECT 1 FROM outbox WHERE record_id = records.id)`;

function eraseOld(database: SqliteDatabase, oldestMs: number): Removed {
  const erased = database
    .prepare(
      `DELETE FROM records WHERE id IN (SELECT id FROM records
         WHERE committed_at_ms < ? AND ${ACKNOWLEDGED} ORDER BY sequence LIMIT ${STEP})`,
    )
    .run(oldestMs).changes;
  return counted(database, { 'erased.age': erased });
}

function eraseAcknowledged(database: SqliteDatabase): Removed {
  const erased = database
    .prepare(
      `DELETE FROM records WHERE id IN (SELECT id FROM records
         WHERE ${ACKNOWLEDGED} ORDER BY sequence LIMIT ${STEP})`,
    )
    .run().changes;
  return counted(database, { 'erased.budget': erased });
}

function dropReadImages(database: SqliteDatabase, budget: Budget): Removed {
  return dropImages(database, budget, 'NOT');
}

function dropHitImages(database: SqliteDatabase, budget: Budget): Removed {
  return dropImages(database, budget, '');
}

/** Pictures that were acknowledged go as well, with those of the same record that were not. */
function dropImages(database: SqliteDatabase, budget: Budget, not: 'NOT' | ''): Removed {
  const ids = database
    .prepare(
      `SELECT id FROM records WHERE phase = 'closed' AND EXISTS (SELECT 1 FROM images WHERE record_id = records.id)
         AND ${not} EXISTS (SELECT 1 FROM hits WHERE record_id = records.id)
        ORDER BY sequence`,
    )
    .pluck()
    .iterate() as IterableIterator<string>;
  const waiting = database
    .prepare('SELECT id FROM outbox WHERE record_id = ? AND image_kind IS NOT NULL')
    .pluck();
  const chosen = take(ids, (id) => !(waiting.all(id) as number[]).some(budget.isLeased));
  let dropped = 0;
  let erased = 0;
  for (const id of chosen) {
    const unsent = database
      .prepare('DELETE FROM outbox WHERE record_id = ? AND image_kind IS NOT NULL')
      .run(id).changes;
    dropped += unsent;
    erased += database.prepare('DELETE FROM images WHERE record_id = ?').run(id).changes - unsent;
  }
  return counted(database, { 'dropped.image': dropped, 'erased.budget': erased });
}

function dropReads(database: SqliteDatabase, budget: Budget): Removed {
  const ids = database
    .prepare(
      `SELECT record_id FROM outbox WHERE lane = ${LANES.reads}
         AND NOT EXISTS (SELECT 1 FROM hits WHERE record_id = outbox.record_id) ORDER BY id`,
    )
    .pluck()
    .iterate() as IterableIterator<string>;
  const waiting = database.prepare('SELECT id FROM outbox WHERE record_id = ?').pluck();
  const chosen = take(ids, (id) => !(waiting.all(id) as number[]).some(budget.isLeased));
  for (const id of chosen) database.prepare('DELETE FROM records WHERE id = ?').run(id);
  return counted(database, { 'dropped.read': chosen.length });
}

/** The first STEP that may go; the iterator is closed, so that the statement is free again. */
function take(ids: IterableIterator<string>, mayGo: (id: string) => boolean): string[] {
  const chosen: string[] = [];
  for (const id of ids) {
    if (!mayGo(id)) continue;
    if (chosen.push(id) === STEP) break;
  }
  return chosen;
}

function counted(database: SqliteDatabase, removed: Partial<Removed>): Removed {
  for (const [counter, by] of Object.entries(removed) as [Counter, number][]) {
    if (by > 0) count(database, counter, by);
  }
  return { ...NOTHING, ...removed };
}
