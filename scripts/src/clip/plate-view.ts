import type { Point, Quad } from '../../../src/domain/geometry.js';
import type { Camera } from './camera.js';
import { PLATE_FORMS } from './plate-layout.js';
import type { PlateTexture } from './plate-texture.js';
import type { Canvas } from './raster.js';
import { distanceAt, type VehiclePlan } from './traffic.js';

/** Samples of a pixel in each direction. The rows of samples are spread over the exposure. */
const SAMPLES = 4;

/**
 * A plate's corners in the picture at a time, top left first as the plate is read; undefined
 * where it is behind the camera. They may lie outside the picture.
 */
export function plateQuadAt(plan: VehiclePlan, camera: Camera, atS: number): Quad | undefined {
  const { widthMm, heightMm } = PLATE_FORMS[plan.form];
  const y = distanceAt(plan, atS) - 0.04;
  const corners = [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ].map(([right, down]) => {
    const flatX = ((right as number) * widthMm) / 2000;
    const flatDown = ((down as number) * heightMm) / 2000;
    const cos = Math.cos(plan.plateTwist);
    const sin = Math.sin(plan.plateTwist);
    const below = sin * flatX + cos * flatDown;
    return camera.project({
      x: plan.laneX + plan.plateAside + cos * flatX - sin * flatDown,
      y: y - below * Math.sin(plan.plateLean),
      z: plan.plateZ - below * Math.cos(plan.plateLean),
    });
  });
  return corners.every((corner) => corner !== undefined) ? (corners as unknown as Quad) : undefined;
}

/**
 * Draws a plate into the frame: each pixel is the mean of samples spread over its area and over
 * the exposure, so small plates do not shimmer and fast ones smear.
 * @param quads the corners at SAMPLES moments of the exposure, in order
 * @param gain brightness, 1 = as in the texture
 */
export function drawPlateView(
  canvas: Canvas,
  texture: PlateTexture,
  quads: readonly Quad[],
  gain: number,
): void {
  const homographies = quads.map(unitSquareOf);
  const xs = quads.flat().map((corner) => corner.x);
  const ys = quads.flat().map((corner) => corner.y);
  const { pixels, widthPx, heightPx } = canvas;
  const firstColumn = Math.max(0, Math.floor(Math.min(...xs)));
  const lastColumn = Math.min(widthPx - 1, Math.ceil(Math.max(...xs)));
  const firstRow = Math.max(0, Math.floor(Math.min(...ys)));
  const lastRow = Math.min(heightPx - 1, Math.ceil(Math.max(...ys)));
  const level = levelFor(texture, quads[0] as Quad);
  for (let row = firstRow; row <= lastRow; row++) {
    for (let column = firstColumn; column <= lastColumn; column++) {
      let inside = 0;
      let light = 0;
      for (let j = 0; j < SAMPLES; j++) {
        const h = homographies[j % homographies.length] as readonly number[];
        const y = row + (j + 0.5) / SAMPLES;
        for (let i = 0; i < SAMPLES; i++) {
          const x = column + (i + 0.5) / SAMPLES;
          const w = (h[6] as number) * x + (h[7] as number) * y + (h[8] as number);
          const u = ((h[0] as number) * x + (h[1] as number) * y + (h[2] as number)) / w;
          const v = ((h[3] as number) * x + (h[4] as number) * y + (h[5] as number)) / w;
          if (u < 0 || u >= 1 || v < 0 || v >= 1) continue;
          inside++;
          light += sampled(level, u * level.widthPx - 0.5, v * level.heightPx - 0.5);
        }
      }
      if (inside === 0) continue;
      const index = row * widthPx + column;
      const share = inside / SAMPLES ** 2;
      const value = Math.min(255, (light / inside) * gain);
      pixels[index] = (pixels[index] as number) * (1 - share) + value * share + 0.5;
    }
  }
}

/** The coarsest texture that still has a texel or more between neighbouring samples. */
function levelFor(texture: PlateTexture, [topLeft, topRight]: Quad): Canvas {
  const samplesAcross = SAMPLES * Math.hypot(topRight.x - topLeft.x, topRight.y - topLeft.y);
  const fitting = texture.levels.filter((level) => level.widthPx >= samplesAcross);
  return fitting[fitting.length - 1] ?? (texture.levels[0] as Canvas);
}

function sampled({ pixels, widthPx, heightPx }: Canvas, x: number, y: number): number {
  const left = Math.min(widthPx - 2, Math.max(0, Math.floor(x)));
  const top = Math.min(heightPx - 2, Math.max(0, Math.floor(y)));
  const across = Math.min(1, Math.max(0, x - left));
  const down = Math.min(1, Math.max(0, y - top));
  const at = top * widthPx + left;
  const above = (pixels[at] as number) * (1 - across) + (pixels[at + 1] as number) * across;
  const below =
    (pixels[at + widthPx] as number) * (1 - across) + (pixels[at + widthPx + 1] as number) * across;
  return above * (1 - down) + below * down;
}

/** The homography that takes picture points to the plate's own u, v in 0 to 1: nine numbers by rows. */
export function unitSquareOf([p0, p1, p2, p3]: Quad): readonly number[] {
  const dx1 = p1.x - p2.x;
  const dx2 = p3.x - p2.x;
  const sx = p0.x - p1.x + p2.x - p3.x;
  const dy1 = p1.y - p2.y;
  const dy2 = p3.y - p2.y;
  const sy = p0.y - p1.y + p2.y - p3.y;
  const area = dx1 * dy2 - dx2 * dy1;
  const g = (sx * dy2 - dx2 * sy) / area;
  const h = (dx1 * sy - sx * dy1) / area;
  const [a, b, c] = [p1.x - p0.x + g * p1.x, p3.x - p0.x + h * p3.x, p0.x];
  const [d, e, f] = [p1.y - p0.y + g * p1.y, p3.y - p0.y + h * p3.y, p0.y];
  // The inverse up to a factor, which u = U / W does not see.
  return [
    e - f * h,
    c * h - b,
    b * f - c * e,
    f * g - d,
    a - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
    a * e - b * d,
  ];
}

/** Whether a plate is wholly in the picture. */
export function isInside(quad: Quad, camera: Camera): boolean {
  return quad.every((p: Point) => p.x >= 0 && p.y >= 0 && p.x <= camera.widthPx && p.y <= camera.heightPx);
}
