import { CHARSET, CLASSES, type Lattice } from '../domain/lattice.js';
import { logLikelihood, nBest } from '../domain/lattice-search.js';
import { substitutions } from '../domain/lattice-substitution.js';

/**
 * What one frame says of a plate's text, each answer worked out once: a vehicle's frames are fused
 * anew whenever another one comes, and ask the same questions of the same lattices every time.
 *
 * O and 0, and I and 1, are one glyph. Folded texts (those with the digits only) are what frames
 * are asked about, so that a reader that wavers between the two loses nothing.
 */
export class FrameEvidence {
  readonly #lattice: Lattice;
  readonly #folded: Lattice;
  readonly #proposals = new Map<number, string[][]>();
  readonly #probabilities = new Map<string, number>();
  readonly #substitutions = new Map<string, readonly Float64Array[]>();

  constructor(lattice: Lattice) {
    this.#lattice = lattice;
    this.#folded = fold(lattice);
  }

  /** The most probable folded texts, by row; those of a tiny share of the first are left out. */
  proposals(count: number): readonly (readonly string[])[] {
    return remembered(this.#proposals, count, () => {
      const texts = nBest(this.#folded, count);
      const least = (texts[0]?.logProbability ?? 0) + Math.log(PROPOSAL_SHARE);
      return texts.filter(({ logProbability }) => logProbability >= least).map(({ rows }) => [...rows]);
    });
  }

  /** Of a folded text; all its spellings together. */
  probability(rows: readonly string[]): number {
    const key = rows.join('\n');
    return remembered(this.#probabilities, key, () => Math.exp(logLikelihood(this.#folded, rows)));
  }

  /** Of one spelling. */
  probabilityAsSpelled(rows: readonly string[]): number {
    return Math.exp(logLikelihood(this.#lattice, rows));
  }

  /**
   * For each place of a folded row: the share of each folded character there, given the others.
   * Empty where the frame cannot show such a text at all.
   */
  sharesByPlace(row: number, text: string): readonly Float64Array[] {
    return remembered(this.#substitutions, `${row}\n${text}`, () => {
      const values = this.#folded.rows[row];
      if (values === undefined) return [];
      const places = substitutions(values, this.#folded.steps, text);
      for (const scores of places) {
        let sum = 0;
        for (const score of scores) sum += score;
        if (sum === 0) return [];
        for (let character = 0; character < scores.length; character++) {
          scores[character] = (scores[character] as number) / sum;
        }
      }
      return places;
    });
  }
}

/** A text below this share of the frame's best one is not worth scoring in all others. */
const PROPOSAL_SHARE = 1e-3;

const known = new WeakMap<Lattice, FrameEvidence>();

/** The same for the same lattice, for as long as somebody holds that. */
export function evidenceOf(lattice: Lattice): FrameEvidence {
  return remembered(known, lattice, () => new FrameEvidence(lattice));
}

function remembered<Key, Value>(
  memory: { get(key: Key): Value | undefined; set(key: Key, value: Value): unknown },
  key: Key,
  work: () => Value,
): Value {
  let value = memory.get(key);
  if (value === undefined) {
    value = work();
    memory.set(key, value);
  }
  return value;
}

/** Digit and letter of each glyph that stands for both. */
const TWINS = [
  [CHARSET.indexOf('0'), CHARSET.indexOf('O')],
  [CHARSET.indexOf('1'), CHARSET.indexOf('I')],
] as const;

/** Adds the letter of each pair to its digit, and leaves the letter impossible. */
function fold(lattice: Lattice): Lattice {
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
