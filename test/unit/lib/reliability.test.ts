import { describe, expect, it } from 'vitest';
import {
  adaptiveBins,
  brierScore,
  calibrationError,
  type Forecast,
  reliabilityBins,
} from '../../../src/lib/reliability.js';

const said = (probability: number, right: number, of: number): Forecast[] =>
  Array.from({ length: of }, (_, index) => ({ probability, right: index < right }));

describe('the calibration error', () => {
  it('is nothing where what was said with 80 % is so in 80 of 100 cases', () => {
    expect(calibrationError(reliabilityBins([...said(0.8, 80, 100), ...said(0.1, 1, 10)]))).toBeCloseTo(0, 9);
  });

  it('is by how much the probabilities are off, weighed by how often they are said', () => {
    const forecasts = [...said(0.95, 75, 100), ...said(0.25, 75, 300)];
    expect(calibrationError(reliabilityBins(forecasts))).toBeCloseTo(0.2 / 4, 9);
  });

  it('is nothing where nothing was said', () => {
    expect(calibrationError(reliabilityBins([]))).toBe(0);
    expect(calibrationError(adaptiveBins([]))).toBe(0);
    expect(brierScore([])).toBe(0);
  });
});

describe('bins', () => {
  it('of equal width hold both ends, say what is in them, and are left out where empty', () => {
    const bins = reliabilityBins([...said(0, 0, 2), ...said(0.55, 1, 2), ...said(1, 3, 3)]);
    expect(bins.map(({ from, to, count, right }) => [from, to, count, right])).toEqual([
      [0, 0.1, 2, 0],
      [0.5, 0.6, 2, 1],
      [0.9, 1, 3, 3],
    ]);
    expect(bins[1]?.meanProbability).toBeCloseTo(0.55, 9);
    expect(bins[1]?.low).toBeLessThan(0.5);
    expect(bins[1]?.high).toBeGreaterThan(0.5);
  });

  it('of equal counts share the forecasts out in order', () => {
    const forecasts = Array.from({ length: 100 }, (_, index) => ({
      probability: 0.9 + index / 1000,
      right: true,
    }));
    const bins = adaptiveBins(forecasts);
    expect(bins.map(({ count }) => count)).toEqual(Array.from({ length: 10 }, () => 10));
    expect(bins[9]?.from).toBeGreaterThan(bins[0]?.to as number);
    expect(adaptiveBins(said(0.5, 1, 3)).reduce((sum, { count }) => sum + count, 0)).toBe(3);
  });
});

describe('the Brier score', () => {
  it('is the mean of the squared misses', () => {
    expect(brierScore([...said(1, 1, 1), ...said(0.5, 0, 1)])).toBeCloseTo(0.125, 9);
  });
});
