import { openCv, usingMat } from '../../../src/capture/opencv.js';
import { resizeGrey } from '../../../src/capture/picture.js';
import type { GreyPixels } from '../../../src/native/kernels.js';
import { type Face, loadFace } from '../clip/face.js';
import type { Random } from '../clip/random.js';
import { type Canvas, fillPolygons } from '../clip/raster.js';

/** How letters are drawn: OpenCV's own faces, or the plates' (as on some adverts, and the hardest of all). */
export interface Lettering {
  readonly face: 'plain' | 'broad' | 'serif' | 'bold serif' | 'small' | 'plate';
  /** Stroke against height. */
  readonly weight: number;
  /** Widened or narrowed. */
  readonly stretch: number;
}

const FACES: readonly Lettering['face'][] = [
  'plain',
  'plain',
  'broad',
  'serif',
  'bold serif',
  'small',
  'plate',
];

export function anyLettering(random: Random): Lettering {
  return {
    face: random.pick(FACES),
    weight: random.between(0.07, 0.2),
    stretch: random.between(0.65, 1.25),
  };
}

/** Numbers of OpenCV's Hershey faces, which are part of the library and so the same everywhere. */
const HERSHEY = { plain: 0, small: 1, broad: 2, serif: 3, 'bold serif': 4 } as const;
/** Height of the letters as drawn here, px; whoever uses them scales. */
export const LETTER_HEIGHT_PX = 60;
/** Of OpenCV's capitals at a scale of 1. */
const CAPITAL_PX = { plain: 21, small: 10, broad: 21, serif: 21, 'bold serif': 21 } as const;

/**
 * Draws a line of text, cut off close around it.
 * @param text ASCII
 * @returns 255 where there is ink
 */
export function drawText(text: string, lettering: Lettering): GreyPixels {
  const drawn =
    lettering.face === 'plate' && /^[A-Z0-9 ]+$/.test(text)
      ? drawInPlateFace(text)
      : drawInHershey(text, lettering.face === 'plate' ? { ...lettering, face: 'plain' } : lettering);
  const tight = trim(drawn);
  return resizeGrey(tight, Math.max(1, Math.round(tight.widthPx * lettering.stretch)), tight.heightPx);
}

function drawInHershey(text: string, { face, weight }: Lettering): GreyPixels {
  const kind = face as keyof typeof HERSHEY;
  const cv = openCv();
  const scale = LETTER_HEIGHT_PX / CAPITAL_PX[kind];
  const strokePx = Math.max(1, Math.round(weight * LETTER_HEIGHT_PX * (kind === 'bold serif' ? 0.5 : 1)));
  const { size, baseLine } = cv.getTextSize(text, HERSHEY[kind], scale, strokePx);
  const [widthPx, heightPx] = [size.width + 4 * strokePx, size.height + baseLine + 4 * strokePx];
  const blank = Buffer.alloc(widthPx * heightPx);
  return usingMat(new cv.Mat(blank, heightPx, widthPx, cv.CV_8UC1), (mat) => {
    const origin = new cv.Point2(2 * strokePx, size.height + 2 * strokePx);
    mat.putText(text, origin, HERSHEY[kind], scale, new cv.Vec3(255, 255, 255), strokePx, cv.LINE_AA);
    return { pixels: new Uint8Array(mat.getData()), widthPx, heightPx };
  });
}

let plateFace: Face | undefined;

function drawInPlateFace(text: string): GreyPixels {
  plateFace ??= loadFace();
  const scale = LETTER_HEIGHT_PX / plateFace.heightMm;
  const canvas: Canvas = {
    pixels: new Uint8Array(text.length * LETTER_HEIGHT_PX * LETTER_HEIGHT_PX),
    widthPx: text.length * LETTER_HEIGHT_PX,
    heightPx: LETTER_HEIGHT_PX,
  };
  let left = 0;
  for (const character of text) {
    if (character === ' ') {
      left += 30 * scale;
      continue;
    }
    const { polygons, widthMm } = plateFace.glyph(character);
    const start = left;
    fillPolygons(
      canvas,
      polygons.map((polygon) => polygon.map(([x, y]): [number, number] => [start + x * scale, y * scale])),
      255,
    );
    left += (widthMm + 11) * scale;
  }
  return canvas;
}

function trim({ pixels, widthPx, heightPx }: GreyPixels): GreyPixels {
  let [left, right, top, bottom] = [widthPx, -1, heightPx, -1];
  pixels.forEach((value, index) => {
    if (value < 32) return;
    const [x, y] = [index % widthPx, Math.floor(index / widthPx)];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  });
  if (right < left) throw new Error('nothing was drawn');
  const [wide, high] = [right - left + 1, bottom - top + 1];
  const cut = new Uint8Array(wide * high);
  for (let row = 0; row < high; row++) {
    const from = (top + row) * widthPx + left;
    cut.set(pixels.subarray(from, from + wide), row * wide);
  }
  return { pixels: cut, widthPx: wide, heightPx: high };
}
