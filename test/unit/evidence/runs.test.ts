import { describe, expect, it } from 'vitest';
import { LinkIndex } from '../../../src/evidence/link-index.js';
import { mergedRuns, type Run, withoutRuns } from '../../../src/evidence/runs.js';
import { repeatable } from '../../support/repeatable.js';
import { idOf } from '../../support/statements.js';

const numbersOf = (runs: readonly Run[]) =>
  runs.flatMap(([from, to]) =>
    Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index),
  );

describe('runs of numbers', () => {
  const random = repeatable(13);
  const someRuns = () =>
    Array.from({ length: Math.floor(random() * 8) }, (): Run => {
      const from = 1 + Math.floor(random() * 40);
      return [from, from - 1 + Math.floor(random() * 8)];
    });

  it('merge into as few as can be, and leave out what others have, like plain sets', () => {
    for (let round = 0; round < 500; round++) {
      const [runs, others] = [mergedRuns(someRuns()), someRuns()];
      const taken = new Set(numbersOf(others));
      expect(numbersOf(withoutRuns(runs, mergedRuns(others)))).toEqual(
        numbersOf(runs).filter((number) => !taken.has(number)),
      );
      const merged = mergedRuns(others);
      expect(numbersOf(merged)).toEqual([...taken].sort((a, b) => a - b));
      for (const [index, run] of merged.slice(1).entries()) {
        expect(run[0]).toBeGreaterThan((merged[index] as Run)[1] + 1);
      }
    }
  });

  it('may be as long as numbers go', () => {
    const most = Number.MAX_SAFE_INTEGER;
    expect(withoutRuns([[1, most]], mergedRuns([[5, most - 5]]))).toEqual([
      [1, 4],
      [most - 4, most],
    ]);
  });
});

describe('the index of a chain', () => {
  it('keeps each link as it was, in order, whatever order they came in', () => {
    const index = new LinkIndex();
    const linkOf = (number: number) => ({
      digest: Buffer.alloc(32, number % 251).toString('base64url'),
      previous: number === 1 ? '' : Buffer.alloc(32, number % 13).toString('base64url'),
      id: idOf('record', number),
    });
    const numbers = [700, 1, 511, 512, 513, 2 ** 40, 2, 100_000];
    for (const number of numbers) index.add(number, linkOf(number));
    for (const number of numbers) expect(index.get(number)).toEqual(linkOf(number));
    for (const number of [3, 510, 514, 2 ** 40 + 1]) expect(index.get(number)).toBeUndefined();
    const ordered = [...index.entries()].map(([number]) => number);
    expect(ordered).toEqual(numbers.toSorted((a, b) => a - b));
  });
});
