import type { MatchKey, Vrm } from './vrm.js';

/** One row of a vehicles-of-interest list: the 16 columns of the national row, kept whole. */
export interface VoiEntry {
  readonly vrm: Vrm;
  readonly make: string;
  readonly model: string;
  readonly colour: string;
  /** STOP, SILENT, ... as the list's owner wrote it. */
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
}

/** What is known of a list as a whole. */
export interface VoiList {
  readonly id: string;
  readonly revision: number;
  /** UTC, milliseconds: when this revision was taken over by the device. */
  readonly importedAtMs: number;
  readonly entryCount: number;
}

/** A read that matched: every entry of every list that names the vehicle. */
export interface Match {
  readonly kind: 'exact' | 'equivalent';
  readonly matchKey: MatchKey;
  readonly entries: readonly { readonly list: VoiList; readonly entry: VoiEntry }[];
}
