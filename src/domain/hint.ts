/**
 * Reasons to look at a plate, for the crew and the analyst. A hint is no finding and no offence: a
 * trailer's plate in its holder, a towing bracket or a low sun can be behind each of them.
 */
export type PlateHint =
  /** The groups of a UK mark are not set apart where, or as far as, its form prescribes. */
  | 'mis-spaced'
  /** Something covers a part of the plate, or the picture's edge cuts it off. */
  | 'partly-hidden'
  /** It shines as a plate does, but characters are missing from it or are much fainter than others. */
  | 'suspected-ghost';
