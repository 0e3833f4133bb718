import { BLANK, CHARSET, CLASSES } from './lattice.js';

/**
 * What else each character of a text may be, given the others.
 *
 * Replacing one character leaves every path before and after it as it was, so CTC's forward and
 * backward sums of the text itself serve all 36 characters of a place: exact, and a hundred times
 * quicker than asking for the likelihood of each changed text.
 *
 * @param row one row of a lattice, natural log-probabilities, `steps * CLASSES`.
 * @param text what the row is held to say; characters of CHARSET only.
 * @returns for each place of the text, the probability of the text with each character of CHARSET
 *   in that place (plain probabilities; 0 below about 1e-300).
 */
export function substitutions(row: Float32Array, steps: number, text: string): Float64Array[] {
  const probabilities = new Float64Array(row.length);
  for (let i = 0; i < row.length; i++) probabilities[i] = Math.exp(row[i] as number);
  const classes = Array.from(text, (character) => CHARSET.indexOf(character));
  const states = 2 * classes.length + 1;
  const forward = forwardSums(probabilities, steps, classes);
  const backward = backwardSums(probabilities, steps, classes);

  const viaBlank = new Float64Array(steps);
  const direct = new Float64Array(steps);
  const enteringViaBlank = new Float64Array(steps);
  const enteringDirect = new Float64Array(steps);
  return classes.map((_, place) => {
    const state = 2 * place + 1;
    const previous = classes[place - 1] ?? -1;
    const next = classes[place + 1] ?? -1;
    for (let step = 0; step < steps; step++) {
      // Who comes into the place in this step: from the blank before it, or straight from the
      // character before it.
      const before = (step - 1) * states + state;
      enteringViaBlank[step] = step === 0 ? (place === 0 ? 1 : 0) : (forward[before - 1] as number);
      enteringDirect[step] = step > 0 && previous >= 0 ? (forward[before - 2] as number) : 0;
      // All that may follow for those who are in it for the last time in this step.
      const after = (step + 1) * states + state;
      const p = (step + 1) * CLASSES;
      const isLast = step === steps - 1;
      viaBlank[step] = isLast
        ? next < 0
          ? 1
          : 0
        : (probabilities[p + BLANK] as number) * (backward[after + 1] as number);
      direct[step] =
        isLast || next < 0 ? 0 : (probabilities[p + next] as number) * (backward[after + 2] as number);
    }
    const scores = new Float64Array(CHARSET.length);
    for (let character = 0; character < scores.length; character++) {
      // Two equal characters need a blank between them.
      const mayFollow = character === previous ? 0 : 1;
      const mayPrecede = character === next ? 0 : 1;
      let inPlace = 0;
      let sum = 0;
      for (let step = 0; step < steps; step++) {
        const entering = (enteringViaBlank[step] as number) + mayFollow * (enteringDirect[step] as number);
        inPlace = (inPlace + entering) * (probabilities[step * CLASSES + character] as number);
        sum += inPlace * ((viaBlank[step] as number) + mayPrecede * (direct[step] as number));
      }
      scores[character] = sum;
    }
    return scores;
  });
}

/** `[step][state]`: all ways to be in a state of the text after a step, that step included. */
function forwardSums(probabilities: Float64Array, steps: number, classes: readonly number[]): Float64Array {
  const states = 2 * classes.length + 1;
  const sums = new Float64Array(steps * states);
  for (let step = 0; step < steps; step++) {
    for (let state = 0; state < states; state++) {
      const before = (step - 1) * states + state;
      let sum = step === 0 ? (state < 2 ? 1 : 0) : (sums[before] as number);
      if (step > 0 && state > 0) sum += sums[before - 1] as number;
      if (step > 0 && maySkipInto(state, classes)) sum += sums[before - 2] as number;
      sums[step * states + state] = sum * (probabilities[step * CLASSES + classOf(state, classes)] as number);
    }
  }
  return sums;
}

/** `[step][state]`: all ways from a state after a step to the end of the text, that step left out. */
function backwardSums(probabilities: Float64Array, steps: number, classes: readonly number[]): Float64Array {
  const states = 2 * classes.length + 1;
  const sums = new Float64Array(steps * states);
  for (let state = Math.max(0, states - 2); state < states; state++) sums[(steps - 1) * states + state] = 1;
  for (let step = steps - 2; step >= 0; step--) {
    const after = (state: number) =>
      (sums[(step + 1) * states + state] as number) *
      (probabilities[(step + 1) * CLASSES + classOf(state, classes)] as number);
    for (let state = 0; state < states; state++) {
      let sum = after(state);
      if (state + 1 < states) sum += after(state + 1);
      if (state + 2 < states && maySkipInto(state + 2, classes)) sum += after(state + 2);
      sums[step * states + state] = sum;
    }
  }
  return sums;
}

function classOf(state: number, classes: readonly number[]): number {
  return state % 2 === 0 ? BLANK : (classes[(state - 1) / 2] as number);
}

/** A character may follow the one before it without a blank, unless they are the same. */
function maySkipInto(state: number, classes: readonly number[]): boolean {
  return state > 1 && state % 2 === 1 && classes[(state - 1) / 2] !== classes[(state - 3) / 2];
}
