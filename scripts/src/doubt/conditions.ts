import type { Random } from '../clip/random.js';
import type { PlateCase } from '../reading/plate-scene.js';
import { CARRIERS, type Carrier } from '../reading/plate-sets.js';
import { roadMark } from './road-marks.js';

/**
 * What a camera beside a road meets: mostly plain plates, and of each trouble as much as makes a few
 * reads in a hundred wrong.
 */
export const TROUBLES = [
  'plain',
  'small',
  'out of focus',
  'moving',
  'over-exposed',
  'dirty',
  'aside',
] as const;
export type Trouble = (typeof TROUBLES)[number];

/** Per cent of the vehicles. */
const SHARES: Readonly<Record<Trouble, number>> = {
  plain: 34,
  small: 11,
  'out of focus': 11,
  moving: 11,
  'over-exposed': 11,
  dirty: 13,
  aside: 9,
};
/** Per cent of the plates: rear plates of motorcycles and square ones of vans and lorries. */
const CARRIER_SHARES: Readonly<Record<Carrier, number>> = {
  'one line': 86,
  square: 6,
  lorry: 4,
  motorcycle: 4,
};
/** Of plates with splashes on characters or screws in them, beside what else troubles them. */
const FAULTY = 0.5;
const USUAL_HEIGHTS_PX: readonly [number, number] = [13, 24];
const SMALL_HEIGHTS_PX: readonly [number, number] = [7, 11];

export interface TroubledPlate {
  readonly trouble: Trouble;
  readonly plate: PlateCase;
}

/** A vehicle as it comes by. */
export function troubledPlate(random: Random): TroubledPlate {
  const mark = roadMark(random.fork('mark'));
  const trouble = pickByShare(SHARES, random);
  const carrier = pickByShare(CARRIER_SHARES, random);
  const yaw = trouble === 'aside' ? random.between(20, 45) : random.between(0, 15);
  return {
    trouble,
    plate: {
      mark,
      ...CARRIERS[carrier],
      characterHeightPx: random.between(...(trouble === 'small' ? SMALL_HEIGHTS_PX : USUAL_HEIGHTS_PX)),
      pose: {
        yawDegrees: random.chance(0.5) ? yaw : -yaw,
        pitchDegrees: random.between(-4, 14),
        rollDegrees: random.between(-4, 4),
      },
      conditions: {
        defocusStrokes: trouble === 'out of focus' ? random.between(1, 2.4) : 0,
        motionStrokes: trouble === 'moving' ? random.between(1.5, 3.2) : 0,
        ...(trouble === 'over-exposed' ? { bloomStops: random.between(2.5, 5.5) } : {}),
        dirtShare: trouble === 'dirty' ? random.between(0.1, 0.4) : 0,
        hasFaults: random.chance(FAULTY),
      },
    },
  };
}

/**
 * The same vehicle at another moment of its passage: a little farther away, with another movement
 * during the exposure; its dirt and its faults stay.
 */
export function atMoment({ plate, trouble }: TroubledPlate, moment: number, random: Random): PlateCase {
  if (moment === 0) return plate;
  const { motionStrokes } = plate.conditions;
  return {
    ...plate,
    characterHeightPx: plate.characterHeightPx * (1 - random.between(0.04, 0.1) * moment),
    conditions: {
      ...plate.conditions,
      motionStrokes: trouble === 'moving' ? motionStrokes * random.between(0.4, 1.2) : 0,
    },
  };
}

function pickByShare<Name extends string>(shares: Readonly<Record<Name, number>>, random: Random): Name {
  const names = Object.keys(shares) as Name[];
  let left = random.between(0, 100);
  return names.find((name) => {
    left -= shares[name];
    return left < 0;
  }) as Name;
}
