import type { Mark } from '../clip/marks.js';
import type { PlateForm } from '../clip/plate-layout.js';
import { type Random, seededRandom } from '../clip/random.js';
import { anyMark } from './marks.js';
import type { Conditions, PlateCase } from './plate-scene.js';
import type { Vehicle } from './surround.js';

/** A plate with the vehicle that carries it: the lorries' two-line plate is the square one, 285 x 203 mm. */
export const CARRIERS = {
  'one line': { form: 'one-line', vehicle: 'car' },
  square: { form: 'square', vehicle: 'van' },
  lorry: { form: 'square', vehicle: 'lorry' },
  motorcycle: { form: 'motorcycle', vehicle: 'motorcycle' },
} as const satisfies Record<string, { form: PlateForm; vehicle: Vehicle }>;

export type Carrier = keyof typeof CARRIERS;

export interface PlateSet {
  readonly seed: string;
  readonly count: number;
  /** Dealt out in turn. */
  readonly carriers: readonly Carrier[];
  readonly characterHeightPx: number;
  readonly conditions?: Partial<Conditions>;
  /** To either side; without it, whatever a camera beside the road sees (up to 15 degrees). */
  readonly yawDegrees?: number;
  /** Without it, marks of every class. */
  readonly mark?: (random: Random, index: number) => Mark;
}

/** The plates of a set; those of the same seed and place differ in what the set asks for alone. */
export function plateCases(set: PlateSet): PlateCase[] {
  return Array.from({ length: set.count }, (_, index) => {
    const random = seededRandom(`${set.seed}/case ${index}`);
    const mark = (set.mark ?? anyMark)(random.fork('mark'), index);
    const side = random.chance(0.5) ? 1 : -1;
    const yaw = random.between(0, 15);
    return {
      mark,
      ...CARRIERS[set.carriers[index % set.carriers.length] as Carrier],
      characterHeightPx: set.characterHeightPx,
      pose: {
        yawDegrees: side * (set.yawDegrees ?? yaw),
        // A camera looks down on the road, and plates are mounted leaning a little.
        pitchDegrees: random.between(-4, 14),
        rollDegrees: random.between(-4, 4),
      },
      conditions: { defocusStrokes: 0, motionStrokes: 0, dirtShare: 0, ...set.conditions },
    };
  });
}
