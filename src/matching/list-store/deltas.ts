import type { MatchKey } from '../../domain/vrm.js';
import type { SqliteDatabase } from '../../lib/sqlite.js';
import type { MarkGroup } from '../mark-group.js';
import { gap } from './failures.js';
import { differenceOf, outOfOrder, putRevision, READER_GRACE_MS } from './generations.js';
import { type ListMeta, listInForce, putList, refuseReplay, type StoredList } from './list-rows.js';
import { countOfText } from './row-text.js';
import { entriesTable } from './schema.js';
import { elapsedMs, type Moment } from './writer.js';

/**
 * Deltas: new versions of marks beside the old ones, in the generation that is in force.
 *
 * Invariants
 * - A delta is one transaction: its versions, the journal of what it touched, the list's row.
 * - A version is collected only when every revision that shows it went out of force at least
 *   READER_GRACE_MS ago. So whoever read the list since then finds all of its revision.
 * - The journal of a generation holds every mark touched after `generations.journal_from`.
 */

/** A reader that is further behind loads the list again; that costs less than a long journal. */
export const JOURNAL_REVISIONS = 50;
export const JOURNAL_KEYS = 200_000;

/** Versions of one collecting transaction: each lies in a page of its own, so these take a tenth of a second. */
const COLLECT_STEP_VERSIONS = 2_000;

/**
 * @param groups marks that changed after revision `from`, ascending, as they stand at
 *   `meta.revision`; without rows: off the list.
 * @throws DeviceError hotlist.replayed; hotlist.gap where `from` is later than what is held, or that
 *   is not its owner's, or the list does not come out as `meta` says; hotlist.package-invalid where the groups are out of order.
 */
export function applyDelta(
  database: SqliteDatabase,
  meta: ListMeta,
  from: number,
  groups: Iterable<MarkGroup>,
  now: Moment,
): StoredList {
  return database
    .transaction(() => {
      const held = listInForce(database, meta.id);
      if (held === undefined) throw gap(meta.id, 'it is not held, so nothing can be changed on it');
      refuseReplay(database, meta.id, meta.revision);
      // A delta says how marks stand in the end, so one that begins earlier than needed fits too.
      if (from > held.revision) {
        throw gap(meta.id, `the change begins at revision ${from}, revision ${held.revision} is held`);
      }
      // Somebody may have imported another list under this id since the delta was chosen.
      if (meta.origin === 'signed' && held.origin !== 'signed') {
        throw gap(meta.id, 'an administrator has imported what is held, and its owner did not change that');
      }
      const counts = writeVersions(database, held, meta.revision, groups);
      const difference = differenceOf(meta, counts);
      if (difference !== undefined)
        throw gap(meta.id, `the change to revision ${meta.revision} ${difference}`);
      putRevision(database, held.generation, meta.revision, now);
      trimJournal(database, held.generation);
      return putList(database, meta, counts, held.generation);
    })
    .immediate();
}

function writeVersions(
  database: SqliteDatabase,
  held: StoredList,
  revision: number,
  groups: Iterable<MarkGroup>,
): { markCount: number; entryCount: number } {
  const { generation } = held;
  const newest = database.prepare(
    `SELECT since, rows FROM ${entriesTable(generation)} WHERE match_key = ? ORDER BY since DESC LIMIT 1`,
  );
  const insert = database.prepare(`INSERT INTO ${entriesTable(generation)} VALUES (?, ?, ?)`);
  const journal = database.prepare('INSERT INTO journal VALUES (?, ?, ?, ?)');
  const leave = database.prepare('INSERT INTO superseded_versions VALUES (?, ?, ?, ?)');
  let { markCount, entryCount } = held;
  let lastKey = '';
  for (const { matchKey, rowCount, rowsText } of groups) {
    if (matchKey <= lastKey) throw outOfOrder(held.id);
    lastKey = matchKey;
    const old = newest.get(matchKey) as { since: number; rows: string } | undefined;
    const text = rowCount === 0 ? '' : rowsText;
    if (text === (old?.rows ?? '')) continue;
    insert.run(matchKey, revision, text);
    journal.run(generation, revision, matchKey, text === '' ? 0 : 1);
    if (old !== undefined) leave.run(generation, revision, matchKey, old.since);
    // What says that a mark is off the list is needed no longer than what it hides.
    if (text === '') leave.run(generation, revision, matchKey, revision);
    markCount += Math.sign(rowCount) - (old === undefined || old.rows === '' ? 0 : 1);
    entryCount += rowCount - countOfText(old?.rows ?? '');
  }
  return { markCount, entryCount };
}

