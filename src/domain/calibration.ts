import { isNeverIssued } from './grammar/never-issued.js';

/**
 * From what the reader's scores say to how often such reads are right.
 *
 * A reader is a little too sure of itself, the more so as the likeliest of several looks is taken;
 * and it reads whatever is written, plate or not. A straight line through the log-odds mends the
 * first, and three things that a text says of itself help against the second: words, numbers and
 * short texts are on signs more often than on plates. They make such a read doubtful, never
 * impossible. The detector's score, UK form, the fit of the text in its crop and whether looks agree
 * were tried as well, and told next to nothing that these do not tell.
 *
 * The numbers are fitted on reads of what trained nothing, and belong to the models: the manifest
 * keeps them.
 */
export interface Calibration {
  /** Log-odds of a text become slope * log-odds + bias, and what its form adds to that. */
  readonly read: {
    readonly slope: number;
    readonly bias: number;
    /** Added where no character is a digit for sure (O and 0, I and 1 may be either). */
    readonly noDigit: number;
    /** Added where no character is a letter for sure. */
    readonly noLetter: number;
    /** Added for each character under five. */
    readonly short: number;
  };
  /** The logarithms of what may stand in a place are divided by it: above 1 it is less sure. */
  readonly character: { readonly temperature: number };
}

/** Takes the scores at their word. */
export const UNCALIBRATED: Calibration = {
  read: { slope: 1, bias: 0, noDigit: 0, noLetter: 0, short: 0 },
  character: { temperature: 1 },
};

/** What of a text bears on its being a mark at all, by the name of its number in the calibration. */
export interface TextForm {
  readonly noDigit: number;
  readonly noLetter: number;
  readonly short: number;
}

/** Nothing is surer than this, whatever the scores say; it also keeps the log-odds finite. */
const SUREST = 1 - 1e-6;
const USUAL_LENGTH = 5;
/** What a text that no plate bears is worth, however plainly it is read. */
const NEVER_ISSUED = 0.01;

/** @param text folded: O is 0, I is 1. */
export function formOf(text: string): TextForm {
  return {
    noDigit: /[2-9]/.test(text) ? 0 : 1,
    noLetter: /[A-Z]/.test(text) ? 0 : 1,
    short: Math.max(0, USUAL_LENGTH - text.length),
  };
}

/** @param probability 0 to 1. */
export function logOdds(probability: number): number {
  const inside = Math.min(Math.max(probability, 1 - SUREST), SUREST);
  return Math.log(inside / (1 - inside));
}

/**
 * How often such a read is right, 0 to 1; it rises with the probability of its text.
 * @param text folded.
 */
export function calibrateRead(probability: number, text: string, { read }: Calibration): number {
  const { noDigit, noLetter, short } = formOf(text);
  const form = read.noDigit * noDigit + read.noLetter * noLetter + read.short * short;
  const stated = 1 / (1 + Math.exp(-(read.slope * logOdds(probability) + read.bias + form)));
  return isNeverIssued(text) ? Math.min(stated, NEVER_ISSUED) : stated;
}

/**
 * How often the vehicle bears a text that is not the most probable one, 0 to 1. Where the most
 * probable text is wrong, the right one is among the others in proportion to what the scores say of
 * them; so they share what the line leaves. What a text's form takes off is not theirs: it says
 * that there may be no plate at all.
 * @param probability of the other text.
 * @param best probability of the most probable text.
 */
export function calibrateOthers(probability: number, best: number, { read }: Calibration): number {
  const left = 1 / (1 + Math.exp(read.slope * logOdds(best) + read.bias));
  return (probability * left) / Math.max(1 - best, 1 - SUREST);
}

/** A place's distribution over characters (adding up to 1), as sure as it should be. */
export function calibrateCharacter(distribution: Float64Array, { character }: Calibration): Float64Array {
  const powers = distribution.map((probability) => probability ** (1 / character.temperature));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}
