import type { Point } from '../../../src/domain/geometry.js';
import type { Random } from '../clip/random.js';

/**
 * What spoils the frames of one passage, and how it changes from one to the next. Frames of a real
 * passage are spoilt in different places by glare and smear, and that is what fusing lives on; what
 * all of them share (dirt, screws) is in `shared-faults.ts`.
 */
export interface Conditions {
  readonly frames: readonly FrameConditions[];
  /** Standard deviation of the sensor's noise, grey levels. */
  readonly noise: number;
  readonly exposureS: number;
}

export interface FrameConditions {
  /** By how much the camera moves during the exposure, picture pixels. */
  readonly shake: Point;
  /** Brightness of the plate, 1 = as lit: exposure control is late, and the lamp's beam uneven. */
  readonly gain: number;
  readonly glares: readonly Glare[];
}

/** Light in the lens near or over the plate: a headlamp's bloom, or its reflection. */
export interface Glare {
  /** In widths and heights of the plate from its middle. */
  readonly across: number;
  readonly down: number;
  /** Measured on the plate. */
  readonly radiusMm: number;
  /** Grey levels at its centre; what is above 255 saturates a wider core. */
  readonly strength: number;
}

/** So hard that the reader gets about 70 % of such frames right by themselves. */
const EXPOSURE_S = [0.001, 0.0058] as const;
const SHAKE_PX = [0.3, 2.9] as const;
const NOISE = [3, 11] as const;
const GLARE_STRENGTH = [120, 660] as const;
const GLARE_RADIUS_MM = [80, 290] as const;
/** Share of frames in which a lamp shines into the lens. */
const SHINES = [0.2, 0.68] as const;
const GAIN = [0.55, 1.25] as const;

export function planConditions(frameCount: number, random: Random): Conditions {
  const exposureS = random.between(...EXPOSURE_S);
  const shakiness = random.between(...SHAKE_PX);
  const lamps = Array.from({ length: random.whole(1, 2) }, () => planLamp(random));
  const frames = Array.from({ length: frameCount }, (_, index): FrameConditions => {
    const share = index / Math.max(1, frameCount - 1);
    const angle = random.between(0, Math.PI);
    const length = shakiness * Math.abs(bell(random));
    return {
      shake: { x: length * Math.cos(angle), y: length * Math.sin(angle) },
      gain: random.between(...GAIN),
      glares: lamps.flatMap((lamp) => glareOf(lamp, share, random)),
    };
  });
  return { frames, noise: random.between(...NOISE), exposureS };
}

interface Lamp {
  readonly from: Point;
  readonly to: Point;
  readonly radiusMm: number;
  readonly strength: number;
  readonly shines: number;
}

/** A lamp's bloom crosses the plate or passes by it as the vehicle comes nearer. */
function planLamp(random: Random): Lamp {
  const place = () => ({ x: random.between(-0.75, 0.75), y: random.between(-0.9, 0.9) });
  return {
    from: place(),
    to: place(),
    radiusMm: random.between(...GLARE_RADIUS_MM),
    strength: random.between(...GLARE_STRENGTH),
    shines: random.between(...SHINES),
  };
}

function glareOf({ from, to, radiusMm, strength, shines }: Lamp, share: number, random: Random): Glare[] {
  const wobble = { x: 0.06 * bell(random), y: 0.15 * bell(random) };
  const flicker = random.between(0.5, 1);
  if (!random.chance(shines)) return [];
  return [
    {
      across: from.x + (to.x - from.x) * share + wobble.x,
      down: from.y + (to.y - from.y) * share + wobble.y,
      radiusMm,
      strength: strength * flicker,
    },
  ];
}

/** Rather bell-shaped, mean 0, standard deviation 1. */
function bell(random: Random): number {
  return 2 * (random.next() + random.next() + random.next() - 1.5);
}
