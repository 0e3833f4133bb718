import { boundingBox, centre, type Point, plateSize, type Quad } from '../../../src/domain/geometry.js';
import type { Vrm } from '../../../src/domain/vrm.js';
import { type Face, loadFace } from '../clip/face.js';
import { layOutPlate } from '../clip/plate-layout.js';
import { drawPlate, type PlateTexture } from '../clip/plate-texture.js';
import { drawPlateView, isInside, plateQuadAt } from '../clip/plate-view.js';
import { type Random, seededRandom } from '../clip/random.js';
import { addGlow, type Canvas } from '../clip/raster.js';
import { distanceAt, planTraffic, type VehiclePlan } from '../clip/traffic.js';
import { drawVehicle, illumination } from '../clip/vehicle-view.js';
import { addNoise } from '../reading/sensor-noise.js';
import { type Conditions, planConditions } from './conditions.js';
import { addSharedFaults } from './shared-faults.js';
import { smear } from './smear.js';
import { POST_COUNT, type Viewpoint, viewpointAt } from './viewpoint.js';

/** A picture of a passage, and where its plate is in it. */
export interface RenderedFrame {
  readonly picture: Canvas;
  readonly quad: Quad;
  /** Seconds since the first frame. */
  readonly atS: number;
}

export interface RenderedPassage {
  readonly vrm: Vrm;
  /** Draws the road before the vehicle comes. */
  emptyRoad(): Canvas;
  /** Draws a frame, 0 to FRAMES_A_PASSAGE - 1, in the order of time. */
  frame(index: number): RenderedFrame;
}

export const FRAMES_A_PASSAGE = 12;
/** What is left of 25 frames a second where one camera of two is looked at. */
const FRAME_EVERY_S = 0.08;
/** Slow enough for all frames to fall into the view. */
const SPEED_MPS = [7, 14] as const;
const MOST_TRAFFIC = 200;
/** Around the plate, in its widths: more than any smear reaches. */
const SMEARED_MARGIN = 0.6;

/** Short passages of single vehicles on a bad night; the same seed gives the same bytes. */
export class PassageRenderer {
  readonly #seed: string;
  readonly #face: Face = loadFace();
  readonly #viewpoints = new Map<string, Viewpoint>();
  readonly #traffic: readonly VehiclePlan[];

  constructor(options: { readonly seed: string; readonly count: number }) {
    this.#seed = options.seed;
    this.#traffic = Array.from({ length: Math.ceil(options.count / MOST_TRAFFIC) }, (_, part) =>
      planTraffic(`${options.seed}/${part}`, Math.min(MOST_TRAFFIC, options.count - part * MOST_TRAFFIC)),
    ).flat();
  }

  passage(index: number): RenderedPassage {
    const random = seededRandom(`${this.#seed}/passage ${index}`);
    const planned = this.#traffic[index];
    if (planned === undefined)
      throw new RangeError(`expected a passage below ${this.#traffic.length}, got ${index}`);
    const plan: VehiclePlan = {
      ...planned,
      passAtS: 0,
      standsForS: 0,
      speedMps: random.between(...SPEED_MPS),
      plateLean: random.between(-0.1, 0.2),
      plateTwist: random.between(-0.05, 0.05),
    };
    const viewpoint = this.#viewpointFor(plan, random);
    const times = timesInView(plan, viewpoint, random);
    const texture = drawPlate(plan.mark, plan.form, this.#face, random.fork('plate'));
    addSharedFaults(texture, layOutPlate(plan.mark, plan.form, this.#face), random.fork('faults'));
    const conditions = planConditions(FRAMES_A_PASSAGE, random.fork('conditions'));
    return {
      vrm: plan.mark.vrm,
      emptyRoad: () => addNoise(viewpoint.background, conditions.noise, random.fork('empty road')),
      frame: (at) => {
        const clean = this.#draw(plan, viewpoint, texture, conditions, times[at] as number, at);
        const picture = addNoise(clean, conditions.noise, random.fork(`noise ${at}`));
        const quad = plateQuadAt(plan, viewpoint.camera, times[at] as number) as Quad;
        return { picture, quad, atS: at * FRAME_EVERY_S };
      },
    };
  }

  #viewpointFor({ direction }: VehiclePlan, random: Random): Viewpoint {
    const post = random.whole(0, POST_COUNT - 1);
    const key = `${post} ${direction}`;
    let viewpoint = this.#viewpoints.get(key);
    if (viewpoint === undefined) {
      viewpoint = viewpointAt(post, direction, this.#face, seededRandom(`${this.#seed}/scene ${key}`));
      this.#viewpoints.set(key, viewpoint);
    }
    return viewpoint;
  }

  #draw(
    plan: VehiclePlan,
    { camera, background }: Viewpoint,
    texture: PlateTexture,
    { frames, exposureS }: Conditions,
    atS: number,
    index: number,
  ): Canvas {
    const { shake, gain, glares } = frames[index] as Conditions['frames'][number];
    const picture: Canvas = { ...background, pixels: background.pixels.slice() };
    drawVehicle(picture, plan, camera, atS);
    const quad = plateQuadAt(plan, camera, atS) as Quad;
    const lit = Math.min(1.05, illumination(distanceAt(plan, atS)) ** 0.5);
    drawPlateView(picture, texture, [quad], gain * lit);

    const { widthPx, heightPx } = plateSize(quad);
    const moved = movedBy(plan, camera, atS, exposureS);
    const margin = SMEARED_MARGIN * widthPx;
    const box = boundingBox(quad);
    smear(
      picture,
      {
        x: box.x - margin,
        y: box.y - margin,
        width: box.width + 2 * margin,
        height: box.height + 2 * margin,
      },
      { x: moved.x + shake.x, y: moved.y + shake.y },
    );
    const middle = centre(quad);
    for (const { across, down, radiusMm, strength } of glares) {
      const radiusPx = (radiusMm * widthPx) / texture.widthMm;
      addGlow(picture, middle.x + across * widthPx, middle.y + down * heightPx, radiusPx, strength);
    }
    return picture;
  }
}

/** How far the plate goes through the picture during an exposure, pixels. */
function movedBy(plan: VehiclePlan, camera: Viewpoint['camera'], atS: number, exposureS: number): Point {
  const before = centre(plateQuadAt(plan, camera, atS - exposureS / 2) as Quad);
  const after = centre(plateQuadAt(plan, camera, atS + exposureS / 2) as Quad);
  return { x: after.x - before.x, y: after.y - before.y };
}

/** The nearest stretch of the way on which the plate is wholly in the picture, in frames. */
function timesInView(plan: VehiclePlan, { camera }: Viewpoint, random: Random): number[] {
  const lastsS = (FRAMES_A_PASSAGE - 1) * FRAME_EVERY_S;
  const inView = (atS: number) => {
    const quad = plateQuadAt(plan, camera, atS);
    return quad !== undefined && isInside(quad, camera);
  };
  const offsetS = random.between(0, FRAME_EVERY_S);
  // The nearer end of what can be seen: the last moment of one that comes, the first of one that goes.
  const sign = plan.direction === 'towards' ? 1 : -1;
  let nearestS = 2 * sign;
  while (!inView(nearestS) && Math.abs(nearestS) < SEARCHED_S) nearestS -= sign * 0.02;
  const firstS = sign === 1 ? nearestS - offsetS - lastsS : nearestS + offsetS;
  const times = Array.from({ length: FRAMES_A_PASSAGE }, (_, i) => firstS + i * FRAME_EVERY_S);
  if (!times.every(inView)) throw new Error('a planned vehicle is not in view long enough');
  return times;
}

const SEARCHED_S = 4;
