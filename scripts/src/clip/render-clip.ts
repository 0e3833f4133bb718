import { createVideoWriter } from '../../../src/capture/video-writer.js';
import type { Quad } from '../../../src/domain/geometry.js';
import { plateSize } from '../../../src/domain/geometry.js';
import type { Vrm } from '../../../src/domain/vrm.js';
import { type Camera, KERB_CAMERA, pinhole } from './camera.js';
import { type Face, loadFace } from './face.js';
import { PLATE_FORMS } from './plate-layout.js';
import { drawPlate, type PlateTexture } from './plate-texture.js';
import { drawPlateView, isInside, plateQuadAt } from './plate-view.js';
import { seededRandom } from './random.js';
import type { Canvas } from './raster.js';
import { drawOverlay, drawScene } from './scene.js';
import { distanceAt, planTraffic, type VehiclePlan } from './traffic.js';
import { drawVehicle, illumination } from './vehicle-view.js';

/** Changes with everything that changes a picture, so that a kept clip is known to be old. */
export const RENDERER_VERSION = 2;

export interface ClipOptions {
  readonly seed: string;
  /** Default: planTraffic(seed, 16). */
  readonly vehicles?: readonly VehiclePlan[];
  /** Default: until the last vehicle has gone. */
  readonly seconds?: number;
  readonly framesPerSecond?: number;
}

export interface VehicleTruth {
  readonly vrm: Vrm;
  /** While its plate is wholly in the picture and wide enough for a person to read. */
  readonly firstVisibleS: number;
  readonly lastVisibleS: number;
  readonly direction: 'towards' | 'away';
  readonly lines: 1 | 2;
  readonly stops: boolean;
  /** The plate's width where it is seen widest. */
  readonly widestPx: number;
}

export interface ClipTruth {
  readonly seed: string;
  readonly rendererVersion: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly framesPerSecond: number;
  readonly frameCount: number;
  /** Vehicles whose plate can be seen for at least two frames, in the order of their plans. */
  readonly vehicles: readonly VehicleTruth[];
}

export type Progress = (frame: number, frameCount: number) => void;

/** Characters of 9 px, by the width of the plate; below, nobody could say what it reads. */
const READABLE_WIDTH_PX: Readonly<Record<VehiclePlan['form'], number>> = {
  'one-line': 60,
  square: 33,
  motorcycle: 35,
};
const EXPOSURE_S = 1 / 1000;
/** Moments of the exposure at which a plate is sampled. */
const MOMENTS = 4;
/** Standard deviation of the sensor's noise, grey levels. */
const NOISE = 3;

/** Draws single frames of a clip; the same options give the same bytes. */
export class ClipRenderer {
  readonly truth: ClipTruth;
  private readonly camera: Camera;
  private readonly face: Face;
  private readonly plans: readonly VehiclePlan[];
  private readonly textures: readonly PlateTexture[];
  private readonly background: Canvas;
  private readonly noise: Int8Array;
  private readonly framesPerSecond: number;

  constructor({ seed, vehicles, seconds, framesPerSecond = 25 }: ClipOptions) {
    this.camera = pinhole(KERB_CAMERA);
    this.plans = vehicles ?? planTraffic(seed, 16);
    this.framesPerSecond = framesPerSecond;
    const random = seededRandom(`${seed}/pictures`);
    this.face = loadFace();
    this.textures = this.plans.map((plan, index) =>
      drawPlate(plan.mark, plan.form, this.face, random.fork(`plate ${index}`)),
    );
    this.background = drawScene(this.camera, this.face, random.fork('scene'));
    this.noise = noiseTile(random.fork('noise').next);
    this.truth = this.findTruth(seed, seconds);
  }

  /** The frame at `index` as a picture of its own. */
  frame(index: number): Canvas {
    const { widthPx, heightPx } = this.camera;
    const canvas: Canvas = { pixels: this.background.pixels.slice(), widthPx, heightPx };
    const atS = index / this.framesPerSecond;
    const order = this.plans
      .map((plan, i) => ({
        plan,
        texture: this.textures[i] as PlateTexture,
        distance: distanceAt(plan, atS),
      }))
      .filter(({ distance }) => distance > 1 && distance < 90)
      .sort((a, b) => b.distance - a.distance);
    for (const { plan, texture, distance } of order) {
      drawVehicle(canvas, plan, this.camera, atS);
      const quads = this.quadsDuringExposure(plan, atS);
      if (quads.length === MOMENTS)
        drawPlateView(canvas, texture, quads, Math.min(1.05, illumination(distance) ** 0.5));
    }
    this.addNoise(canvas, index);
    drawOverlay(canvas, this.face, atS);
    return canvas;
  }

