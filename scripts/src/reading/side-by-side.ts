import type { Mark } from '../clip/marks.js';
import type { Random } from '../clip/random.js';
import type { DevicePath } from './device-path.js';
import { markOf } from './marks.js';
import { measurePlates } from './measure.js';
import type { PlateSet } from './plate-sets.js';
import { type Rate, rateOf } from './rate.js';

/**
 * Characters that a reader easily makes one of: two alike, or two as narrow as their stroke, side
 * by side. Each mark comes with a twin that differs in these characters alone.
 */
export const SIDE_BY_SIDE = ['11', '111', '1I', 'O0', '00'] as const;
export type SideBySide = (typeof SIDE_BY_SIDE)[number];

export interface Twins {
  readonly alike: Mark;
  readonly plain: Mark;
}

const LETTERS = [...'ABCDEFGHJKLMNPRSTUVWXY'];
/** Digits and age identifiers without 0 and 1, all of them issued. */
const PLAIN_DIGITS = [...'23456789'];
const PLAIN_AGES = ['22', '23', '24', '25', '52', '53', '54', '55', '56', '57', '58', '59', '62', '63'];

export function drawTwins(kind: SideBySide, random: Random): Twins {
  const letters = (count: number) => Array.from({ length: count }, () => random.pick(LETTERS)).join('');
  const digits = (count: number) => Array.from({ length: count }, () => random.pick(PLAIN_DIGITS)).join('');
  switch (kind) {
    case '11': {
      const [tag, serial] = [letters(2), letters(3)];
      return {
        alike: markOf(`${tag}11`, serial),
        plain: markOf(tag + random.pick(PLAIN_AGES), serial),
      };
    }
    case '111': {
      const [year, serial] = [letters(1).replace('U', 'T'), letters(3)];
      return { alike: markOf(`${year}111`, serial), plain: markOf(year + digits(3), serial) };
    }
    case '1I': {
      // Northern Ireland: the I ends the first group, and the number begins with 1.
      const [town, rest] = [letters(2), digits(3)];
      return { alike: markOf(`${town}I`, `1${rest}`), plain: markOf(`${town}Z`, digits(1) + rest) };
    }
    case 'O0': {
      const [tag, year, serial] = [letters(1), random.pick(PLAIN_DIGITS), letters(3)];
      return {
        alike: markOf(`${tag}O0${year}`, serial),
        plain: markOf(tag + letters(1) + random.pick(PLAIN_AGES), serial),
      };
    }
    case '00': {
      const [serial, year, hundreds] = [letters(3), letters(1).replace('U', 'T'), digits(1)];
      return {
        alike: markOf(serial, `${hundreds}00${year}`),
        plain: markOf(serial, `${hundreds}${digits(2)}${year}`),
      };
    }
  }
}

/** Smaller characters than this need not be read; here the two are hardest to keep apart. */
const CHARACTER_HEIGHT_PX = 15;

export interface TwinRates {
  readonly kind: SideBySide;
  readonly alike: Rate;
  readonly plain: Rate;
}

/** Reads twins of each kind: the same vehicles, light and place, and marks that differ in the pair alone. */
export async function measureTwins(path: DevicePath, count: number, seed: string): Promise<TwinRates[]> {
  const rates: TwinRates[] = [];
  for (const kind of SIDE_BY_SIDE) {
    const rate = async (twin: keyof Twins) => {
      const set: PlateSet = {
        seed: `${seed}/${kind}`,
        count,
        carriers: ['one line'],
        characterHeightPx: CHARACTER_HEIGHT_PX,
        mark: (random) => drawTwins(kind, random)[twin],
      };
      return rateOf(await measurePlates(path, set), ({ right }) => right);
    };
    rates.push({ kind, alike: await rate('alike'), plain: await rate('plain') });
  }
  return rates;
}

/** All kinds together, in points of a hundred: how much worse (above 0) marks with such a pair are read. */
export function pointsLost(rates: readonly TwinRates[]): number {
  const share = (of: (rate: TwinRates) => Rate) => {
    const counts = rates.map(of);
    return (
      counts.reduce((sum, { count }) => sum + count, 0) / counts.reduce((sum, { of: all }) => sum + all, 0)
    );
  };
  return 100 * (share(({ plain }) => plain) - share(({ alike }) => alike));
}
