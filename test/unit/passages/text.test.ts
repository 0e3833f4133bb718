import { describe, expect, it } from 'vitest';
import { compareTexts, glimpse, similarity } from '../../../src/passages/text.js';
import { latticeOf } from '../../support/lattices.js';

describe('a glimpse', () => {
  it('is what the plate says, folded, over both of its lines', () => {
    expect(glimpse(latticeOf(['AB12', 'OIE'])).text).toBe('AB1201E');
    expect(glimpse(latticeOf(['AABB'])).text).toBe('AABB');
  });

  it('is sure where the reader is', () => {
    const sure = glimpse(latticeOf(['AB12CDE'], {}, 0.9999)).certainty;
    const doubtful = glimpse(latticeOf(['AB12CDE'], { 2: { 1: 0.5, 7: 0.5 } }, 0.9999)).certainty;
    expect(sure).toBeGreaterThan(0.95);
    expect(doubtful).toBeLessThan(0.3);
  });

  it('is empty where there is nothing to read', () => {
    expect(glimpse(latticeOf([''])).text).toBe('');
  });
});

describe('similarity', () => {
  it.each([
    ['AB12CDE', 'AB12CDE', 1],
    ['AB12CDE', 'AB12CDF', 6 / 7],
    ['AB12CDE', 'B12CDE', 6 / 7],
    ['AB12CDE', 'LM08XKV', 0],
    ['', '', 1],
    ['', 'AB', 0],
  ])('of %s and %s', (a, b, expected) => {
    expect(similarity(a, b)).toBeCloseTo(expected, 9);
    expect(similarity(b, a)).toBeCloseTo(expected, 9);
  });
});

describe('comparing texts', () => {
  it('says nothing where one of them is not to be trusted', () => {
    const sure = { text: 'AB12CDE', certainty: 0.9 };
    expect(compareTexts(sure, sure)).toBe(1);
    expect(compareTexts(sure, { ...sure, certainty: 0.3 })).toBeUndefined();
    expect(compareTexts(sure, { text: 'GB', certainty: 0.99 })).toBeUndefined();
    expect(compareTexts(sure, undefined)).toBeUndefined();
  });
});
