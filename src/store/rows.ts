import type { CaptureRecord, Hit } from '../domain/capture-record.js';
import type { Passage } from '../domain/passage.js';
import type { SealedPosition } from '../domain/position.js';

/** How records, hits and pictures are written in the tables, and read back. */

export interface RecordRow {
  readonly id: string;
  readonly sequence: number;
  readonly camera_id: string;
  readonly phase: 'settled' | 'closed';
  readonly passage: string;
  readonly clock: string;
  /** Of the read; empty where there is none. */
  readonly match_key: string;
  /** When its read was compared with the lists; null where it was not. */
  readonly matched_at_ms: number | null;
  /** Sealed, as JSON; null where there was none. */
  readonly position: string | null;
}

export interface HitRow {
  readonly id: string;
  readonly record_id: string;
  /** Of the listed mark. */
  readonly match_key: string;
  readonly matched_at_ms: number;
  readonly committed_at_ms: number;
  readonly match: string;
  readonly passage: string;
  readonly clock: string;
  readonly stands: 0 | 1;
  /** Of the read that matched. */
  readonly read_key: string;
  /** Of the record as it was then. */
  readonly position: string | null;
}

/** The key of what the plate says; empty where it could not be read. */
export function readKeyOf({ outcome }: Passage): string {
  return outcome.kind === 'read' ? outcome.read.matchKey : '';
}

/** A passage as JSON; its pictures are rows of their own. */
export function passageText(passage: Passage): string {
  const { platePatch, overviewImage, ...text } = passage;
  return JSON.stringify(text);
}

/** A sealed position as JSON; null where there is none. */
export function positionText(position: SealedPosition | undefined): string | null {
  return position === undefined ? null : JSON.stringify(position);
}

export function recordFrom(
  row: Pick<RecordRow, 'id' | 'sequence' | 'passage' | 'clock' | 'position'>,
): CaptureRecord {
  return {
    id: row.id,
    sequence: row.sequence,
    passage: JSON.parse(row.passage),
    clock: JSON.parse(row.clock),
    ...(row.position !== null && { position: JSON.parse(row.position) }),
  };
}

export function hitFrom(row: Pick<HitRow, 'id' | 'record_id' | 'matched_at_ms' | 'match'>): Hit {
  return {
    id: row.id,
    recordId: row.record_id,
    matchedAtMs: row.matched_at_ms,
    match: JSON.parse(row.match),
  };
}
