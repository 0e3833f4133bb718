import type { VoiEntry, VoiList } from '../../src/domain/voi.js';
import { foldVrm, type MatchKey } from '../../src/domain/vrm.js';
import { KeyIndex } from '../../src/matching/key-index.js';
import type { EntrySource, ListInForce, ListSettings } from '../../src/matching/matcher.js';
import { listOf } from './reports.js';

const SETTINGS: ListSettings = {
  publishFrom: 0.02,
  alertFrom: 0.5,
  listedShare: 0.001,
  maximumAgeMs: 24 * 3_600_000,
};

/** A list in force of some entries, which the source that belongs to it finds again. */
export interface HeldList extends ListInForce {
  readonly entries: readonly VoiEntry[];
}

export function heldListOf(
  id: string,
  entries: readonly VoiEntry[],
  options: { readonly list?: Partial<VoiList>; readonly settings?: Partial<ListSettings> } = {},
): HeldList {
  const keys = entries.map(({ vrm }) => foldVrm(vrm));
  const counts = { markCount: new Set(keys).size, entryCount: entries.length };
  return {
    list: listOf(id, { ...counts, ...options.list }),
    generation: 1,
    index: KeyIndex.build([keys], keys.length),
    settings: { ...SETTINGS, ...options.settings },
    entries,
  };
}

/** Entries of held lists, in memory. */
export const HELD_ENTRIES: EntrySource = {
  entriesOf: (list: ListInForce, key: MatchKey) =>
    (list as HeldList).entries.filter(({ vrm }) => foldVrm(vrm) === key),
};
