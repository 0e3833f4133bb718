import { uuidv7 } from 'uuidv7';
import type { CaptureRecord, ClockQuality, Hit } from '../domain/capture-record.js';
import type { HitReference, ImageKind } from '../domain/outbox.js';
import type { Passage } from '../domain/passage.js';
import type { SealedPosition } from '../domain/position.js';
import type { Match } from '../domain/voi.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import { count } from './counters.js';
import { enqueue, enqueueStatement } from './enqueue.js';
import { prepared } from './prepared.js';
import { type HitRow, passageText, positionText, type RecordRow, readKeyOf, recordFrom } from './rows.js';
import { imageDigests, sha256Of, type Writing } from './statements.js';

/** A passage as it was reported, with what matching made of its read. */
export interface Report {
  readonly passage: Passage;
  readonly match?: Match;
  /**
   * UTC, milliseconds: when its read was compared with the lists, whatever came of it; the time of the
   * commit where there is a match and this is left out.
   */
  readonly matchedAtMs?: number;
  readonly clock: ClockQuality;
  /** Of the moment of capture, sealed; what an earlier report said stays where this one has none. */
  readonly position?: SealedPosition;
}

export interface Committed {
  /** The record as it is stored now, without its pictures. */
  readonly record: CaptureRecord;
  /** The hit that this report added; absent where it added none, also when it is a repeat. */
  readonly hit?: Hit;
}

/**
 * Writes one report: record, pictures, hit, and the sealed statements that are to be sent. Runs inside one
 * transaction.
 *
 * Invariants
 * - A record takes its sequence number when it is first reported, one above the last one given.
 * - A report of a phase that the record has already reached changes nothing: it is a repeat after
 *   a crash (the first one was committed, its acknowledgement was lost).
 * - The read is sealed and goes out once, when the passage is closed; pictures after the text they belong to.
 * - A hit is issued once per record, mark and list. It goes out with the first report that matches,
 *   and it is never taken back: the crew may be acting on it. When the closed read matches what no
 *   hit of this record has named (another mark, or another list), that is a further hit; so is the
 *   first that alerts a crew, where those before it were too unlikely to.
 * - A hit stands when the closed read is the one that it came from, or says the listed mark, or
 *   still matches it. Otherwise the read that goes out says that it does not.
 */
export function commitReport(writing: Writing, report: Report): Committed {
  const { database, nowMs } = writing;
  const { passage, clock } = report;
  const before = recordRow(database, passage.id);
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
    matched_at_ms: report.matchedAtMs ?? (report.match === undefined ? null : nowMs),
    position: positionText(report.position) ?? before?.position ?? null,
  };
  prepared(
    database,
    `INSERT INTO records (id, sequence, camera_id, phase, passage, clock, match_key, matched_at_ms,
         position, committed_at_ms, believed_at_ms)
       VALUES (@id, @sequence, @camera_id, @phase, @passage, @clock, @match_key, @matched_at_ms,
         @position, @nowMs, @believedAtMs)
       ON CONFLICT (id) DO UPDATE SET phase = @phase, passage = @passage, clock = @clock,
         match_key = @match_key, matched_at_ms = @matched_at_ms, position = @position`,
  ).run({ ...row, nowMs, believedAtMs: writing.believedAtMs });
  keepImages(database, passage);
  const hit = report.match && issueHit(writing, row, report.match, row.matched_at_ms ?? nowMs);
  if (passage.phase === 'closed') {
    prepared(
      database,
      'UPDATE hits SET stands = (match_key IN (@read, @matched) OR read_key = @read) WHERE record_id = @id',
    ).run({ read: row.match_key, matched: report.match?.matchKey ?? '', id: row.id });
    enqueueRead(writing, row);
  }
  enqueueImages(writing, row);
  return { record: recordFrom(row), ...(hit && { hit }) };
}

/**
 * Completes records whose passage will never be closed, because the process that watched it is
 * gone: they are sent with what was known.
 * @returns how many there were.
 */
export function completeOpen(writing: Writing, cameraId: string | undefined): number {
  const { database } = writing;
  const open = prepared<RecordRow>(
    database,
    `SELECT * FROM records INDEXED BY records_open
       WHERE phase = 'settled' AND camera_id = coalesce(?, camera_id) ORDER BY sequence`,
  ).all(cameraId ?? null);
  for (const row of open) complete(writing, row);
  return open.length;
}

/** As completeOpen, of these alone. */
export function completeThese(writing: Writing, recordIds: readonly string[]): void {
  for (const id of recordIds) {
    const row = recordRow(writing.database, id);
    if (row?.phase === 'settled') complete(writing, row);
  }
}

function complete(writing: Writing, before: RecordRow): void {
  const passage = passageText({ ...JSON.parse(before.passage), phase: 'closed' });
  const row: RecordRow = { ...before, phase: 'closed', passage };
  prepared(writing.database, `UPDATE records SET phase = 'closed', passage = ? WHERE id = ?`).run(
    passage,
    row.id,
  );
  enqueueRead(writing, row);
  enqueueImages(writing, row);
}

/**
 * Adds a hit to a record that is held, because a list has changed since it was checked. Its pictures
 * go again, behind the hit, unless an earlier hit has brought them: who reads only hits has none yet.
 * @returns undefined where the record is gone by now, or has this hit already.
 */
