import type { GreyPicture } from '../../../src/capture/grey.js';
import type { Quad } from '../../../src/domain/geometry.js';
import type { Vrm } from '../../../src/domain/vrm.js';
import { KERB_CAMERA, pinhole } from '../clip/camera.js';
import { plateQuadAt } from '../clip/plate-view.js';
import { seededRandom } from '../clip/random.js';
import { ClipRenderer, type ClipTruth } from '../clip/render-clip.js';
import { planTraffic, type VehiclePlan } from '../clip/traffic.js';

/** A clip that is shown over and over, in memory: what a camera at the roadside of a patrol sees. */
export interface LoopedClip {
  readonly pictures: readonly GreyPicture[];
  readonly truth: ClipTruth;
  /** The plate's corners in a picture of the clip; undefined where it is behind the camera. */
  quadAt(vrm: Vrm, picture: number): Quad | undefined;
}

/** Slow enough for a modest frame rate, far enough apart that each vehicle's alarm has ended before the next. */
const SPEEDS_MPS = [6, 9] as const;
const APART_S = 4.5;
const FIRST_PASS_S = 3;

/**
 * Vehicles at even distances. The first comes into view when the last one of the lap before has gone, and a
 * lap is longer than the device takes two passes of one vehicle for one, as long as there are four.
 */
export function planLap(seed: string, vehicles: number): VehiclePlan[] {
  if (vehicles < 4) throw new RangeError(`expected at least 4 vehicles, got ${vehicles}`);
  const random = seededRandom(`${seed}/lap`);
  return planTraffic(seed, vehicles).map((plan, index) => ({
    ...plan,
    speedMps: random.between(...SPEEDS_MPS),
    passAtS: FIRST_PASS_S + index * APART_S,
    standsForS: 0,
  }));
}

export async function renderLoop(
  options: { readonly seed: string; readonly vehicles: number; readonly framesPerSecond: number },
  say: (line: string) => void,
): Promise<LoopedClip> {
  const { seed, framesPerSecond } = options;
  const plans = planLap(seed, options.vehicles);
  const renderer = new ClipRenderer({ seed, vehicles: plans, framesPerSecond });
  const { truth } = renderer;
  say(`rendering ${truth.vehicles.length} vehicles in ${truth.frameCount} pictures`);
  const pictures: GreyPicture[] = [];
  for (let index = 0; index < truth.frameCount; index++) {
    pictures.push(renderer.frame(index));
    // Lets timers in now and then.
    if (index % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const camera = pinhole(KERB_CAMERA);
  const planOf = new Map(plans.map((plan) => [plan.mark.vrm, plan]));
  return {
    pictures,
    truth,
    quadAt: (vrm, picture) => {
      const plan = planOf.get(vrm);
      return plan && plateQuadAt(plan, camera, picture / framesPerSecond);
    },
  };
}
