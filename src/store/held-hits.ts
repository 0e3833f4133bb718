import type { CrewDecision, HeldHit } from '../domain/held-hit.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import { type HitRow, hitFrom } from './rows.js';

/**
 * The hits that are held, for a crew's screen: what it was told before a restart, and what it decided.
 * Only reads, and nothing here is asked for while vehicles pass but by the id of a hit.
 */
export interface HeldHitsPage {
  /**
   * Hits since either time are given: by the store's own clock, which a leap does not disturb, of the record, or by
   * the system's of the commit. A hit too many is better than one that the crew is not told of.
   */
  readonly sinceBelievedMs: number;
  readonly sinceMs: number;
  readonly limit: number;
}

type HeldHitRow = Omit<HitRow, 'clock' | 'committed_at_ms'>;

interface DecisionRow {
  readonly hitId: string;
  readonly kind: CrewDecision;
  readonly at: string;
}

const HIT = `SELECT h.id, h.record_id, h.match_key, h.matched_at_ms, h.match, h.passage, h.stands, h.read_key FROM hits h`;

/** The newest of those that alert a crew, the oldest of them first. */
export function heldHits(database: SqliteDatabase, page: HeldHitsPage): readonly HeldHit[] {
  const rows = database
    .prepare(
      `${HIT} JOIN records r ON r.id = h.record_id
        WHERE (r.believed_at_ms >= @sinceBelievedMs OR h.committed_at_ms >= @sinceMs) AND h.match ->> '$.alerts'
        ORDER BY h.rowid DESC LIMIT @limit`,
    )
    .all(page) as HeldHitRow[];
  const decisions = decisionsIn(database);
  return rows.reverse().map((row) => heldFrom(row, decisions.get(row.id)));
}

/** Without a decision: it has just been issued. @returns undefined where there is none of this id. */
export function heldHit(database: SqliteDatabase, hitId: string): HeldHit | undefined {
  const row = database.prepare(`${HIT} WHERE h.id = ?`).get(hitId) as HeldHitRow | undefined;
  return row && heldFrom(row, undefined);
}

/** The last decision of each hit, out of the statements that tell the centre of it. */
function decisionsIn(database: SqliteDatabase): ReadonlyMap<string, DecisionRow> {
  const rows = database
    .prepare(
      `SELECT text ->> '$.hitId' AS hitId, text ->> '$.kind' AS kind, text ->> '$.at' AS at FROM statements
        WHERE kind = 'event' AND text ->> '$.hitId' IS NOT NULL ORDER BY id`,
    )
    .all() as DecisionRow[];
  return new Map(rows.map((row) => [row.hitId, row]));
}

function heldFrom(row: HeldHitRow, decision: DecisionRow | undefined): HeldHit {
  return {
    hit: hitFrom(row),
    passage: JSON.parse(row.passage),
    stands: row.stands === 1,
    ...(decision !== undefined && { decision: decision.kind, decidedAtMs: Date.parse(decision.at) }),
  };
}