  private quadsDuringExposure(plan: VehiclePlan, atS: number): Quad[] {
    return Array.from({ length: MOMENTS }, (_, i) =>
      plateQuadAt(plan, this.camera, atS + (EXPOSURE_S * (i + 0.5)) / MOMENTS),
    ).filter((quad) => quad !== undefined);
  }

  /** A different cut of the same noise for every frame. */
  private addNoise({ pixels }: Canvas, index: number): void {
    const { noise } = this;
    let at = (Math.imul(index + 1, 0x9e3779b1) >>> 0) % noise.length;
    for (let i = 0; i < pixels.length; i++) {
      const value = (pixels[i] as number) + (noise[at] as number);
      pixels[i] = Math.max(0, Math.min(255, value));
      if (++at === noise.length) at = 0;
    }
  }

  private findTruth(seed: string, seconds: number | undefined): ClipTruth {
    const longest = Math.max(...this.plans.map((plan) => plan.passAtS + plan.standsForS)) + 10;
    const searched = Math.ceil((seconds ?? longest) * this.framesPerSecond);
    const found = this.plans
      .map((plan) => this.truthOf(plan, searched))
      .filter((vehicle) => vehicle !== undefined);
    const lastS = Math.max(0, ...found.map((vehicle) => vehicle.lastVisibleS));
    return {
      seed,
      rendererVersion: RENDERER_VERSION,
      widthPx: this.camera.widthPx,
      heightPx: this.camera.heightPx,
      framesPerSecond: this.framesPerSecond,
      frameCount: seconds === undefined ? Math.ceil((lastS + 1.5) * this.framesPerSecond) : searched,
      vehicles: found,
    };
  }

  private truthOf(plan: VehiclePlan, frameCount: number): VehicleTruth | undefined {
    let first: number | undefined;
    let last = 0;
    let widestPx = 0;
    for (let index = 0; index < frameCount; index++) {
      const quad = plateQuadAt(plan, this.camera, index / this.framesPerSecond);
      if (quad === undefined || !isInside(quad, this.camera)) continue;
      const { widthPx } = plateSize(quad);
      if (widthPx < READABLE_WIDTH_PX[plan.form]) continue;
      first ??= index;
      last = index;
      widestPx = Math.max(widestPx, widthPx);
    }
    if (first === undefined || last === first) return undefined;
    return {
      vrm: plan.mark.vrm,
      firstVisibleS: first / this.framesPerSecond,
      lastVisibleS: last / this.framesPerSecond,
      direction: plan.direction,
      lines: PLATE_FORMS[plan.form].lines,
      stops: plan.standsForS > 0,
      widestPx,
    };
  }
}

/**
 * Renders a clip into a Motion JPEG file (.avi) and says what is in it.
 * @throws DeviceError capture.open-failed where the file cannot be written
 */
export async function renderClip(
  path: string,
  options: ClipOptions,
  onProgress?: Progress,
): Promise<ClipTruth> {
  const renderer = new ClipRenderer(options);
  const { truth } = renderer;
  const writer = createVideoWriter(path, {
    widthPx: truth.widthPx,
    heightPx: truth.heightPx,
    framesPerSecond: truth.framesPerSecond,
  });
  try {
    for (let index = 0; index < truth.frameCount; index++) {
      writer.write(renderer.frame(index));
      onProgress?.(index + 1, truth.frameCount);
      // Lets signals and timers of the caller in now and then.
      if (index % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    writer.close();
  }
  return truth;
}

/** Rather bell-shaped noise: the sum of three even ones; its odd length keeps rows from lining up. */
function noiseTile(next: () => number): Int8Array {
  const tile = new Int8Array(1_048_573);
  for (let i = 0; i < tile.length; i++) tile[i] = Math.round((next() + next() + next() - 1.5) * 2 * NOISE);
  return tile;
}
