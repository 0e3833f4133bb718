export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Two-sided 95 %. */
const Z = 1.959964;

/**
 * Wilson's 95 % interval of a rate, from 0 to 1: honest with few trials and near 0 and 1, where the
 * textbook one promises certainty.
 * @returns 0 to 1 where there were no trials.
 */
export function wilson(successes: number, trials: number): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const rate = successes / trials;
  const denominator = 1 + Z ** 2 / trials;
  const middle = (rate + Z ** 2 / (2 * trials)) / denominator;
  const half = (Z / denominator) * Math.sqrt((rate * (1 - rate)) / trials + Z ** 2 / (4 * trials ** 2));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
