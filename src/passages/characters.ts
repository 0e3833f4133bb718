import { type Calibration, calibrateCharacter } from '../domain/calibration.js';
import { CHARSET } from '../domain/lattice.js';
import type { ReadCharacter } from '../domain/read.js';
import type { TrustedFrame } from './weighing.js';

/** What each character of the elected text is worth, and what else may stand in its place. */

/** The least a frame can say of one character given the others: none has a veto. */
const CHARACTER_FLOOR = 1e-4;
/**
 * A reader that is wrong and sure of it still likes the right character better than all others that
 * it does not see: for what is said below the floor, only the order counts. So a small share is dealt
 * out by the frames' scores with their logarithms divided by a high temperature. Fitted on drawn
 * vehicles: without it, alternatives below 0.1 were right three to eight times as often as they said.
 */
const FAINT_SHARE = 0.04;
const FAINT_TEMPERATURE = 2.5;
const FAINT_FLOOR = 1e-12;
/**
 * The least that is reported as an alternative, and how many of them: a listed vehicle is worth
 * finding at one in a thousand when hardly any vehicle is listed by the mark that was read.
 */
const ALTERNATIVE_FLOOR = 1e-4;
const MOST_ALTERNATIVES = 8;

/** For each place of a row's text: how probable each character of CHARSET is there, given the others. */
export function distributionsOf(
  frames: readonly TrustedFrame[],
  row: number,
  text: string,
  calibration: Calibration,
): Float64Array[] {
  const plain = scoresOf(frames, row, text, CHARACTER_FLOOR);
  const faint = scoresOf(frames, row, text, FAINT_FLOOR);
  return plain.map((scores, place) => {
    const clear = calibrateCharacter(normalised(scores, 1), calibration);
    const order = normalised(faint[place] as Float64Array, FAINT_TEMPERATURE);
    return clear.map(
      (share, character) => (1 - FAINT_SHARE) * share + FAINT_SHARE * (order[character] as number),
    );
  });
}

/** Logarithms of what the frames together say of each character in each place, before normalising. */
function scoresOf(frames: readonly TrustedFrame[], row: number, text: string, floor: number): Float64Array[] {
  const scores = Array.from(text, () => new Float64Array(CHARSET.length));
  for (const { evidence, exponent } of frames) {
    evidence.sharesByPlace(row, text).forEach((shares, place) => {
      const sums = scores[place] as Float64Array;
      shares.forEach((share, character) => {
        sums[character] = (sums[character] as number) + exponent * Math.log(share + floor);
      });
    });
  }
  // Folded texts have no letter that a digit stands for.
  for (const logs of scores) for (const letter of 'OI') logs[CHARSET.indexOf(letter)] = -Infinity;
  return scores;
}

function normalised(logs: Float64Array, temperature: number): Float64Array {
  const most = Math.max(...logs);
  const masses = logs.map((log) => Math.exp((log - most) / temperature));
  const total = masses.reduce((a, b) => a + b, 0);
  return masses.map((mass) => mass / total);
}

/**
 * One place of a read, as it is told.
 * @param distribution over CHARSET, adding up to 1.
 * @param folded the whole text; @param vrm the same as it is printed.
 */
export function describePlace(
  distribution: Float64Array,
  folded: string,
  vrm: string,
  place: number,
): ReadCharacter {
  const own = CHARSET.indexOf(folded[place] as string);
  const alternatives = [...distribution]
    .map((probability, index) => ({ character: CHARSET[index] as string, probability, index }))
    .filter(({ probability, index }) => index !== own && probability >= ALTERNATIVE_FLOOR)
    .sort((a, b) => b.probability - a.probability)
    .slice(0, MOST_ALTERNATIVES)
    .map(({ character, probability }) => ({ character, probability }));
  return { character: vrm[place] as string, probability: distribution[own] as number, alternatives };
}
