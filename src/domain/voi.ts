import type { MatchKey, Vrm } from './vrm.js';

/** One row of a vehicles-of-interest list: the 16 columns of the national row, kept whole, and its validity. */
export interface VoiEntry {
  readonly vrm: Vrm;
  readonly make: string;
  readonly model: string;
  readonly colour: string;
  /** STOP, SILENT, ... as the list's owner wrote it; empty: the list's default action. */
  readonly action: string;
  readonly warningMarkers: string;
  readonly reason: string;
  readonly intelligenceGrading: string;
  readonly informationAction: string;
  readonly forceAndArea: string;
  /** ISO date (YYYY-MM-DD) after which the entry is not matched; empty: none. */
  readonly weedDate: string;
  readonly pncId: string;
  readonly protectiveMarking: string;
  readonly cadInformation: string;
  readonly spare1: string;
  readonly spare2: string;
  /** UTC instant (ISO 8601, to the second, Z) from which the entry is matched; empty: at once. */
  readonly validFrom: string;
  /** UTC instant up to which it is matched, itself left out; empty: no end but the weed date. */
  readonly validTo: string;
}

export const LIST_LEVELS = ['local', 'force', 'regional', 'national'] as const;
export type ListLevel = (typeof LIST_LEVELS)[number];

/** What is known of a list as a whole, at one revision. */
export interface VoiList {
  /** 1 to 32 of a-z, 0-9 and -. */
  readonly id: string;
  readonly level: ListLevel;
  /** Who answers for it, as they call themselves; may be empty. */
  readonly owner: string;
  /** From 1; only ever grows. */
  readonly revision: number;
  /** UTC, milliseconds: when its owner last said that this revision is the list; ages count from here. */
  readonly issuedAtMs: number;
  /** UTC, milliseconds: from then on nothing on it is matched; absent: no end. */
  readonly expiresAtMs?: number;
  /** The action of entries that name none; may be empty. */
  readonly defaultAction: string;
  /** UTC, milliseconds: when this revision was taken over by the device. */
  readonly takenOverAtMs: number;
  /** Different marks, folded. */
  readonly markCount: number;
  readonly entryCount: number;
  /** signed: came with its owner's signature; local: imported by an administrator of this device. */
  readonly origin: 'signed' | 'local';
}

/** How old a list was when a match was made. */
export interface ListAge {
  readonly id: string;
  readonly revision: number;
  readonly ageMs: number;
  /** Older than the configuration allows: what it says may be out of date. */
  readonly isOverAge: boolean;
}

/** An entry that names the vehicle. */
export interface MatchedEntry {
  readonly list: VoiList;
  readonly entry: VoiEntry;
  /** The entry's own action, or its list's default. */
  readonly action: string;
}

/**
 * exact: the read is the listed mark; equivalent: but for O = 0 and I = 1, which print alike;
 * possible: another mark, which the reader may well have taken for the one it read.
 */
export type MatchKind = 'exact' | 'equivalent' | 'possible';

/** Another listed mark that the vehicle may bear as well. */
export interface AlternativeMark {
  readonly vrm: Vrm;
  readonly probability: number;
  readonly listIds: readonly string[];
}

/** A read that matched: every entry of every list that names the vehicle, the most urgent first. */
export interface Match {
  readonly kind: MatchKind;
  /** Of the listed mark; for `possible` it is not the read's own. */
  readonly matchKey: MatchKey;
  /** 0 to 1: that the vehicle bears the listed mark. */
  readonly probability: number;
  /** Probable enough, by the threshold of one of the lists, to call a crew to it. */
  readonly alerts: boolean;
  readonly entries: readonly MatchedEntry[];
  /** Most probable first; empty unless `kind` is possible. */
  readonly alternatives: readonly AlternativeMark[];
  /** Every list that was in force, also those that do not name the vehicle. */
  readonly lists: readonly ListAge[];
  /** The read was already held when the entry came: it is told late. */
  readonly late?: true;
}
