import { describe, expect, it } from 'vitest';
import { coarser, joined, type LostRun } from '../../../src/store/losses.js';

const run = (first: number, last = first, count = last - first + 1): LostRun => ({ first, last, count });

describe('runs of numbers', () => {
  it('become one where they touch or say the same number', () => {
    expect(joined([run(1), run(2), run(2), run(4), run(5, 7), run(9)])).toEqual([
      run(1, 2, 3),
      run(4, 7),
      run(9),
    ]);
  });

  it('stay as they are where they are few enough', () => {
    const runs = [run(1), run(5), run(9)];
    expect(coarser(runs, 3)).toBe(runs);
  });

  it('become coarser over the smallest gaps, and lose no count', () => {
    const runs = [run(1), run(3), run(50), run(54), run(100)];
    expect(coarser(runs, 3)).toEqual([run(1, 3, 2), run(50, 54, 2), run(100)]);
    expect(coarser(runs, 2)).toEqual([run(1, 3, 2), run(50, 100, 3)]);
    expect(coarser(runs, 1)).toEqual([run(1, 100, 5)]);
  });

  it('never become more than asked for, however they lie', () => {
    const runs = Array.from({ length: 1_000 }, (_, index) => run(2 * index + 1));
    const few = coarser(runs, 10);
    expect(few).toHaveLength(10);
    expect(few.reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
  });
});
