import type { Row } from './row-copy.js';

/**
 * Records for what is left of one whose own row was lost: a hit, a statement or a picture belongs to a record, and
 * goes with it when it is erased.
 */
const LOST = { phase: 'closed', clock: '{"source":"unknown"}', match_key: '' };

/** A hit carries its record as it was then. */
export function stubFromHit(hit: Row): Row {
  const { cameraId } = JSON.parse(hit.passage as string) as { cameraId: string };
  return {
    ...LOST,
    id: hit.record_id,
    camera_id: cameraId,
    passage: hit.passage,
    clock: hit.clock,
    position: hit.position ?? null,
    match_key: hit.read_key ?? '',
    matched_at_ms: hit.matched_at_ms,
    committed_at_ms: hit.committed_at_ms,
  };
}

/** It says where its pictures belong, and nothing that could be matched or sealed again. */
export function stubFromStatement(statement: Row): Row {
  const said = JSON.parse(statement.text as string) as {
    readonly cameraId?: string;
    readonly read?: { readonly cameraId?: string };
    readonly committedAt?: string;
  };
  return {
    ...LOST,
    id: statement.record_id,
    camera_id: said.cameraId ?? said.read?.cameraId ?? '',
    passage: '{}',
    committed_at_ms: Date.parse(said.committedAt ?? '') || 0,
  };
}
