import { hitsOf } from './commit.js';
import { enqueueStatement } from './enqueue.js';
import { prepared } from './prepared.js';
import { type HitRow, hitFrom, type RecordRow, recordFrom } from './rows.js';
import { imageDigests, type Writing } from './statements.js';

interface UnsealedRow {
  readonly outbox_id: number;
  readonly record_id: string;
  readonly hit_id: string | null;
  readonly queued_at_ms: number;
}

/** Sealed in one transaction at most: what is sealed stays so, whatever happens to the rest. */
const BATCH = 500;

/**
 * Seals some of what an earlier version, which knew no statements, left waiting, or whose text was lost to damage;
 * it keeps its places in the lanes. To be called until it gives 0, before anything else is written.
 * @returns how many there were.
 */
export function sealWaiting(writing: Writing): number {
  const { database } = writing;
  const rows = prepared<UnsealedRow>(
    database,
    `SELECT * FROM unsealed ORDER BY outbox_id LIMIT ${BATCH}`,
  ).all();
  for (const row of rows) {
    sealOne({ ...writing, believedAtMs: row.queued_at_ms }, row);
    prepared(database, 'DELETE FROM unsealed WHERE outbox_id = ?').run(row.outbox_id);
  }
  return rows.length;
}

function sealOne(writing: Writing, row: UnsealedRow): void {
  const { database } = writing;
  const was = { id: row.outbox_id, queuedAtMs: row.queued_at_ms };
  const record = prepared<RecordRow & { committed_at_ms: number }>(
    database,
    'SELECT * FROM records WHERE id = ?',
  ).get(row.record_id);
  if (record === undefined) return;
  const images = imageDigests(database, record.id);
  if (row.hit_id === null) {
    const committedAtMs = record.committed_at_ms;
    const hits = hitsOf(database, record.id);
    const { matched_at_ms: matchedAtMs } = record;
    enqueueStatement(
      writing,
      {
        kind: 'read',
        record: recordFrom(record),
        hits,
        images,
        ...(matchedAtMs !== null && { matchedAtMs }),
        committedAtMs,
      },
      was,
    );
    return;
  }
  const hit = prepared<HitRow>(database, 'SELECT * FROM hits WHERE id = ?').get(row.hit_id);
  if (hit === undefined) return;
  // As it was when the hit was issued.
  const then = recordFrom({ ...record, passage: hit.passage, clock: hit.clock, position: hit.position });
  const committedAtMs = hit.committed_at_ms;
  enqueueStatement(writing, { kind: 'hit', hit: hitFrom(hit), record: then, images, committedAtMs }, was);
}
