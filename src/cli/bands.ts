import { type Interval, wilson } from '../lib/wilson.js';
import type { RatedPlate } from './rating.js';

/** Plates of one kind whose text is known, and how many of them were read right. */
export interface Band {
  readonly name: string;
  readonly plates: number;
  readonly readRight: number;
  /** 95 % (Wilson). */
  readonly interval: Interval;
}

/** A plate of one line seen from the front is about 4.7 times as wide as it is high. */
const SLANTED_BELOW_ASPECT = 3;
const SMALL_BELOW_PX = 100;

const KINDS: readonly { name: string; has: (box: NonNullable<RatedPlate['box']>) => boolean }[] = [
  { name: `under ${SMALL_BELOW_PX} px wide`, has: ({ width }) => width < SMALL_BELOW_PX },
  { name: `${SMALL_BELOW_PX} px and wider`, has: ({ width }) => width >= SMALL_BELOW_PX },
  {
    name: `narrower than ${SLANTED_BELOW_ASPECT}:1`,
    has: ({ width, height }) => width < SLANTED_BELOW_ASPECT * height,
  },
];

/** Read rates by the width and the shape of the label's box; a plate may be in two bands, or in none. */
export function bandsOf(plates: readonly RatedPlate[]): Band[] {
  return KINDS.map(({ name, has }) => {
    const own = plates.filter(({ box }) => box !== undefined && has(box));
    const readRight = own.filter((plate) => plate.readRight).length;
    return { name, plates: own.length, readRight, interval: wilson(readRight, own.length) };
  });
}
