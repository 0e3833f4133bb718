/**
 * A reader's scores for one plate picture, and what can be asked of them without any I/O.
 *
 * The reader says, for each of `steps` columns of each text row, how probable every character
 * and the blank is (CTC: a text is spelled by any path that gives it once repeats are merged and
 * blanks are dropped).
 */

/** Reader classes in order; the blank is the class after the last character. */
export const CHARSET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
export const BLANK = CHARSET.length;
export const CLASSES = CHARSET.length + 1;

/** Natural log-probabilities, one array a text row, `steps * CLASSES` values each, step by step. */
export interface Lattice {
  readonly steps: number;
  /** Row 0 is the only line of a one-line plate, or the upper of two. */
  readonly rows: readonly Float32Array[];
}

/** A text with its rows (row 1 is '' for a one-line plate) and its log-probability. */
export interface Candidate {
  readonly rows: readonly string[];
  readonly logProbability: number;
}
