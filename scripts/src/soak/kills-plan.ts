import { seededRandom } from '../clip/random.js';

export const TARGETS = ['main', 'vision', 'broker'] as const;
export type Target = (typeof TARGETS)[number];

export interface Kill {
  readonly target: Target;
  /** Since the kill before, or the beginning. */
  readonly afterMs: number;
}

const SHARES: readonly (readonly [Target, number])[] = [
  ['main', 0.4],
  ['vision', 0.3],
  ['broker', 0.3],
];
/** Shares of kills that follow the one before at once, so that two are down together. */
const AT_ONCE = 0.1;

/** When to kill what: the same seed gives the same plan; gaps of any length up to twice the mean. */
export function planKills(seed: string, count: number, meanGapMs: number): Kill[] {
  const random = seededRandom(`${seed}/kills`);
  return Array.from({ length: count }, () => {
    let rest = random.next();
    const target = SHARES.find(([, share]) => {
      rest -= share;
      return rest < 0;
    })?.[0];
    const isAtOnce = random.chance(AT_ONCE);
    const afterMs = isAtOnce ? random.between(0, 50) : random.between(0, (2 * meanGapMs) / (1 - AT_ONCE));
    return { target: target ?? 'main', afterMs };
  });
}
