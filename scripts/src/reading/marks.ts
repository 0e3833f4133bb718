import { parseVrm } from '../../../src/domain/vrm.js';
import { type Mark, randomMark } from '../clip/marks.js';
import type { Random } from '../clip/random.js';

const LETTERS = [...'ABCDEFGHJKLMNPRSTUVWXY'];

/** A random mark: half of them current, as on the road, the rest of every other class with a face like it. */
export function anyMark(random: Random): Mark {
  if (random.chance(0.5)) return randomMark(random, 'current');
  const kind = random.pick([
    'prefix',
    'suffix',
    'northern-ireland',
    'dateless',
    'q',
    'diplomatic',
    'short',
  ] as const);
  switch (kind) {
    case 'q':
      return markOf(`Q${random.whole(1, 999)}`, letters(random, 3));
    case 'diplomatic':
      return markOf(String(random.whole(101, 399)), `${random.pick(['D', 'X'])}${random.whole(100, 999)}`);
    case 'short':
      return random.chance(0.5)
        ? markOf(letters(random, random.whole(1, 2)), String(random.whole(1, 9999)))
        : markOf(letters(random, 3), String(random.whole(1, 99)));
    default:
      return randomMark(random, kind);
  }
}

function letters(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.pick(LETTERS)).join('');
}

/** @throws Error where the groups are no mark */
export function markOf(first: string, second: string): Mark {
  const vrm = parseVrm(first + second);
  if (vrm === undefined) throw new Error(`not a mark: ${first} ${second}`);
  return { vrm, groups: [first, second] };
}
