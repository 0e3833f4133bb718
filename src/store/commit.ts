import { uuidv7 } from 'uuidv7';
import type { CaptureRecord, ClockQuality, Hit } from '../domain/capture-record.js';
import type { ImageKind } from '../domain/outbox.js';
import type { Passage } from '../domain/passage.js';
import type { Match } from '../domain/voi.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import { count } from './counters.js';
import { enqueue } from './outbox.js';
import { type HitRow, type ImageRow, passageText, type RecordRow, readKeyOf, recordFrom } from './rows.js';

/** A passage as it was reported, with what matching made of its read. */
export interface Report {
  readonly passage: Passage;
  readonly match?: Match;
  /** UTC, milliseconds; the time of the commit where it is left out. */
  readonly matchedAtMs?: number;
  readonly clock: ClockQuality;
}

export interface Committed {
  /** The record as it is stored now, without its pictures. */
  readonly record: CaptureRecord;
  /** The hit that this report added; absent where it added none, also when it is a repeat. */
  readonly hit?: Hit;
}

/**
 * Writes one report: record, pictures, hit and what is to be sent. Runs inside one transaction.
 *
 * Invariants
 * - A record takes its sequence number when it is first reported; numbers have no gap.
 * - A report of a phase that the record has already reached changes nothing: it is a repeat after
 *   a crash (the first one was committed, its acknowledgement was lost).
 * - The read goes out once, when the passage is closed; pictures after the text they belong to.
 * - A hit is issued once per record, mark and list. It goes out with the first report that matches,
 *   and it is never taken back: the crew may be acting on it. When the closed read matches what no
 *   hit of this record has named (another mark, or another list), that is a further hit; so is the
 *   first that alerts a crew, where those before it were too unlikely to.
 * - A hit stands when the closed read is the one that it came from, or says the listed mark, or
 *   still matches it. Otherwise the read that goes out says that it does not.
 */
export function commitReport(database: SqliteDatabase, report: Report, nowMs: number): Committed {
  const { passage, clock } = report;
  const before = database.prepare('SELECT * FROM records WHERE id = ?').get(passage.id) as
    | RecordRow
    | undefined;
  if (before !== undefined && (before.phase === 'closed' || passage.phase === 'settled')) {
    return { record: recordFrom(before) };
  }
  const row: RecordRow = {
    id: passage.id,
    sequence: before?.sequence ?? count(database, 'sequence', 1),
    camera_id: passage.cameraId,
    phase: passage.phase,
    passage: passageText(passage),
    clock: JSON.stringify(clock),
    match_key: readKeyOf(passage),
  };
  database
    .prepare(
      `INSERT INTO records VALUES (@id, @sequence, @camera_id, @phase, @passage, @clock, @nowMs, @match_key)
         ON CONFLICT (id) DO UPDATE SET phase = @phase, passage = @passage, clock = @clock, match_key = @match_key`,
    )
    .run({ ...row, nowMs });
  keepImages(database, passage);
  const hit = report.match && issueHit(database, row, report.match, report.matchedAtMs ?? nowMs, nowMs);
  if (passage.phase === 'closed') {
    database
      .prepare(
        'UPDATE hits SET stands = (match_key IN (@read, @matched) OR read_key = @read) WHERE record_id = @id',
      )
      .run({ read: row.match_key, matched: report.match?.matchKey ?? '', id: row.id });
    enqueue(database, { lane: 'reads', recordId: row.id, nowMs });
  }
  enqueueImages(database, row, nowMs);
  return { record: recordFrom(row), ...(hit && { hit }) };
}

/**
 * Completes records whose passage will never be closed, because the process that watched it is
 * gone: they are sent with what was known.
 * @returns how many there were.
 */
export function completeOpen(database: SqliteDatabase, cameraId: string | undefined, nowMs: number): number {
  const open = database
    .prepare(
      `SELECT * FROM records WHERE phase = 'settled' AND camera_id = coalesce(?, camera_id) ORDER BY sequence`,
    )
    .all(cameraId ?? null) as RecordRow[];
  for (const row of open) {
    const passage = passageText({ ...JSON.parse(row.passage), phase: 'closed' });
    database.prepare(`UPDATE records SET phase = 'closed', passage = ? WHERE id = ?`).run(passage, row.id);
    enqueue(database, { lane: 'reads', recordId: row.id, nowMs });
    enqueueImages(database, { ...row, phase: 'closed' }, nowMs);
  }
  return open.length;
}

