import { BLANK, CHARSET, CLASSES, type Lattice } from '../../src/domain/lattice.js';
import { toLattice } from '../../src/domain/lattice-search.js';

/** What a place of a made-up plate shows: characters and how probable each is there. */
export type Glimpse = Readonly<Record<string, number>>;

const STEPS = 40;
/** Each character takes three steps: two of itself, one of blank. */
const STEPS_A_CHARACTER = 3;

/**
 * The lattice of a reader that is sure of a text, but for the places given.
 * @param rows the text by line.
 * @param doubts by place (counted over the first row): what may be there instead. The key '' is
 *   "nothing there".
 * @param certainty probability of the text's own character (or blank) in each step.
 */
export function latticeOf(
  rows: readonly string[],
  doubts: Readonly<Record<number, Glimpse>> = {},
  certainty = 0.995,
): Lattice {
  const logits = new Float32Array(2 * STEPS * CLASSES);
  for (let row = 0; row < 2; row++) {
    const text = rows[row] ?? '';
    for (let step = 0; step < STEPS; step++) {
      const place = Math.floor(step / STEPS_A_CHARACTER);
      const isCharacter = step % STEPS_A_CHARACTER < 2 && place < text.length;
      const glimpse: Glimpse = isCharacter
        ? ((row === 0 ? doubts[place] : undefined) ?? { [text[place] as string]: 1 })
        : { '': 1 };
      const probabilities = new Float64Array(CLASSES).fill((1 - certainty) / CLASSES);
      for (const [character, probability] of Object.entries(glimpse)) {
        const index = character === '' ? BLANK : CHARSET.indexOf(character);
        probabilities[index] = (probabilities[index] as number) + certainty * probability;
      }
      probabilities.forEach((probability, index) => {
        logits[(row * STEPS + step) * CLASSES + index] = Math.log(probability);
      });
    }
  }
  return toLattice(logits, STEPS, 2);
}
