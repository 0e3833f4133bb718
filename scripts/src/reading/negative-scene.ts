import { resizeGrey } from '../../../src/capture/picture.js';
import type { Quad } from '../../../src/domain/geometry.js';
import type { GreyPixels } from '../../../src/native/kernels.js';
import { drawPlateView } from '../clip/plate-view.js';
import { type Random, seededRandom } from '../clip/random.js';
import type { Canvas } from '../clip/raster.js';
import { soften } from './blur.js';
import { drawText } from './lettering.js';
import { lookAt } from './plate-camera.js';
import { addNoise } from './sensor-noise.js';
import { isMarkLike, SIGN_KINDS, type SignKind, signText } from './sign-texts.js';
import { grille, type Sign, stamp, textSign } from './sign-texture.js';
import { drawGround, drawVehicleEnd, type Vehicle } from './surround.js';

/** A picture without a plate, and the place in it that looks most like one. */
export interface NegativeScene {
  readonly picture: GreyPixels;
  /** Where a reader that is asked directly is pointed to. */
  readonly quad: Quad;
  readonly kind: SignKind | 'grille' | 'background';
  /** What is written there; '' where nothing is. */
  readonly text: string;
  /** The text could be a mark: A40. Counted apart. */
  readonly isMarkLike: boolean;
}

const LETTER_HEIGHT_PX: readonly [number, number] = [9, 26];
const VEHICLES: readonly (Vehicle | undefined)[] = ['car', 'van', 'lorry', 'lorry', undefined, undefined];
const SOFTNESS_PX = 0.45;
/** One in so many is no writing at all. */
const GRILLES = 0.2;

interface Size {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A sign or a grille on a vehicle or a wall, or writing over the picture as cameras put it there. */
export function drawNegativeScene(size: Size, seed: string): NegativeScene {
  const random = (part: string): Random => seededRandom(`${seed}/${part}`);
  const kinds = random('kind');
  const kind: SignKind | 'grille' = kinds.chance(GRILLES) ? 'grille' : kinds.pick(SIGN_KINDS);
  const text = kind === 'grille' ? '' : signText(kind, random('text'));
  const light = random('light').chance(0.5) ? 'infrared' : 'day';
  const canvas = drawGround(size.widthPx, size.heightPx, light, random('ground')) as Canvas;
  const sign = kind === 'grille' ? grille(random('sign')) : textSign(text, random('sign'));
  const said = { kind, text, isMarkLike: isMarkLike(text) };
  const letterPx = random('size').between(...LETTER_HEIGHT_PX);
  const noise = random('noise');
  if (kind === 'overlay') {
    const seen = addNoise(soften(canvas, SOFTNESS_PX), noise.between(1.5, 4.5), noise);
    const quad = writeOver(seen, text, letterPx, random('place'));
    return { picture: seen, quad, ...said };
  }
  const place = random('place');
  const pose = {
    yawDegrees: place.between(-20, 20),
    pitchDegrees: place.between(-4, 14),
    rollDegrees: place.between(-4, 4),
  };
  const middle = { x: size.widthPx / 2, y: size.heightPx * place.between(0.4, 0.6) };
  const camera = lookAt(sign.texture, fitting(sign, letterPx, size), pose, middle);
  const vehicle = random('vehicle').pick(VEHICLES);
  if (vehicle !== undefined) drawVehicleEnd(canvas, camera, sign.texture, vehicle, light, random('body'));
  drawPlateView(canvas, sign.texture, [camera.quad], random('gain').between(0.5, 1));
  const { widthMm, heightMm } = sign.texture;
  const at = (x: number, y: number) => camera.at((x - 0.5) * widthMm, (y - 0.5) * heightMm);
  const { left, top, right, bottom } = sign.text;
  return {
    picture: addNoise(soften(canvas, SOFTNESS_PX), noise.between(1.5, 4.5), noise),
    quad: [at(left, top), at(right, top), at(right, bottom), at(left, bottom)],
    ...said,
  };
}

/** Picture pixels a texture pixel: letters as high as asked for, but no sign wider than the picture. */
function fitting({ texture }: Sign, letterPx: number, size: Size): number {
  return Math.min(
    letterPx / 60,
    (0.9 * size.widthPx) / texture.widthMm,
    (0.8 * size.heightPx) / texture.heightMm,
  );
}

/** Light letters, sometimes on a black bar, without perspective and sharper than the scene. @returns around the text */
function writeOver(picture: GreyPixels, text: string, letterPx: number, random: Random): Quad {
  const large = drawText(text, { face: random.pick(['plain', 'broad', 'plate']), weight: 0.12, stretch: 1 });
  const scale = Math.min(letterPx / large.heightPx, (0.94 * picture.widthPx) / large.widthPx);
  const letters = resizeGrey(large, Math.ceil(large.widthPx * scale), Math.ceil(large.heightPx * scale));
  const left = random.whole(4, picture.widthPx - letters.widthPx - 4);
  const top = random.chance(0.5)
    ? random.whole(5, 20)
    : picture.heightPx - letters.heightPx - random.whole(5, 20);
  const room = 3;
  const [right, bottom] = [left + letters.widthPx, top + letters.heightPx];
  if (random.chance(0.5)) {
    for (let y = top - room; y < bottom + room; y++)
      picture.pixels.fill(12, y * picture.widthPx + left - room, y * picture.widthPx + right + room);
  }
  stamp(picture, letters, left, top, 235);
  return [
    { x: left - room, y: top - room },
    { x: right + room, y: top - room },
    { x: right + room, y: bottom + room },
    { x: left - room, y: bottom + room },
  ];
}
