import { describe, expect, it } from 'vitest';
import { fitCalibration } from '../../../scripts/src/calibrate/fit.js';
import { forecastsOf } from '../../../scripts/src/calibrate/report.js';
import { type ReadSample, type SampleGroup, sampleOf } from '../../../scripts/src/calibrate/sample.js';
import { seededRandom } from '../../../scripts/src/clip/random.js';
import { logOdds, UNCALIBRATED } from '../../../src/domain/calibration.js';
import type { PlateRead } from '../../../src/domain/read.js';
import { foldVrm, type MatchKey, type Vrm } from '../../../src/domain/vrm.js';
import { calibrationError, reliabilityBins } from '../../../src/lib/reliability.js';

/** Reads whose stated log-odds are `stretch` times and `shift` more than the truth's. */
function reads(count: number, stretch: number, shift: number, text = 'AB62CDE'): ReadSample[] {
  const random = seededRandom(`${count} ${stretch} ${shift} ${text}`);
  return Array.from({ length: count }, () => {
    const truth = random.between(0.05, 0.99);
    const stated = 1 / (1 + Math.exp(-(stretch * logOdds(truth) + shift)));
    return { probability: stated, text, right: random.chance(truth), characters: [] };
  });
}

const group = (samples: readonly ReadSample[], weight = 1): SampleGroup => ({
  name: 'made up',
  weight,
  samples,
});

const errorOf = (samples: readonly ReadSample[], calibration = UNCALIBRATED) =>
  calibrationError(reliabilityBins(forecastsOf(samples, calibration)));

describe('a fit', () => {
  it('undoes scores that are too sure of themselves', () => {
    const calibration = fitCalibration([group(reads(3000, 2, 1))]);
    expect(calibration.read.slope).toBeCloseTo(0.5, 1);
    expect(calibration.read.bias).toBeCloseTo(-0.5, 1);
    const fresh = reads(2000, 2, 1, 'FR62ESH');
    expect(errorOf(fresh)).toBeGreaterThan(0.1);
    expect(errorOf(fresh, calibration)).toBeLessThan(0.03);
  });

  it('leaves honest scores as they are, and stays near them where there is little to go by', () => {
    const { read } = fitCalibration([group(reads(3000, 1, 0))]);
    expect(read.slope).toBeCloseTo(1, 1);
    expect(read.bias).toBeCloseTo(0, 1);
    const little = fitCalibration([group(reads(3, 1, 0))]).read;
    expect(Math.abs(little.slope - 1)).toBeLessThan(0.5);
    expect(little).toMatchObject({ noDigit: 0, noLetter: 0, short: 0 });
  });

  it('learns that words, numbers and short texts are often none, from signs that are all wrong', () => {
    const plates = reads(1000, 1, 0);
    const signs = ['STOP', '07700900123', 'CAFE', '234', '2079460577'].flatMap((text) =>
      reads(60, 1, 0, text).map((read) => ({ ...read, right: false })),
    );
    const { read } = fitCalibration([group(plates), group(signs)]);
    expect(read.noDigit).toBeLessThan(-1);
    expect(read.noLetter).toBeLessThan(-1);
    expect(read.short).toBeLessThan(0);
    expect(read.slope).toBeCloseTo(1, 0);
  });

  it('weighs groups', () => {
    const right = reads(200, 1, 0).map((read) => ({ ...read, right: true }));
    const wrong = right.map((read) => ({ ...read, right: false }));
    const bias = (weight: number) => fitCalibration([group(right), group(wrong, weight)]).read.bias;
    expect(bias(0.1)).toBeGreaterThan(bias(1));
    expect(bias(1)).toBeGreaterThan(bias(10));
  });

  it('finds the temperature of characters', () => {
    const place = (share: number, truth: number) => ({ shares: [share, 1 - share - 0.001, 0.001], truth });
    // Stated with 99 %, right in nine of ten places.
    const characters = Array.from({ length: 500 }, (_, index) => place(0.99, index % 10 === 0 ? 1 : 0));
    const sample: ReadSample = { probability: 0.9, text: 'AB62CDE', right: true, characters };
    expect(fitCalibration([group([sample])]).character.temperature).toBeGreaterThan(1.7);
  });

  it('of nothing is a mistake', () => {
    expect(() => fitCalibration([group([])])).toThrow(RangeError);
  });
});

describe('a sample', () => {
  const read: PlateRead = {
    vrm: 'AB62CDE' as Vrm,
    matchKey: foldVrm('AB62CDE' as Vrm),
    probability: 0.8,
    characters: Array.from('AB62CDE', (character) => ({
      character,
      probability: 0.9,
      alternatives: [{ character: 'X', probability: 0.06 }],
    })),
    lines: ['AB62CDE'],
  };
  const judged = (verdict: 'right' | 'wrong' | 'unknown' | 'elsewhere', truth?: string) =>
    sampleOf({ read, verdict, ...(truth === undefined ? {} : { truth: truth as MatchKey }) });

  it('knows which character is in each place: the read one, an alternative, or none of them', () => {
    const places = judged('wrong', 'XB62CDF')?.characters;
    expect(places?.map(({ truth }) => truth)).toEqual([1, 0, 0, 0, 0, 0, 2]);
    expect(places?.[0]?.shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
  });

  it('has no characters where the text is of another length, or another altogether', () => {
    expect(judged('wrong', 'AB62CD')?.characters).toEqual([]);
    expect(judged('wrong', 'ZZ99ZDE')?.characters).toEqual([]);
  });

  it('is none where nobody knows the text; on no plate it is wrong', () => {
    expect(judged('unknown')).toBeUndefined();
    expect(judged('elsewhere')).toMatchObject({ right: false, characters: [] });
  });
});
