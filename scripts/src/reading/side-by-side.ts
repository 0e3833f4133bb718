import type { Mark } from '../clip/marks.js';
import type { Random } from '../clip/random.js';
import { markOf } from './marks.js';

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
