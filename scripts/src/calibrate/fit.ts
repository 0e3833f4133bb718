import type { Calibration } from '../../../src/domain/calibration.js';
import type { CharacterSample, SampleGroup } from './sample.js';

/** How hard the fit is drawn to scores taken at their word: as by so many reads. */
const PULL = 2;
const ITERATIONS = 50;
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

/** Logistic regression on the log-odds by Newton's method; two numbers, so the matrix is inverted by hand. */
function fitRead(groups: readonly SampleGroup[]): Calibration['read'] {
  let slope = 1;
  let bias = 0;
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    let gradient = [PULL * (slope - 1), PULL * bias] as [number, number];
    let [ss, sb, bb] = [PULL, 0, PULL];
    for (const { weight, samples } of groups) {
      for (const { logOdds, right } of samples) {
        const expected = 1 / (1 + Math.exp(-(slope * logOdds + bias)));
        const miss = weight * (expected - (right ? 1 : 0));
        const spread = weight * expected * (1 - expected);
        gradient = [gradient[0] + miss * logOdds, gradient[1] + miss];
        ss += spread * logOdds * logOdds;
        sb += spread * logOdds;
        bb += spread;
      }
    }
    const determinant = ss * bb - sb * sb;
    slope = Math.max(LEAST_SLOPE, slope - (bb * gradient[0] - sb * gradient[1]) / determinant);
    bias -= (ss * gradient[1] - sb * gradient[0]) / determinant;
  }
  return { slope: rounded(slope), bias: rounded(bias) };
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