/**
 * Adds a hit to a record that is held, because a list has changed since it was checked. Its pictures
 * go again, behind the hit, unless an earlier hit has brought them: who reads only hits has none yet.
 * @returns undefined where the record is gone by now, or has this hit already.
 */
export function commitLate(
  database: SqliteDatabase,
  recordId: string,
  { match, matchedAtMs, nowMs }: { match: Match; matchedAtMs: number; nowMs: number },
): Hit | undefined {
  const row = database.prepare('SELECT * FROM records WHERE id = ?').get(recordId) as RecordRow | undefined;
  if (row === undefined) return undefined;
  const isFirst = database.prepare('SELECT 1 FROM hits WHERE record_id = ?').get(recordId) === undefined;
  const hit = issueHit(database, row, { ...match, late: true }, matchedAtMs, nowMs);
  if (hit === undefined) return undefined;
  if (isFirst) database.prepare('UPDATE images SET queued = 0 WHERE record_id = ?').run(recordId);
  enqueueImages(database, row, nowMs);
  return hit;
}

function issueHit(
  database: SqliteDatabase,
  row: RecordRow,
  match: Match,
  matchedAtMs: number,
  nowMs: number,
): Hit | undefined {
  const named = new Set(
    (
      database
        .prepare('SELECT match FROM hits WHERE record_id = ? AND match_key = ?')
        .all(row.id, match.matchKey) as Pick<HitRow, 'match'>[]
    )
      .map((hit) => JSON.parse(hit.match) as Match)
      .filter(({ alerts }) => alerts || !match.alerts)
      .flatMap(({ entries }) => entries.map(({ list }) => list.id)),
  );
  if (match.entries.every(({ list }) => named.has(list.id))) return undefined;
  const hit: Hit = { id: uuidv7(), recordId: row.id, matchedAtMs, match };
  database
    .prepare('INSERT INTO hits VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?)')
    .run(
      hit.id,
      row.id,
      match.matchKey,
      matchedAtMs,
      nowMs,
      JSON.stringify(match),
      row.passage,
      row.clock,
      row.match_key,
    );
  enqueue(database, { lane: 'hits', recordId: row.id, hitId: hit.id, nowMs });
  return hit;
}

function keepImages(database: SqliteDatabase, passage: Passage): void {
  const pictures = [
    ['plate-patch', passage.platePatch],
    ['overview', passage.overviewImage],
  ] as const satisfies readonly (readonly [ImageKind, unknown])[];
  for (const [kind, image] of pictures) {
    if (image === undefined) continue;
    const before = database
      .prepare('SELECT * FROM images WHERE record_id = ? AND kind = ?')
      .get(passage.id, kind) as ImageRow | undefined;
    if (before?.jpeg.equals(image.jpeg)) continue;
    database
      .prepare('INSERT OR REPLACE INTO images VALUES (?, ?, ?, 0, ?, ?, ?, ?)')
      .run(
        passage.id,
        kind,
        (before?.revision ?? 0) + 1,
        image.widthPx,
        image.heightPx,
        passage.pictureAtMs,
        image.jpeg,
      );
  }
}

/** A hit's pictures go at once, so that the crew sees the vehicle; the others when they are final. */
function enqueueImages(database: SqliteDatabase, row: RecordRow, nowMs: number): void {
  const isHit = database.prepare('SELECT 1 FROM hits WHERE record_id = ?').get(row.id) !== undefined;
  if (!isHit && row.phase !== 'closed') return;
  const kinds = database
    .prepare('UPDATE images SET queued = 1 WHERE record_id = ? AND queued = 0 RETURNING kind')
    .pluck()
    .all(row.id) as ImageKind[];
  // The plate first: it is a tenth of the overview and says more.
  for (const imageKind of kinds.sort().reverse()) {
    // An earlier picture that still waits has become pointless: the better one takes its place.
    database.prepare('DELETE FROM outbox WHERE record_id = ? AND image_kind = ?').run(row.id, imageKind);
    const lane = isHit ? 'hit-images' : 'read-images';
    enqueue(database, { lane, recordId: row.id, imageKind, nowMs });
  }
}
