import { type ImageKind, LANES, type Lane } from '../domain/outbox.js';
import type { StatementSource } from '../domain/statement.js';
import { prepared } from './prepared.js';
import { seal, type Writing } from './statements.js';

/** Puts things at the end of their lane; called inside the transaction that stores them. */

interface Row {
  readonly lane: Lane;
  readonly recordId?: string;
  readonly statementId?: number;
  readonly imageKind?: ImageKind;
  readonly health?: { readonly id: string; readonly atMs: number; readonly text: string };
  readonly bytes: number;
  /** Of a row that has waited before; it keeps its place. */
  readonly was?: { readonly id: number; readonly queuedAtMs: number };
}

export function enqueue({ database, nowMs, believedAtMs }: Writing, row: Row): void {
  const { health, was } = row;
  prepared(
    database,
    `INSERT INTO outbox (id, lane, record_id, statement_id, image_kind, health_id, health_at_ms, health,
       bytes, queued_at_ms, believed_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    was?.id ?? null,
    LANES[row.lane],
    row.recordId ?? null,
    row.statementId ?? null,
    row.imageKind ?? null,
    health?.id ?? null,
    health?.atMs ?? null,
    health?.text ?? null,
    row.bytes,
    was?.queuedAtMs ?? nowMs,
    believedAtMs,
  );
}

const LANE_OF = { hit: 'hits', read: 'reads', event: 'hits', loss: 'health' } as const;

/** Seals what is said and puts it into its lane. */
export function enqueueStatement(writing: Writing, source: StatementSource, was?: Row['was']): void {
  const recordId = 'record' in source ? source.record.id : undefined;
  enqueue(writing, {
    lane: LANE_OF[source.kind],
    ...(recordId !== undefined && { recordId }),
    ...seal(writing, source, recordId ?? null),
    ...(was !== undefined && { was }),
  });
}
