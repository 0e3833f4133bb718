import { BLANK, CLASSES, type Lattice } from '../domain/lattice.js';
import { foldTwins } from '../domain/lattice-fold.js';
import { logLikelihood, nBest, rowLogLikelihood } from '../domain/lattice-search.js';
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
  #tolerant: Lattice | undefined;
  #proposals: Proposals | undefined;
  readonly #tolerated = new Map<string, number>();
  readonly #probabilities = new Map<string, number>();
  readonly #substitutions = new Map<string, readonly Float64Array[]>();

  constructor(lattice: Lattice) {
    this.#lattice = lattice;
    this.#folded = foldTwins(lattice);
  }

  /** The most probable folded texts; those of a tiny share of the first are left out. */
  get proposals(): Proposals {
    this.#proposals ??= proposalsOf(this.#folded);
    return this.#proposals;
  }

  /** Of its most probable text, 0 to 1: how sure the frame by itself is. */
  get certainty(): number {
    const [best] = this.proposals.texts;
    return best === undefined ? 0 : this.probability(best);
  }

  /** Of a folded text; all its spellings together. */
  probability(rows: readonly string[]): number {
    const key = rows.join('\n');
    return remembered(this.#probabilities, key, () => Math.exp(logLikelihood(this.#folded, rows)));
  }

  /**
   * How well the frame goes together with a folded text of which it may have lost characters: glare,
   * smear and whatever drives between make a reader leave out what it cannot see, and be sure of
   * the rest. Between 0 and a little above 1, and no share of anything: more texts than one go
   * together with a frame in which a character is hidden.
   */
  tolerance(rows: readonly string[]): number {
    return remembered(this.#tolerated, rows.join('\n'), () => {
      this.#tolerant ??= tolerant(this.#folded);
      return Math.exp(logLikelihood(this.#tolerant, rows));
    });
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

export interface Proposals {
  /** Folded texts by row, most probable first. */
  readonly texts: readonly (readonly string[])[];
  /** No other text is more probable in this frame than this. */
  readonly mostOfOthers: number;
}

/** Texts that a frame puts up for all others to judge: more of them make fusing dearer and hardly better. */
const MOST_PROPOSALS = 8;
/** A text below this share of the frame's best one is not worth scoring in all others. */
const PROPOSAL_SHARE = 1e-3;

function proposalsOf(lattice: Lattice): Proposals {
  const texts = nBest(lattice, MOST_PROPOSALS);
  const least = (texts[0]?.logProbability ?? 0) + Math.log(PROPOSAL_SHARE);
  const kept = texts.filter(({ logProbability }) => logProbability >= least);
  const last = kept[kept.length - 1]?.logProbability ?? 0;
  return {
    texts: kept.map(({ rows }) => rows),
    mostOfOthers: Math.exp(kept.length < MOST_PROPOSALS ? least : last),
  };
}

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

/**
 * Of all blanks of a row together, the share that may be a character which was not seen: with it,
 * one lost character makes a text some ten times less likely in a frame, where the reader alone
 * would make it thousands of times less. Fitted on rendered passages.
 */
const LOST_SHARE = 1;

/**
 * Lets any character stand where the reader saw a blank, at a price. Its rows no longer add up to 1.
 * A row without any character is left as it is: a plate of one line has not lost a second.
 */
function tolerant({ steps, rows }: Lattice): Lattice {
  return {
    steps,
    rows: rows.map((row) => {
      const lostAt = (LOST_SHARE / steps) * (1 - Math.exp(rowLogLikelihood(row, steps, '')));
      const values = row.slice();
      for (let at = 0; at < values.length; at += CLASSES) {
        const lost = lostAt * Math.exp(row[at + BLANK] as number);
        for (let index = at; index < at + BLANK; index++) {
          values[index] = Math.log(Math.exp(row[index] as number) + lost);
        }
      }
      return values;
    }),
  };
}
