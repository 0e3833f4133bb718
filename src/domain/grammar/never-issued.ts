/**
 * Texts that stand on signs, on telephone boxes and in the shadows of grilles, and on no plate.
 *
 * Marks of digits alone have eight at most (Israel); a telephone number has more. A grille of
 * upright bars reads as ones; no authority that issues numbers of six or more has use for a rule
 * that spares that single mark.
 */
const MOST_DIGITS_ALONE = 8;
const FEWEST_BARS = 6;

/** @param text folded: O is 0, I is 1. */
export function isNeverIssued(text: string): boolean {
  if (text.length > MOST_DIGITS_ALONE && /^\d+$/.test(text)) return true;
  return text.length >= FEWEST_BARS && /^1+$/.test(text);
}
