import { LANES } from '../domain/outbox.js';
import { enqueue } from './enqueue.js';
import { prepared } from './prepared.js';
import type { Writing } from './statements.js';

/** The newest state report takes the place of those that wait, but for one that is on its way. */
export function putHealth(
  writing: Writing,
  report: { readonly id: string; readonly atMs: number; readonly text: string },
  isLeased: (outboxId: number) => boolean,
): void {
  const { database } = writing;
  const waiting = prepared<{ id: number }>(
    database,
    `SELECT id FROM outbox WHERE lane = ${LANES.health} AND health IS NOT NULL`,
  ).all();
  for (const { id } of waiting) {
    if (!isLeased(id)) prepared(database, 'DELETE FROM outbox WHERE id = ?').run(id);
  }
  enqueue(writing, { lane: 'health', health: report, bytes: Buffer.byteLength(report.text) });
}
