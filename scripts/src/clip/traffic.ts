import { type Mark, randomMark } from './marks.js';
import type { PlateForm } from './plate-layout.js';
import { type Random, seededRandom } from './random.js';

export type VehicleKind = 'car' | 'van' | 'lorry' | 'motorcycle';

/** One vehicle's way past the camera, and how it looks. Metres, seconds from the clip's start. */
export interface VehiclePlan {
  readonly mark: Mark;
  readonly kind: VehicleKind;
  readonly form: PlateForm;
  /** Traffic keeps left: what comes towards the camera is on the far side and shows its front. */
  readonly direction: 'towards' | 'away';
  readonly speedMps: number;
  /** When its plate is at REFERENCE_M; for one that stops there, when it has come to rest. */
  readonly passAtS: number;
  /** How long it stands at REFERENCE_M; 0 for one that drives through. */
  readonly standsForS: number;
  /** Middle of the vehicle from the middle of the road. */
  readonly laneX: number;
  /** The plate's middle above the road, and beside the vehicle's middle. */
  readonly plateZ: number;
  readonly plateAside: number;
  /** How crookedly the plate is mounted, radians: leaning back, and turned in its plane. */
  readonly plateLean: number;
  readonly plateTwist: number;
  /** Grey of the body under the illuminator, 0 to 255. */
  readonly bodyGrey: number;
}

/** Distance along the road at which plates are seen best. */
export const REFERENCE_M = 13;
const BRAKING_MPS2 = 3.5;
const STARTING_MPS2 = 2.5;

/** How far along the road the plate is, metres from the camera's foot. */
export function distanceAt(plan: VehiclePlan, atS: number): number {
  const travelled = travelledAt(plan, atS - plan.passAtS);
  return plan.direction === 'away' ? REFERENCE_M + travelled : REFERENCE_M - travelled;
}

/** Metres beyond the reference; `sinceS` counts from the pass or from coming to rest. */
function travelledAt({ speedMps, standsForS }: VehiclePlan, sinceS: number): number {
  if (standsForS === 0) return speedMps * sinceS;
  if (sinceS < 0) {
    const brakesForS = speedMps / BRAKING_MPS2;
    const lastS = Math.min(-sinceS, brakesForS);
    return -(BRAKING_MPS2 * lastS ** 2) / 2 - speedMps * (-sinceS - lastS);
  }
  const rollsS = Math.max(0, sinceS - standsForS);
  const startsForS = Math.min(rollsS, speedMps / STARTING_MPS2);
  return (STARTING_MPS2 * startsForS ** 2) / 2 + speedMps * (rollsS - startsForS);
}

type Slot = Pick<VehiclePlan, 'kind' | 'form' | 'direction'> & {
  readonly speed: readonly [number, number];
  /** Seconds after the one before. */
  readonly gapS: readonly [number, number];
  readonly standsForS?: number;
};

const FRONT: Slot = { kind: 'car', form: 'one-line', direction: 'towards', speed: [9, 20], gapS: [2.6, 3.6] };
const REAR: Slot = { kind: 'car', form: 'one-line', direction: 'away', speed: [9, 20], gapS: [2.6, 3.6] };
const CLOSE_BEHIND: Slot = { ...FRONT, speed: [12, 12], gapS: [1.5, 1.7] };

/** What comes by in turn: every case a camera meets early on, so that a short clip has them too. */
const SLOTS: readonly Slot[] = [
  FRONT,
  REAR,
  { ...REAR, kind: 'van', form: 'square' },
  { ...FRONT, speed: [22, 27] },
  { ...REAR, kind: 'motorcycle', form: 'motorcycle', speed: [8, 14] },
  { ...FRONT, speed: [9, 12], gapS: [5, 5.5], standsForS: 4 },
  // A convoy.
  { ...FRONT, speed: [12, 12], gapS: [8, 8.5] },
  CLOSE_BEHIND,
  CLOSE_BEHIND,
  { ...REAR, form: 'square', speed: [6, 9] },
  { ...FRONT, kind: 'lorry', speed: [8, 12], gapS: [3.4, 4] },
  { ...REAR, speed: [18, 24], gapS: [3, 3.6] },
  { ...FRONT, kind: 'van' },
  { ...REAR, kind: 'motorcycle', form: 'motorcycle' },
  { ...FRONT, speed: [5, 7] },
  { ...REAR, kind: 'van' },
];

/**
 * Traffic for a clip: `count` vehicles with different marks, in the order in which they pass.
 * A vehicle never overtakes or hides another.
 */
export function planTraffic(seed: string, count: number): VehiclePlan[] {
  if (!Number.isInteger(count) || count < 1 || count > 200) {
    throw new RangeError(`expected 1 to 200 vehicles, got ${count}`);
  }
  const random = seededRandom(`${seed}/traffic`);
  const taken = new Set<string>();
  let passAtS = 0.5;
  return Array.from({ length: count }, (_, index) => {
    const slot = SLOTS[index % SLOTS.length] as Slot;
    const own = random.fork(String(index));
    passAtS += own.between(...slot.gapS);
    return planVehicle(slot, passAtS, unusedMark(own, taken), own);
  });
}

function planVehicle(slot: Slot, passAtS: number, mark: Mark, random: Random): VehiclePlan {
  const aside = slot.kind === 'motorcycle' ? random.between(-0.5, 0.4) : random.between(-0.2, 0.2);
  return {
    mark,
    kind: slot.kind,
    form: slot.form,
    direction: slot.direction,
    speedMps: random.between(...slot.speed),
    passAtS,
    standsForS: slot.standsForS ?? 0,
    laneX: (slot.direction === 'towards' ? 1.5 : -1.6) + aside,
    plateZ: plateHeight(slot, random),
    plateAside: slot.kind === 'lorry' ? random.between(-0.3, 0.3) : random.between(-0.03, 0.03),
    plateLean: random.between(-0.03, 0.12),
    plateTwist: random.between(-0.02, 0.02),
    bodyGrey: random.between(26, 74),
  };
}

function plateHeight({ kind, direction }: Slot, random: Random): number {
  if (kind === 'motorcycle') return random.between(0.58, 0.72);
  if (direction === 'towards') return random.between(0.4, 0.55);
  return random.between(0.6, 0.85);
}

function unusedMark(random: Random, taken: Set<string>): Mark {
  for (;;) {
    const mark = randomMark(random);
    if (taken.has(mark.vrm)) continue;
    taken.add(mark.vrm);
    return mark;
  }
}
