import { BLANK, type Candidate, CHARSET, CLASSES, type Lattice } from './lattice.js';

/**
 * What a reader's scores say: the most probable texts, and how probable a given text is.
 *
 * Sums over CTC paths are kept as plain doubles, rescaled step by step with the scale's logarithm
 * kept apart: as exact as log space over any number of steps, and ten times quicker, because a
 * path costs one multiplication and no logarithm. A text that is e^-230 times less probable than
 * others of the same lattice may come out as -Infinity.
 */

/** Prefixes kept after each step: far more than a plate has readings worth telling apart. */
const BEAM_WIDTH = 24;
/** Texts scored exactly beyond those asked for, since the search's own order is nearly right only. */
const SPARE = 4;
/** A new prefix is not followed up where it is less probable than this share of the best one. */
const LEAST_SHARE = 1e-3;
/** Sums are lifted before they get near the smallest double. */
const LIFT_BELOW = 1e-100;

const CLASS_OF = new Map([...CHARSET].map((character, index) => [character, index]));

/**
 * Turns raw reader output into log-probabilities.
 * @param logits `rows * steps * CLASSES` values, row by row, step by step.
 * @throws RangeError where the length is another: a reader of another shape must not be misread.
 */
export function toLattice(logits: Float32Array, steps: number, rows: number): Lattice {
  if (logits.length !== rows * steps * CLASSES) {
    throw new RangeError(`expected ${rows} x ${steps} x ${CLASSES} logits, got ${logits.length}`);
  }
  const lattice: Float32Array[] = [];
  for (let row = 0; row < rows; row++) {
    const values = logits.slice(row * steps * CLASSES, (row + 1) * steps * CLASSES);
    for (let at = 0; at < values.length; at += CLASSES) logSoftmax(values.subarray(at, at + CLASSES));
    lattice.push(values);
  }
  return { steps, rows: lattice };
}

/**
 * The `count` most probable texts, most probable first, each with its exact log-probability
 * (the search itself prunes, so a text of tiny probability may be missing).
 */
export function nBest(lattice: Lattice, count: number): Candidate[] {
  let combined: Candidate[] = [{ rows: [], logProbability: 0 }];
  for (const row of lattice.rows) {
    const texts = searchRow(row, lattice.steps)
      .slice(0, count + SPARE)
      .map((text) => ({ text, logProbability: rowLogLikelihood(row, lattice.steps, text) }))
      .sort((a, b) => b.logProbability - a.logProbability)
      .slice(0, count);
    combined = combined
      .flatMap((before) =>
        texts.map(({ text, logProbability }) => ({
          rows: [...before.rows, text],
          logProbability: before.logProbability + logProbability,
        })),
      )
      .sort((a, b) => b.logProbability - a.logProbability)
      .slice(0, count);
  }
  return combined;
}

/**
 * The exact log-probability of a text given row by row; a row left out is an empty one.
 * @returns -Infinity for a text that the lattice cannot spell.
 */
export function logLikelihood(lattice: Lattice, rows: readonly string[]): number {
  if (rows.slice(lattice.rows.length).some((text) => text !== '')) return -Infinity;
  let sum = 0;
  lattice.rows.forEach((row, index) => {
    sum += rowLogLikelihood(row, lattice.steps, rows[index] ?? '');
  });
  return sum;
}

/**
 * The same for one row alone, by CTC's forward sum: states are blank, first character, blank, second
 * character, ..., blank.
 */
