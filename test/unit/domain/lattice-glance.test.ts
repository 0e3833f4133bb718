import { describe, expect, it } from 'vitest';
import { foldTwins } from '../../../src/domain/lattice-fold.js';
import { glanceAt } from '../../../src/domain/lattice-glance.js';
import { logLikelihood, nBest } from '../../../src/domain/lattice-search.js';
import { latticeOf } from '../../support/lattices.js';

describe('a glance at a lattice', () => {
  it('gives its text, both rows together, and how probable exactly that is', () => {
    const lattice = latticeOf(['AB62', 'CDE'], { 1: { B: 0.7, 8: 0.3 } });
    const { text, probability } = glanceAt(lattice);
    expect(text).toBe('AB62CDE');
    expect(probability).toBeCloseTo(Math.exp(logLikelihood(lattice, ['AB62', 'CDE'])), 6);
    expect(probability).toBeLessThan(0.75);
  });

  it('loses nothing where the reader wavers between O and 0, or I and 1', () => {
    const wavering = glanceAt(latticeOf(['LO08XIV'], { 1: { O: 0.5, 0: 0.5 }, 5: { I: 0.5, 1: 0.5 } }));
    expect(wavering.text).toBe('L008X1V');
    expect(wavering.probability).toBeCloseTo(glanceAt(latticeOf(['LO08XIV'])).probability, 4);
  });

  it('says what a search for the most probable text says, where one stands out', () => {
    for (const share of [0.1, 0.25, 0.75, 0.9]) {
      const lattice = latticeOf(['LM68XKV'], {
        2: { 6: share, 8: 1 - share },
        4: { X: share, '': 1 - share },
      });
      expect(glanceAt(lattice).text).toBe(nBest(foldTwins(lattice), 1)[0]?.rows.join(''));
    }
  });

  it('of nothing is nothing, for sure', () => {
    const { text, probability } = glanceAt(latticeOf(['']));
    expect(text).toBe('');
    expect(probability).toBeGreaterThan(0.5);
  });
});
