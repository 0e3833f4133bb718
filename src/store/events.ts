import type { DeviceEvent } from '../domain/device-event.js';
import { enqueueStatement } from './enqueue.js';
import { prepared } from './prepared.js';
import type { Writing } from './statements.js';

/**
 * Events are their statements: a table of their own would say the same again, and could differ. Runs inside one
 * transaction.
 */
export function commitEvent(writing: Writing, event: DeviceEvent): void {
  const isHeld = prepared(
    writing.database,
    `SELECT 1 FROM statements WHERE kind = 'event' AND subject_id = ?`,
  ).get(event.id);
  if (isHeld !== undefined) return;
  enqueueStatement(writing, { kind: 'event', event, committedAtMs: writing.nowMs });
}
