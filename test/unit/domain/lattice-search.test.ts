import { describe, expect, it } from 'vitest';
import { BLANK, CHARSET, CLASSES, type Lattice } from '../../../src/domain/lattice.js';
import { logLikelihood, nBest, toLattice } from '../../../src/domain/lattice-search.js';

/** Repeatable numbers in [0, 1). */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

/** Logits that favour a few classes, so that texts of several lengths compete. */
function randomLattice(seed: number, steps: number, rows = 1): Lattice {
  const random = randoms(seed);
  const logits = Float32Array.from({ length: rows * steps * CLASSES }, () => random() * 6 - 3);
  for (let step = 0; step < rows * steps; step++) {
    for (const favoured of [2, 11, BLANK]) logits[step * CLASSES + favoured] = random() * 8;
  }
  return toLattice(logits, steps, rows);
}

/** Every path of a row, merged and summed: what CTC means, without any cleverness. */
function bruteForce(row: Float32Array, steps: number): Map<string, number> {
  let paths: { text: string; last: number; probability: number }[] = [
    { text: '', last: BLANK, probability: 1 },
  ];
  for (let step = 0; step < steps; step++) {
    paths = paths.flatMap((path) =>
      Array.from({ length: CLASSES }, (_, index) => ({
        text: index === BLANK || index === path.last ? path.text : path.text + CHARSET[index],
        last: index,
        probability: path.probability * Math.exp(row[step * CLASSES + index] as number),
      })),
    );
  }
  const sums = new Map<string, number>();
  for (const { text, probability } of paths) sums.set(text, (sums.get(text) ?? 0) + probability);
  return sums;
}

describe('toLattice', () => {
  it('gives probabilities that sum to one in every step', () => {
    const { rows } = randomLattice(1, 5, 2);
    for (const row of rows) {
      for (let step = 0; step < 5; step++) {
        const sum = row.slice(step * CLASSES, (step + 1) * CLASSES).reduce((a, v) => a + Math.exp(v), 0);
        expect(sum).toBeCloseTo(1, 5);
      }
    }
  });

  it('leaves what it was given unchanged', () => {
    const logits = new Float32Array(CLASSES).fill(2);
    toLattice(logits, 1, 1);
    expect(logits[0]).toBe(2);
  });

  it('stays finite with logits of any size', () => {
    const logits = new Float32Array(CLASSES).fill(-1000);
    logits[3] = 1000;
    expect(toLattice(logits, 1, 1).rows[0]?.[3]).toBe(0);
  });

  it('refuses logits of another shape', () => {
    expect(() => toLattice(new Float32Array(36 * 40 * 2), 40, 2)).toThrow(
      /expected 2 x 40 x 37 logits, got 2880/,
    );
  });
});

describe('logLikelihood', () => {
  it.each([1, 2, 3])('is the sum over every path (lattice %i)', (seed) => {
    const lattice = randomLattice(seed, 3);
    const sums = bruteForce(lattice.rows[0] as Float32Array, 3);
    const differences = [...sums].map(([text, probability]) =>
      Math.abs(logLikelihood(lattice, [text]) - Math.log(probability)),
    );
    expect(Math.max(...differences)).toBeLessThan(1e-4);
  });

  it('adds up its rows, and takes a missing row for an empty one', () => {
    const lattice = randomLattice(4, 3, 2);
    const [upper, lower] = lattice.rows.map((row) => bruteForce(row, 3)) as [
      Map<string, number>,
      Map<string, number>,
    ];
    const expected = Math.log((upper.get('2B') as number) * (lower.get('B') as number));
    expect(logLikelihood(lattice, ['2B', 'B'])).toBeCloseTo(expected, 4);
    expect(logLikelihood(lattice, ['2B'])).toBe(logLikelihood(lattice, ['2B', '']));
  });

  it('is -Infinity for what cannot be spelled', () => {
    const lattice = randomLattice(5, 3);
    expect(logLikelihood(lattice, ['2222'])).toBe(-Infinity);
    expect(logLikelihood(lattice, ['22'])).toBeGreaterThan(-Infinity);
    expect(logLikelihood(lattice, ['a'])).toBe(-Infinity);
    expect(logLikelihood(lattice, ['2', 'B'])).toBe(-Infinity);
  });

  it('keeps its precision over more steps than a double has range for', () => {
    const steps = 400;
    const lattice = toLattice(new Float32Array(steps * CLASSES), steps, 1);
    expect(logLikelihood(lattice, [''])).toBeCloseTo(-steps * Math.log(CLASSES), 3);
    // One character in a uniform lattice: every run of it counts, steps * (steps + 1) / 2 paths.
    const runs = (steps * (steps + 1)) / 2;
    expect(logLikelihood(lattice, ['7'])).toBeCloseTo(Math.log(runs) - steps * Math.log(CLASSES), 3);
  });
});

describe('nBest', () => {
  it.each([11, 12, 13, 14])('finds the most probable texts in order (lattice %i)', (seed) => {
    const lattice = randomLattice(seed, 3);
    const expected = [...bruteForce(lattice.rows[0] as Float32Array, 3)]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 5);
    const found = nBest(lattice, 5);
    expect(found.map(({ rows }) => rows[0])).toEqual(expected.map(([text]) => text));
    found.forEach(({ logProbability }, i) => {
      expect(logProbability).toBeCloseTo(Math.log((expected[i] as [string, number])[1]), 4);
    });
  });

  it('combines two rows, the most probable pair first', () => {
    const lattice = randomLattice(21, 3, 2);
    const [upper, lower] = lattice.rows.map((row) =>
      [...bruteForce(row, 3)].sort((a, b) => b[1] - a[1]).slice(0, 6),
    ) as [[string, number][], [string, number][]];
    const pairs = upper.flatMap(([a, p]) => lower.map(([b, q]) => ({ rows: [a, b], probability: p * q })));
    const expected = pairs.sort((a, b) => b.probability - a.probability).slice(0, 6);
    expect(nBest(lattice, 6).map(({ rows }) => rows)).toEqual(expected.map(({ rows }) => rows));
  });

  it('reads a doubled character that a blank separates', () => {
    const logits = new Float32Array(5 * CLASSES).fill(-8);
    [10, 10, BLANK, 10, 11].forEach((index, step) => {
      logits[step * CLASSES + index] = 8;
    });
    expect(nBest(toLattice(logits, 5, 1), 1)[0]?.rows).toEqual(['AAB']);
  });
});
