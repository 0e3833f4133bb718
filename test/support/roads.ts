import { KERB_CAMERA, pinhole } from '../../scripts/src/clip/camera.js';
import { loadFace } from '../../scripts/src/clip/face.js';
import { type Random, seededRandom } from '../../scripts/src/clip/random.js';
import { fillPolygons, type Polygon } from '../../scripts/src/clip/raster.js';
import { drawScene } from '../../scripts/src/clip/scene.js';
import type { GreyPixels } from '../../src/native/kernels.js';

/** Half of the clip's camera: a quarter of the work, and the same grid of a view. */
const SCALE = 0.5;

export interface RoadOptions {
  /** Degrees by which the camera was knocked. */
  readonly yawDegrees?: number;
  readonly pitchDegrees?: number;
  /** Where its texture comes from: another seed is another road. */
  readonly seed?: string;
}

/** An empty road at night under the illuminator. */
export function nightRoad({ yawDegrees = 0, pitchDegrees = 0, seed = 'road' }: RoadOptions = {}): GreyPixels {
  const camera = pinhole({
    ...KERB_CAMERA,
    widthPx: KERB_CAMERA.widthPx * SCALE,
    heightPx: KERB_CAMERA.heightPx * SCALE,
    focalPx: KERB_CAMERA.focalPx * SCALE,
    yawDegrees: KERB_CAMERA.yawDegrees + yawDegrees,
    pitchDegrees: KERB_CAMERA.pitchDegrees + pitchDegrees,
  });
  return drawScene(camera, loadFace(), seededRandom(seed));
}

/** By how much the picture is off when the camera is turned by so many degrees. */
export function offsetPxOf(yawDegrees: number): number {
  return -KERB_CAMERA.focalPx * SCALE * Math.tan((yawDegrees * Math.PI) / 180);
}

/**
 * The same road by day: flat light, a bright sky, and shadows of trees that wander with the hour.
 * @param offsetPx of the shadows, where the camera was turned.
 */
export function dayOf(night: GreyPixels, hour: number, offsetPx = 0): GreyPixels {
  const { widthPx, heightPx } = night;
  const pixels = night.pixels.map((value, at) => {
    const down = Math.floor(at / widthPx) / heightPx;
    return Math.min(255, 40 + 178 * Math.sqrt(value / 255) + Math.max(0, 90 * (1 - 4 * down)));
  });
  const shade: GreyPixels = { pixels: new Uint8Array(pixels.length), widthPx, heightPx };
  const shadows = Array.from({ length: 6 }, (_, index): Polygon => {
    const x = offsetPx + (hour - 12) * 40 + index * 130;
    const y = 100 + index * 30;
    return [
      [x, y],
      [x + 90, y + 10],
      [x + 160, y + 100],
      [x + 30, y + 95],
    ];
  });
  fillPolygons(shade, shadows, 255);
  return {
    pixels: pixels.map((value, at) => ((shade.pixels[at] as number) > 127 ? value / 2 : value)),
    widthPx,
    heightPx,
  };
}

/** Less light, or more of it. */
export function litBy(picture: GreyPixels, factor: number): GreyPixels {
  return { ...picture, pixels: picture.pixels.map((value) => Math.min(255, value * factor)) };
}

/** A lorry that stands in so large a part of the picture, from the right. */
export function withLorry(picture: GreyPixels, share: number): GreyPixels {
  const { widthPx, heightPx } = picture;
  const canvas = { ...picture, pixels: picture.pixels.slice() };
  const left = widthPx * (1 - share);
  const board = (inset: number): Polygon => [
    [left + inset, heightPx * 0.12 + inset],
    [widthPx, heightPx * 0.1 + inset],
    [widthPx, heightPx - inset],
    [left + inset, heightPx - inset],
  ];
  fillPolygons(canvas, [board(0)], 30);
  fillPolygons(canvas, [board(25)], 70);
  return canvas;
}

/** The sensor's noise, and drops of rain in the lamp's light. */
export function noisy(picture: GreyPixels, seed: string, { sigma = 3, drops = 0 } = {}): GreyPixels {
  const random: Random = seededRandom(seed);
  const { widthPx, heightPx } = picture;
  const pixels = picture.pixels.map((value) => {
    const noise = (random.next() + random.next() + random.next() - 1.5) * 2 * sigma;
    return Math.min(255, Math.max(0, value + noise + 0.5));
  });
  const canvas = { pixels, widthPx, heightPx };
  for (let drop = 0; drop < drops; drop++) {
    const x = random.between(0, widthPx);
    const y = random.between(0, heightPx);
    const length = random.between(4, 25);
    fillPolygons(
      canvas,
      [
        [
          [x, y],
          [x + 1.5, y],
          [x + 3, y + length],
          [x + 1.5, y + length],
        ],
      ],
      160,
    );
  }
  return canvas;
}
