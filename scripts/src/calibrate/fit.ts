import { type Calibration, formOf, logOdds, UNCALIBRATED } from '../../../src/domain/calibration.js';
import type { CharacterSample, SampleGroup } from './sample.js';

/** How hard the fit is drawn to scores taken at their word: as by so many reads. */
const PULL = 1;
const ITERATIONS = 30;
const LEAST_SLOPE = 0.2;
const TEMPERATURES: readonly [number, number] = [0.3, 4];

/**
 * The calibration under which what happened is likeliest.
 * @throws RangeError without samples
 */
export function fitCalibration(groups: readonly SampleGroup[]): Calibration {
  if (groups.every(({ samples }) => samples.length === 0)) throw new RangeError('expected reads to fit on');
  return { read: fitRead(groups), character: { temperature: fitTemperature(groups) } };
}

interface Row {
  readonly terms: readonly number[];
  /** Part of the log-odds that is given. */
  readonly given: number;
  readonly right: boolean;
  readonly weight: number;
}

/**
 * First the line, on texts that could be marks by their form; then what the other forms add to it. So
 * however many signs are thrown in, they change nothing for what looks like a mark.
 */
function fitRead(groups: readonly SampleGroup[]): Calibration['read'] {
  const reads = groups.flatMap(({ weight, samples }) =>
    samples.map(({ probability, text, right }) => {
      const { noDigit, noLetter, short } = formOf(text);
      return { stated: logOdds(probability), form: [noDigit, noLetter, short], right, weight };
    }),
  );
  const isPlain = ({ form }: (typeof reads)[number]) => form.every((value) => value === 0);
  const [slope, bias] = fitLogistic(
    reads.filter(isPlain).map(({ stated, ...read }) => ({ ...read, terms: [stated, 1], given: 0 })),
    [UNCALIBRATED.read.slope, UNCALIBRATED.read.bias],
  ).map(rounded) as [number, number];
  const line = { slope: Math.max(LEAST_SLOPE, slope), bias };
  const [noDigit, noLetter, short] = fitLogistic(
    reads
      .filter((read) => !isPlain(read))
      .map(({ stated, form, ...read }) => ({ ...read, terms: form, given: line.slope * stated + line.bias })),
    [UNCALIBRATED.read.noDigit, UNCALIBRATED.read.noLetter, UNCALIBRATED.read.short],
  ).map(rounded) as [number, number, number];
  return { ...line, noDigit, noLetter, short };
}

/** Logistic regression by Newton's method, drawn to `start`; a step that overshoots is halved. */
function fitLogistic(rows: readonly Row[], start: readonly number[]): readonly number[] {
  let numbers = start;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const before = lossOfRows(rows, numbers, start);
    let step = newtonStep(rows, numbers, start);
    let next = minus(numbers, step);
    for (let halving = 0; halving < ITERATIONS && lossOfRows(rows, next, start) > before; halving++) {
      step = step.map((value) => value / 2);
      next = minus(numbers, step);
    }
    numbers = next;
  }
  return numbers;
}

function lossOfRows(rows: readonly Row[], numbers: readonly number[], start: readonly number[]): number {
  const pull = numbers.reduce((sum, value, i) => sum + (PULL / 2) * (value - (start[i] as number)) ** 2, 0);
  return rows.reduce((sum, { terms, given, right, weight }) => {
    const logit = given + dot(terms, numbers);
    return sum + weight * Math.log1p(Math.exp(right ? -logit : logit));
  }, pull);
}

function newtonStep(rows: readonly Row[], numbers: readonly number[], start: readonly number[]): number[] {
  const gradient = numbers.map((value, i) => PULL * (value - (start[i] as number)));
  const curvature = numbers.map((_, i) => numbers.map((__, j) => (i === j ? PULL : 0)));
  for (const { terms, given, right, weight } of rows) {
    const expected = 1 / (1 + Math.exp(-(given + dot(terms, numbers))));
    terms.forEach((term, i) => {
      gradient[i] = (gradient[i] as number) + weight * (expected - (right ? 1 : 0)) * term;
      const row = curvature[i] as number[];
      terms.forEach((other, j) => {
        row[j] = (row[j] as number) + weight * expected * (1 - expected) * term * other;
      });
    });
  }
  return solve(curvature, gradient);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
}

function minus(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value - (b[i] as number));
}

/** Gauss and Jordan, for a positive definite matrix. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i] as number]);
  rows.forEach((row, i) => {
    const pivot = row[i] as number;
    for (let j = i; j < row.length; j++) row[j] = (row[j] as number) / pivot;
    rows.forEach((other, k) => {
      const factor = other[i] as number;
      if (k === i || factor === 0) return;
      for (let j = i; j < row.length; j++) other[j] = (other[j] as number) - factor * (row[j] as number);
    });
  });
  return rows.map((row) => row.at(-1) as number);
}

/** By golden section: the loss has one valley. */
function fitTemperature(groups: readonly SampleGroup[]): number {
  const loss = (temperature: number) =>
    groups.reduce(
      (sum, { weight, samples }) =>
        sum +
        weight *
          samples.reduce(
            (of, { characters }) =>
              of + characters.reduce((total, each) => total + lossOf(each, temperature), 0),
            0,
          ),
      PULL * Math.log(temperature) ** 2,
    );
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = TEMPERATURES;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const left = high - ratio * (high - low);
    const right = low + ratio * (high - low);
    if (loss(left) < loss(right)) high = right;
    else low = left;
  }
  return rounded((low + high) / 2);
}

function lossOf({ shares, truth }: CharacterSample, temperature: number): number {
  const powers = shares.map((share) => share ** (1 / temperature));
  const total = powers.reduce((a, b) => a + b, 0);
  return -Math.log((powers[truth] as number) / total);
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
