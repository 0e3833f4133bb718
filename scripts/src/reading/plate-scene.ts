import type { Quad } from '../../../src/domain/geometry.js';
import type { Vrm } from '../../../src/domain/vrm.js';
import type { GreyPixels } from '../../../src/native/kernels.js';
import { type Face, loadFace } from '../clip/face.js';
import type { Mark } from '../clip/marks.js';
import { layOutPlate, PLATE_FORMS, type PlateForm } from '../clip/plate-layout.js';
import { drawPlate, textureOf } from '../clip/plate-texture.js';
import { drawPlateView } from '../clip/plate-view.js';
import { type Random, seededRandom } from '../clip/random.js';
import type { Canvas } from '../clip/raster.js';
import { addSharedFaults } from '../fusion/shared-faults.js';
import { bloom } from './bloom.js';
import { defocus, motionBlur, soften } from './blur.js';
import { soilPlate } from './dirt.js';
import { lookAt, type Pose } from './plate-camera.js';
import { addNoise } from './sensor-noise.js';
import { drawGround, drawVehicleEnd, type Light, type Vehicle } from './surround.js';

/** What makes a plate hard to read. All zero: what is left is a little softness and noise. */
export interface Conditions {
  /** Diameter of the disc of a point out of focus, in strokes of the character (14 of its 79 mm). */
  readonly defocusStrokes: number;
  /** Way during the exposure, in strokes. */
  readonly motionStrokes: number;
  /**
   * Over-exposure by the camera's own lamp; undefined: none, and no scattered
   * light. Such a scene is always by night.
   */
  readonly bloomStops?: number;
  /** Share of the plate that is covered with mud. */
  readonly dirtShare: number;
  /** Splashes on single characters, screws beside or in them: on some plates, by chance. */
  readonly hasFaults?: boolean;
}

/** One plate to be drawn. */
export interface PlateCase {
  readonly mark: Mark;
  readonly form: PlateForm;
  readonly vehicle: Vehicle;
  readonly characterHeightPx: number;
  readonly pose: Pose;
  readonly conditions: Conditions;
}

export interface PlateScene {
  readonly picture: GreyPixels;
  readonly vrm: Vrm;
  readonly form: PlateForm;
  readonly quad: Quad;
}

/** A stroke's share of the character's height: 14 of 79 mm. */
const STROKE_SHARE = 14 / 79;
/** Standard deviations: the softness of lens and sensor, px, and the sensor's noise, grey levels. */
const SOFTNESS_PX = 0.45;
const NOISE: readonly [number, number] = [1.5, 4.5];

let face: Face | undefined;

/**
 * Draws a plate on its vehicle. Each part has its own stream of random numbers, so that a seed
 * gives the same vehicle, dirt and noise under every condition: curves compare like with like.
 * @param moment of the passage: another one shows the same vehicle with the same dirt elsewhere in
 *   the picture, in other light and other noise
 */
export function drawPlateScene(
  { mark, form, vehicle, characterHeightPx, pose, conditions }: PlateCase,
  size: { readonly widthPx: number; readonly heightPx: number },
  seed: string,
  moment = 0,
): PlateScene {
  face ??= loadFace();
  const random = (part: string): Random => seededRandom(`${seed}/${part}`);
  const passing = (part: string): Random => random(moment === 0 ? part : `moment ${moment}/${part}`);
  // Only at night does a camera's own lamp outshine everything.
  const isNight = conditions.bloomStops !== undefined || random('light').chance(0.5);
  const light: Light = isNight ? 'infrared' : 'day';
  const place = passing('place');
  const middle = {
    x: size.widthPx * place.between(0.44, 0.56),
    y: size.heightPx * place.between(0.44, 0.6),
  };
  const measures = PLATE_FORMS[form];
  const pxPerMm = characterHeightPx / measures.characterHeightMm;
  const camera = lookAt(measures, pxPerMm, pose, middle);
  const canvas = drawGround(size.widthPx, size.heightPx, light, random('ground')) as Canvas;
  drawVehicleEnd(canvas, camera, measures, vehicle, light, random('vehicle'));
  const plate = drawPlate(mark, form, face, random('plate'));
  if (conditions.hasFaults) addSharedFaults(plate, layOutPlate(mark, form, face), random('faults'));
  const clean = plate.levels[0] as Canvas;
  const texture = textureOf(soilPlate(clean, conditions.dirtShare, random('dirt')));
  const gain = isNight ? passing('gain').between(0.75, 1.05) : passing('gain').between(0.5, 1);
  drawPlateView(canvas, texture, [camera.quad], gain);

  const strokePx = STROKE_SHARE * characterHeightPx;
  const moving = passing('motion').between(-25, 25);
  let picture: GreyPixels = soften(canvas, SOFTNESS_PX);
  picture = defocus(picture, conditions.defocusStrokes * strokePx);
  picture = motionBlur(picture, conditions.motionStrokes * strokePx, moving);
  if (conditions.bloomStops !== undefined) picture = bloom(picture, conditions.bloomStops, characterHeightPx);
  const noise = passing('noise');
  picture = addNoise(picture, noise.between(...NOISE), noise);
  return { picture, vrm: mark.vrm, form, quad: camera.quad };
}
