import { describe, expect, it } from 'vitest';
import { assign } from '../../../src/passages/assignment.js';
import { repeatable } from '../../support/repeatable.js';

type Costs = (number | undefined)[][];

/** Tries everything: the most pairs that can be made, and the least that they cost. */
function bruteForce(costs: Costs, row = 0, taken = new Set<number>()): { pairs: number; cost: number } {
  if (row === costs.length) return { pairs: 0, cost: 0 };
  let best = bruteForce(costs, row + 1, taken);
  (costs[row] as Costs[number]).forEach((cost, column) => {
    if (cost === undefined || taken.has(column)) return;
    const rest = bruteForce(costs, row + 1, new Set([...taken, column]));
    const all = { pairs: rest.pairs + 1, cost: rest.cost + cost };
    if (all.pairs > best.pairs || (all.pairs === best.pairs && all.cost < best.cost)) best = all;
  });
  return best;
}

describe('assign', () => {
  it('prefers the least sum to the least single cost', () => {
    expect(
      assign([
        [1, 2],
        [2, 100],
      ]),
    ).toEqual([1, 0]);
  });

  it('leaves alone what has no partner', () => {
    expect(assign([[1], [undefined], [0.5]])).toEqual([undefined, undefined, 0]);
    expect(assign([[undefined, 3, 2]])).toEqual([2]);
  });

  it('refuses a cost that is no number, rather than search for ever', () => {
    expect(() => assign([[1, Number.NaN]])).toThrow('got NaN');
  });

  it('takes nothing for nothing', () => {
    expect(assign([])).toEqual([]);
    expect(assign([[], []])).toEqual([undefined, undefined]);
  });

  it.each(Array.from({ length: 60 }, (_, seed) => seed))('is as good as trying everything (%i)', (seed) => {
    const random = repeatable(seed);
    const rows = 1 + Math.floor(random() * 5);
    const columns = 1 + Math.floor(random() * 5);
    const costs: Costs = Array.from({ length: rows }, () =>
      Array.from({ length: columns }, () => (random() < 0.3 ? undefined : random() * 5)),
    );
    const chosen = assign(costs).flatMap((column, row) => (column === undefined ? [] : [{ row, column }]));
    expect(new Set(chosen.map(({ column }) => column)).size).toBe(chosen.length);
    const sum = chosen.reduce((total, { row, column }) => total + (costs[row]?.[column] as number), 0);
    const best = bruteForce(costs);
    expect(chosen.length).toBe(best.pairs);
    expect(sum).toBeCloseTo(best.cost, 9);
  });
});
