import { foldVrm } from '../../src/domain/vrm.js';
import { StorageKey } from '../../src/lib/storage-key.js';
import type { ListMeta } from '../../src/matching/list-store/list-rows.js';
import type { MarkGroup } from '../../src/matching/mark-group.js';
import { groupOf } from '../../src/matching/package/groups.js';
import { VOI_COLUMNS } from '../../src/matching/voi-entry.js';
import { rowOf } from './groups.js';
import { vrmOf } from './reports.js';

/** Lists as they are handed to the list store. */

export const TEST_KEY = StorageKey.fromHex('5a'.repeat(32));

const REASON = VOI_COLUMNS.findIndex(([, field]) => field === 'reason');

/** A mark with one row for each reason given; none: off the list. */
export function markWith(mark: string, ...reasons: string[]): MarkGroup {
  const rowTexts = reasons.map((reason) => JSON.stringify(rowOf(mark, { [REASON]: reason })));
  return groupOf(foldVrm(vrmOf(mark)), rowTexts);
}

/** Ascending marks M000001, M000002, ... each with one row of this reason. */
export function* numberedMarks(count: number, reason: string): Generator<MarkGroup> {
  for (let index = 1; index <= count; index++) {
    yield markWith(`M${String(index).padStart(6, '0')}`, reason);
  }
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
