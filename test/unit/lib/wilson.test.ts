import { describe, expect, it } from 'vitest';
import { wilson } from '../../../src/lib/wilson.js';

describe('wilson', () => {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('of %i in %i is the published interval', (successes, trials, low, high) => {
    expect(wilson(successes, trials).low).toBeCloseTo(low, 4);
    expect(wilson(successes, trials).high).toBeCloseTo(high, 4);
  });

  it('does not promise certainty where all went well, and stays within 0 and 1', () => {
    expect(wilson(20, 20).low).toBeLessThan(0.9);
    expect(wilson(20, 20).high).toBe(1);
  });

  it('says nothing without trials', () => {
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  });
});
