import { CHARSET, CLASSES, type Lattice } from './lattice.js';

/** Digit and letter of each glyph that stands for both. */
const TWINS = [
  [CHARSET.indexOf('0'), CHARSET.indexOf('O')],
  [CHARSET.indexOf('1'), CHARSET.indexOf('I')],
] as const;

/**
 * Adds the letter of each pair to its digit, and leaves the letter impossible: a reader that wavers
 * between the two loses nothing.
 */
export function foldTwins(lattice: Lattice): Lattice {
  const rows = lattice.rows.map((row) => {
    const folded = row.slice();
    for (let at = 0; at < folded.length; at += CLASSES) {
      for (const [digit, letter] of TWINS) {
        folded[at + digit] = Math.log(
          Math.exp(row[at + digit] as number) + Math.exp(row[at + letter] as number),
        );
        folded[at + letter] = -Infinity;
      }
    }
    return folded;
  });
  return { steps: lattice.steps, rows };
}
