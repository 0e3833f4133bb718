import type { Box, Point } from '../../../src/domain/geometry.js';
import type { Canvas } from '../clip/raster.js';
import { motionBlur } from '../reading/blur.js';

/** Smears a part of a picture as an exposure does during which it moved by `way`, picture pixels. */
export function smear(canvas: Canvas, box: Box, way: Point): void {
  const { pixels, widthPx, heightPx } = canvas;
  const left = Math.max(0, Math.floor(box.x));
  const top = Math.max(0, Math.floor(box.y));
  const right = Math.min(widthPx, Math.ceil(box.x + box.width));
  const bottom = Math.min(heightPx, Math.ceil(box.y + box.height));
  if (left >= right || top >= bottom) return;
  const part: Canvas = {
    pixels: new Uint8Array((right - left) * (bottom - top)),
    widthPx: right - left,
    heightPx: bottom - top,
  };
  for (let row = 0; row < part.heightPx; row++) {
    const from = (top + row) * widthPx + left;
    part.pixels.set(pixels.subarray(from, from + part.widthPx), row * part.widthPx);
  }
  const degrees = (Math.atan2(way.y, way.x) * 180) / Math.PI;
  const smeared = motionBlur(part, Math.hypot(way.x, way.y), degrees);
  for (let row = 0; row < part.heightPx; row++) {
    pixels.set(
      smeared.pixels.subarray(row * part.widthPx, (row + 1) * part.widthPx),
      (top + row) * widthPx + left,
    );
  }
}