function trimJournal(database: SqliteDatabase, generation: number): void {
  const revisions = database
    .prepare(
      'SELECT revision, count(*) AS keys FROM journal WHERE generation = ? GROUP BY revision ORDER BY revision DESC',
    )
    .all(generation) as { revision: number; keys: number }[];
  let keys = 0;
  const tooOld = revisions.find((row, index) => {
    keys += row.keys;
    return index >= JOURNAL_REVISIONS || keys > JOURNAL_KEYS;
  });
  if (tooOld === undefined) return;
  database
    .prepare('DELETE FROM journal WHERE generation = ? AND revision <= ?')
    .run(generation, tooOld.revision);
  database
    .prepare('UPDATE generations SET journal_from = ? WHERE generation = ?')
    .run(tooOld.revision, generation);
}

export interface TouchedKey {
  readonly key: MatchKey;
  /** Whether the mark is on the list now. */
  readonly present: boolean;
}

/** @returns marks touched after revision `from` up to the list's own; undefined: further back than is kept. */
export function touchedKeys(
  database: SqliteDatabase,
  list: { readonly generation: number; readonly revision: number },
  from: number,
): TouchedKey[] | undefined {
  return database.transaction(() => {
    const reach = database
      .prepare('SELECT journal_from FROM generations WHERE generation = ?')
      .pluck()
      .get(list.generation) as number | undefined;
    if (reach === undefined || from < reach) return undefined;
    // With max(), SQLite takes the other columns from the row of the maximum: the latest word.
    const touched = database
      .prepare(
        `SELECT match_key AS key, is_present AS present, max(revision) FROM journal
          WHERE generation = ? AND revision > ? AND revision <= ? GROUP BY match_key ORDER BY match_key`,
      )
      .all(list.generation, from, list.revision) as { key: MatchKey; present: number }[];
    return touched.map(({ key, present }) => ({ key, present: present === 1 }));
  })();
}

/**
 * Deletes some of the versions that nobody can see any more.
 * @returns whether there are more.
 */
export function collectStep(database: SqliteDatabase, generation: number, now: Moment): boolean {
  const horizon = oldestReadable(database, generation, now);
  if (horizon === undefined) return false;
  return database
    .transaction(() => {
      const versions = database
        .prepare(
          `SELECT revision, match_key AS matchKey, since FROM superseded_versions
            WHERE generation = ? AND revision <= ? ORDER BY revision, match_key, since LIMIT ?`,
        )
        .all(generation, horizon, COLLECT_STEP_VERSIONS) as {
        revision: number;
        matchKey: string;
        since: number;
      }[];
      const isThere = database.prepare('SELECT 1 FROM generations WHERE generation = ?').get(generation);
      if (isThere === undefined) return false;
      const collect = database.prepare(
        `DELETE FROM ${entriesTable(generation)} WHERE match_key = ? AND since = ?`,
      );
      const forget = database.prepare(
        'DELETE FROM superseded_versions WHERE generation = ? AND revision = ? AND match_key = ? AND since = ?',
      );
      // In this order what hides an older version goes after it, never before.
      for (const { revision, matchKey, since } of versions) {
        collect.run(matchKey, since);
        forget.run(generation, revision, matchKey, since);
      }
      database
        .prepare('DELETE FROM revisions WHERE generation = ? AND revision < ?')
        .run(generation, horizon);
      return versions.length === COLLECT_STEP_VERSIONS;
    })
    .immediate();
}

/** The latest revision that has been in force for READER_GRACE_MS: nobody reads an earlier one. */
function oldestReadable(database: SqliteDatabase, generation: number, now: Moment): number | undefined {
  const revisions = database
    .prepare(
      'SELECT revision, boot, mono_ms AS monoMs FROM revisions WHERE generation = ? ORDER BY revision DESC',
    )
    .all(generation) as (Moment & { revision: number })[];
  return revisions.find((row) => elapsedMs(row, now) >= READER_GRACE_MS)?.revision;
}
