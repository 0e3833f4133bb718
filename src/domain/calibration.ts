/**
 * From what the reader's scores say to how often such reads are right.
 *
 * A reader that was trained to be right is a little too sure of itself, the more so as the likeliest
 * of several looks is taken. Two numbers for whole texts and one for characters mend that; more
 * (the detector's score, the number of characters, whether looks agree, UK form) were tried and
 * told nothing that the likelihood does not tell. They are fitted on reads of plates that trained
 * nothing, and belong to the models: the manifest keeps them.
 */
export interface Calibration {
  /** Log-odds of a text become slope * log-odds + bias. */
  readonly read: { readonly slope: number; readonly bias: number };
  /** The logarithms of what may stand in a place are divided by it: above 1 it is less sure. */
  readonly character: { readonly temperature: number };
}

/** Takes the scores at their word. */
export const UNCALIBRATED: Calibration = { read: { slope: 1, bias: 0 }, character: { temperature: 1 } };

/** Nothing is surer than this, whatever the scores say; it also keeps the log-odds finite. */
const SUREST = 1 - 1e-6;

/** @param probability 0 to 1. */
export function logOdds(probability: number): number {
  const inside = Math.min(Math.max(probability, 1 - SUREST), SUREST);
  return Math.log(inside / (1 - inside));
}

/** How often a text of this probability is right, 0 to 1; rises with it. */
export function calibrateRead(probability: number, { read }: Calibration): number {
  return 1 / (1 + Math.exp(-(read.slope * logOdds(probability) + read.bias)));
}

/** A place's distribution over characters (adding up to 1), as sure as it should be. */
export function calibrateCharacter(distribution: Float64Array, { character }: Calibration): Float64Array {
  const powers = distribution.map((probability) => probability ** (1 / character.temperature));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}
