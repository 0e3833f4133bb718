import type { UkClass } from './grammar/forms.js';
import type { MatchKey, Vrm } from './vrm.js';

/** One position of a read: its character and what else it may be, most probable first. */
export interface ReadCharacter {
  readonly character: string;
  /** 0 to 1, among the texts that differ from the read in this position only. */
  readonly probability: number;
  readonly alternatives: readonly { readonly character: string; readonly probability: number }[];
}

/** What a plate says, fused from every frame in which it was read. */
export interface PlateRead {
  readonly vrm: Vrm;
  readonly matchKey: MatchKey;
  /** 0 to 1: that the whole text is right (O = 0 and I = 1). */
  readonly probability: number;
  readonly characters: readonly ReadCharacter[];
  /**
   * Other whole texts that the frames may show, of other lengths too, most probable first. Their
   * probabilities and the read's own add up to at most 1. Absent where there is none.
   */
  readonly otherTexts?: readonly { readonly matchKey: MatchKey; readonly probability: number }[];
  /** The text by line as the plate shows it; one or two lines. */
  readonly lines: readonly string[];
  /** The class of UK mark that the text has the form of, if any. */
  readonly ukClass?: UkClass;
}