export function commitLate(
  writing: Writing,
  recordId: string,
  { match, matchedAtMs }: { match: Match; matchedAtMs: number },
): Hit | undefined {
  const { database } = writing;
  const row = recordRow(database, recordId);
  if (row === undefined) return undefined;
  const isFirst = hitsOf(database, recordId).length === 0;
  const hit = issueHit(writing, row, { ...match, late: true }, matchedAtMs);
  if (hit === undefined) return undefined;
  if (isFirst) prepared(database, 'UPDATE images SET queued = 0 WHERE record_id = ?').run(recordId);
  enqueueImages(writing, row);
  return hit;
}

function recordRow(database: SqliteDatabase, id: string): RecordRow | undefined {
  return prepared<RecordRow>(database, 'SELECT * FROM records WHERE id = ?').get(id);
}

/** In the order in which they were issued. */
export function hitsOf(database: SqliteDatabase, recordId: string): readonly HitReference[] {
  return prepared<Pick<HitRow, 'id' | 'stands'>>(
    database,
    'SELECT id, stands FROM hits WHERE record_id = ? ORDER BY rowid',
  )
    .all(recordId)
    .map(({ id, stands }) => ({ id, stands: stands === 1 }));
}

function issueHit(writing: Writing, row: RecordRow, match: Match, matchedAtMs: number): Hit | undefined {
  const { database, nowMs } = writing;
  const named = new Set(
    prepared<Pick<HitRow, 'match'>>(database, 'SELECT match FROM hits WHERE record_id = ? AND match_key = ?')
      .all(row.id, match.matchKey)
      .map((hit) => JSON.parse(hit.match) as Match)
      .filter(({ alerts }) => alerts || !match.alerts)
      .flatMap(({ entries }) => entries.map(({ list }) => list.id)),
  );
  if (match.entries.every(({ list }) => named.has(list.id))) return undefined;
  const hit: Hit = { id: uuidv7(), recordId: row.id, matchedAtMs, match };
  prepared(
    database,
    `INSERT INTO hits (id, record_id, match_key, matched_at_ms, committed_at_ms, match, passage, clock, stands,
       read_key, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)`,
  ).run(
    hit.id,
    row.id,
    match.matchKey,
    matchedAtMs,
    nowMs,
    JSON.stringify(match),
    row.passage,
    row.clock,
    row.match_key,
    row.position,
  );
  const images = imageDigests(database, row.id);
  enqueueStatement(writing, { kind: 'hit', hit, record: recordFrom(row), images, committedAtMs: nowMs });
  return hit;
}

function enqueueRead(writing: Writing, row: RecordRow): void {
  const { database, nowMs } = writing;
  enqueueStatement(writing, {
    kind: 'read',
    record: recordFrom(row),
    hits: hitsOf(database, row.id),
    images: imageDigests(database, row.id),
    ...(row.matched_at_ms !== null && { matchedAtMs: row.matched_at_ms }),
    committedAtMs: nowMs,
  });
}

function keepImages(database: SqliteDatabase, passage: Passage): void {
  const pictures = [
    ['plate-patch', passage.platePatch],
    ['overview', passage.overviewImage],
  ] as const satisfies readonly (readonly [ImageKind, unknown])[];
  for (const [kind, image] of pictures) {
    if (image === undefined) continue;
    const before = prepared<{ revision: number; sha256: string }>(
      database,
      'SELECT revision, sha256 FROM images WHERE record_id = ? AND kind = ?',
    ).get(passage.id, kind);
    const sha256 = sha256Of(image.jpeg);
    if (before?.sha256 === sha256) continue;
    prepared(
      database,
      `INSERT OR REPLACE INTO images (record_id, kind, revision, queued, width_px, height_px, picture_at_ms,
         jpeg, sha256) VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?)`,
    ).run(
      passage.id,
      kind,
      (before?.revision ?? 0) + 1,
      image.widthPx,
      image.heightPx,
      passage.pictureAtMs,
      image.jpeg,
      sha256,
    );
  }
}

/** A hit's pictures go at once, so that the crew sees the vehicle; the others when they are final. */
function enqueueImages(writing: Writing, row: RecordRow): void {
  const { database } = writing;
  const isHit = hitsOf(database, row.id).length > 0;
  if (!isHit && row.phase !== 'closed') return;
  const pictures = prepared<{ imageKind: ImageKind; bytes: number }>(
    database,
    `UPDATE images SET queued = 1 WHERE record_id = ? AND queued = 0
       RETURNING kind AS imageKind, length(jpeg) AS bytes`,
  ).all(row.id);
  // The plate first: it is a tenth of the overview and says more.
  pictures.sort((a, b) => (a.imageKind < b.imageKind ? 1 : -1));
  for (const picture of pictures) {
    // An earlier picture that still waits has become pointless: the better one takes its place.
    prepared(database, 'DELETE FROM outbox WHERE record_id = ? AND image_kind = ?').run(
      row.id,
      picture.imageKind,
    );
    enqueue(writing, { lane: isHit ? 'hit-images' : 'read-images', recordId: row.id, ...picture });
  }
}
