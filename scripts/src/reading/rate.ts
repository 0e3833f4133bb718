import { wilson } from '../../../src/lib/wilson.js';

/** A share that was counted, with its 95 % interval; shares from 0 to 1. */
export interface Rate {
  readonly count: number;
  readonly of: number;
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

/** @throws RangeError where nothing was counted: a share of nothing would pass any bar */
export function rateOf<T>(items: readonly T[], holds: (item: T) => boolean): Rate {
  if (items.length === 0) throw new RangeError('expected something to count, got nothing');
  const count = items.filter(holds).length;
  return { count, of: items.length, share: count / items.length, ...wilson(count, items.length) };
}

/** For example '97.3 % (95.1 to 98.6)'. */
export function renderRate({ share, low, high }: Rate): string {
  return `${percent(share)} % (${percent(low)} to ${percent(high)})`;
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}
