import type { MatchKey } from '../../src/domain/vrm.js';
import { StorageKey } from '../../src/lib/storage-key.js';
import type { ListMeta } from '../../src/matching/list-store/list-rows.js';
import type { MarkGroup } from '../../src/matching/mark-group.js';
import { VOI_COLUMNS } from '../../src/matching/voi-entry.js';

export const TEST_KEY = StorageKey.fromHex('5a'.repeat(32));

/** A mark with one row for each reason given; none: off the list. */
export function groupOf(mark: string, ...reasons: string[]): MarkGroup {
  const rows = reasons.map((reason) =>
    VOI_COLUMNS.map(([, field]) => (field === 'vrm' ? mark : field === 'reason' ? reason : '')),
  );
  return { matchKey: mark as MatchKey, rows, rowsText: JSON.stringify(rows) };
}

export function metaOf(id: string, revision: number, more: Partial<ListMeta> = {}): ListMeta {
  return {
    id,
    level: 'force',
    owner: 'Kent Police',
    revision,
    issuedAtMs: Date.UTC(2026, 0, 1) + revision * 1000,
    defaultAction: 'STOP',
    takenOverAtMs: Date.UTC(2026, 0, 1) + revision * 1000 + 500,
    origin: 'signed',
    ...more,
  };
}
