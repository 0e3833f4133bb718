import { foldVrm, type MatchKey } from '../../../src/domain/vrm.js';
import { type Mark, type MarkClass, randomMark } from '../clip/marks.js';
import type { Random } from '../clip/random.js';
import { markOf } from '../reading/marks.js';

/**
 * The forms of the marks that pass by, in per cent. Nobody publishes them for a road: most vehicles
 * are younger than the current form, which began in 2001; prefix, suffix and dateless marks are
 * mostly cherished ones on younger vehicles; about one vehicle in thirty is of Northern Ireland.
 */
const SHARES: readonly (readonly [MarkClass | 'q' | 'diplomatic', number])[] = [
  ['current', 83],
  ['prefix', 7],
  ['northern-ireland', 3.5],
  ['dateless', 4],
  ['suffix', 2],
  ['q', 0.3],
  ['diplomatic', 0.2],
];
const ALL = SHARES.reduce((sum, [, share]) => sum + share, 0);
const LETTERS = [...'ABCDEFGHJKLMNPRSTUVWXY'];

/** A mark as one comes by on a UK road. */
export function roadMark(random: Random): Mark {
  let left = random.between(0, ALL);
  const [kind] = SHARES.find(([, share]) => {
    left -= share;
    return left < 0;
  }) ?? ['current' as const];
  const letters = (count: number) => Array.from({ length: count }, () => random.pick(LETTERS)).join('');
  switch (kind) {
    case 'q':
      return markOf(`Q${random.whole(1, 999)}`, letters(3));
    case 'diplomatic':
      return markOf(String(random.whole(101, 399)), `${random.pick(['D', 'X'])}${random.whole(100, 999)}`);
    default:
      return randomMark(random, kind);
  }
}

/** Different marks, folded, in no order: a list of vehicles of which each is as likely to be on it. */
export function roadKeys(count: number, random: Random): Set<MatchKey> {
  const keys = new Set<MatchKey>();
  while (keys.size < count) keys.add(foldVrm(roadMark(random).vrm));
  return keys;
}
