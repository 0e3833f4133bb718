import { parseVrm, type Vrm } from '../../../src/domain/vrm.js';
import type { Random } from './random.js';

/** A random UK mark as it is laid out on a plate: two groups, or two lines. */
export interface Mark {
  readonly vrm: Vrm;
  readonly groups: readonly [string, string];
}

export type MarkClass = 'current' | 'prefix' | 'suffix' | 'northern-ireland' | 'dateless';

const MEMORY_TAG = [...'ABCDEFGHJKLMNOPRSTUVWXY'];
const SERIAL = [...'ABCDEFGHJKLMNOPRSTUVWXYZ'];
const YEAR_LETTER = [...'ABCDEFGHJKLMNPRSTVWXY'];
/** Without I and Z, which would make it a mark of Northern Ireland. */
const DATELESS = [...'ABCDEFGHJKLMNPRSTUVWXY'];

/** Most vehicles on the road carry a current mark; the rest keep the older forms in view. */
const CLASSES: readonly MarkClass[] = [
  'current',
  'current',
  'current',
  'current',
  'current',
  'prefix',
  'prefix',
  'suffix',
  'northern-ireland',
  'dateless',
];

export function randomMark(random: Random, markClass: MarkClass = random.pick(CLASSES)): Mark {
  const letters = (count: number, from: readonly string[]) =>
    Array.from({ length: count }, () => random.pick(from)).join('');
  const groups = ((): [string, string] => {
    switch (markClass) {
      case 'current':
        return [letters(2, MEMORY_TAG) + ageIdentifier(random), letters(3, SERIAL)];
      case 'prefix':
        return [letters(1, YEAR_LETTER) + random.whole(1, 999), letters(3, MEMORY_TAG)];
      case 'suffix':
        return [letters(3, MEMORY_TAG), random.whole(1, 999) + letters(1, YEAR_LETTER)];
      case 'northern-ireland':
        return [
          `${letters(1, MEMORY_TAG)}${random.pick(['I', 'Z'])}${letters(1, MEMORY_TAG)}`,
          `${random.whole(1000, 9999)}`,
        ];
      case 'dateless':
        return random.chance(0.5)
          ? [letters(3, DATELESS), `${random.whole(10, 999)}`]
          : [`${random.whole(100, 9999)}`, letters(2, DATELESS)];
    }
  })();
  const vrm = parseVrm(groups.join(''));
  if (vrm === undefined) throw new Error(`not a mark: ${groups.join(' ')}`);
  return { vrm, groups };
}

/** March of a year is the year, September the year and 50. */
function ageIdentifier(random: Random): string {
  const year = random.whole(2, 25);
  return String(random.chance(0.5) ? year : year + 50).padStart(2, '0');
}
