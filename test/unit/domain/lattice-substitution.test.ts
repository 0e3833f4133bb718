import { describe, expect, it } from 'vitest';
import { CHARSET, CLASSES } from '../../../src/domain/lattice.js';
import { logLikelihood, toLattice } from '../../../src/domain/lattice-search.js';
import { substitutions } from '../../../src/domain/lattice-substitution.js';

function wavyLattice(steps: number) {
  return toLattice(
    Float32Array.from({ length: steps * CLASSES }, (_, i) => 3 * Math.sin(i * 1.7) + (i % 11)),
    steps,
    1,
  );
}

describe('substitutions', () => {
  it.each([
    { text: 'A', steps: 4 },
    { text: 'AB1', steps: 7 },
    { text: 'AAB', steps: 6 },
    { text: 'ABBA', steps: 9 },
    { text: 'AB12CDE', steps: 40 },
  ])('of $text are the likelihoods of the changed texts', ({ text, steps }) => {
    const lattice = wavyLattice(steps);
    const places = substitutions(lattice.rows[0] as Float32Array, steps, text);
    expect(places).toHaveLength(text.length);
    places.forEach((scores, place) => {
      for (const [index, character] of [...CHARSET].entries()) {
        const changed = text.slice(0, place) + character + text.slice(place + 1);
        const expected = Math.exp(logLikelihood(lattice, [changed]));
        expect((scores[index] as number) / expected).toBeCloseTo(1, 6);
      }
    });
  });

  it('of an empty text are none', () => {
    expect(substitutions(wavyLattice(3).rows[0] as Float32Array, 3, '')).toEqual([]);
  });

  it('are impossible where the text does not fit into the steps', () => {
    const [scores] = substitutions(wavyLattice(1).rows[0] as Float32Array, 1, 'AB');
    expect(scores?.every((score) => score === 0)).toBe(true);
  });
});