export function rowLogLikelihood(row: Float32Array, steps: number, text: string): number {
  const classes = new Int32Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const found = CLASS_OF.get(text[i] as string);
    if (found === undefined) return -Infinity;
    classes[i] = found;
  }
  if (text === '') {
    let sum = 0;
    for (let step = 0; step < steps; step++) sum += row[step * CLASSES + BLANK] as number;
    return sum;
  }
  const states = 2 * text.length + 1;
  let before = new Float64Array(states);
  let after = new Float64Array(states);
  let logScale = 0;
  before[0] = 1;
  for (let step = 0; step < steps; step++) {
    const at = step * CLASSES;
    const blank = Math.exp(row[at + BLANK] as number);
    let peak = 0;
    for (let state = 0; state < states; state++) {
      let sum = before[state] as number;
      // Before the first step there is nothing but the leading blank's place, which the first
      // character may take as well: `before[0] = 1` with state 1 reached from it.
      if (state > 0) sum += before[state - 1] as number;
      let probability = blank;
      if (state % 2 === 1) {
        const index = (state - 1) / 2;
        const character = classes[index] as number;
        // The blank between two characters may be skipped, unless they are the same.
        if (state > 1 && character !== classes[index - 1]) sum += before[state - 2] as number;
        probability = sum === 0 ? 0 : Math.exp(row[at + character] as number);
      }
      const value = sum * probability;
      after[state] = value;
      if (value > peak) peak = value;
    }
    [before, after] = [after, before];
    if (peak > 0 && peak < LIFT_BELOW) {
      for (let state = 0; state < states; state++) before[state] = (before[state] as number) / peak;
      logScale += Math.log(peak);
    }
  }
  const end = (before[states - 1] as number) + (before[states - 2] as number);
  return Math.log(end) + logScale;
}

/** A prefix in the beam: the sums of its paths that end in a blank, and in its last character. */
interface Beam {
  readonly text: string;
  readonly lastClass: number;
  endingInBlank: number;
  endingInCharacter: number;
}

/** CTC prefix beam search: the texts left after the last step, about in order. */
function searchRow(row: Float32Array, steps: number): string[] {
  let beams: Beam[] = [{ text: '', lastClass: -1, endingInBlank: 1, endingInCharacter: 0 }];
  const probabilities = new Float64Array(CLASSES);
  for (let step = 0; step < steps; step++) {
    const viable: number[] = [];
    let peak = 0;
    for (let index = 0; index < CLASSES; index++) {
      const probability = Math.exp(row[step * CLASSES + index] as number);
      probabilities[index] = probability;
      if (probability > peak) peak = probability;
      if (index !== BLANK && probability >= LEAST_SHARE) viable.push(index);
    }
    // The best prefix stands at 1 before the step, and at `peak` or a little more after it.
    const leastShare = LEAST_SHARE * peak;
    const next = new Map<string, Beam>();
    const reach = (text: string, lastClass: number): Beam => {
      let beam = next.get(text);
      if (beam === undefined) {
        beam = { text, lastClass, endingInBlank: 0, endingInCharacter: 0 };
        next.set(text, beam);
      }
      return beam;
    };
    for (const beam of beams) {
      const total = beam.endingInBlank + beam.endingInCharacter;
      const same = reach(beam.text, beam.lastClass);
      same.endingInBlank += total * (probabilities[BLANK] as number);
      if (beam.lastClass >= 0) {
        same.endingInCharacter += beam.endingInCharacter * (probabilities[beam.lastClass] as number);
      }
      for (const index of viable) {
        // The same character again is a new one only after a blank.
        const from = index === beam.lastClass ? beam.endingInBlank : total;
        const share = from * (probabilities[index] as number);
        if (share < leastShare) continue;
        reach(beam.text + CHARSET[index], index).endingInCharacter += share;
      }
    }
    beams = [...next.values()].sort((a, b) => sumOf(b) - sumOf(a)).slice(0, BEAM_WIDTH);
    const best = sumOf(beams[0] as Beam);
    if (best === 0) return [''];
    for (const beam of beams) {
      beam.endingInBlank /= best;
      beam.endingInCharacter /= best;
    }
  }
  return beams.map((beam) => beam.text);
}

function sumOf(beam: Beam): number {
  return beam.endingInBlank + beam.endingInCharacter;
}

function logSoftmax(values: Float32Array): void {
  let most = -Infinity;
  for (const value of values) if (value > most) most = value;
  let sum = 0;
  for (const value of values) sum += Math.exp(value - most);
  const logSum = most + Math.log(sum);
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) - logSum;
}
