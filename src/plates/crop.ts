import type { Box, Point, Quad } from '../domain/geometry.js';

/** Where the reader's crop of a plate lies: the same rule as in training (models/training, crop.py). */

/**
 * Widens a plate's corners by a margin, in the plate's own perspective.
 * @param margin shares of the plate's width and height, added on each side.
 */
export function widen(quad: Quad, margin: { readonly x: number; readonly y: number }): Quad {
  const map = fromUnitSquare(quad);
  return [
    map(-margin.x, -margin.y),
    map(1 + margin.x, -margin.y),
    map(1 + margin.x, 1 + margin.y),
    map(-margin.x, 1 + margin.y),
  ];
}

/** Where the plate's own corners are in a crop of this size whose corners were widened by the margin. */
export function plateBoxIn(
  size: { readonly widthPx: number; readonly heightPx: number },
  margin: { readonly x: number; readonly y: number },
): Box {
  const width = size.widthPx / (1 + 2 * margin.x);
  const height = size.heightPx / (1 + 2 * margin.y);
  return { x: width * margin.x, y: height * margin.y, width, height };
}

/**
 * How many samples across each crop pixel average over, so that a large plate is not aliased:
 * as many as keep the samples at most one frame pixel apart, within 1 to `most`.
 */
export function subsamplesFor(
  crop: Quad,
  size: { readonly widthPx: number; readonly heightPx: number },
  most: number,
): number {
  const [tl, tr, br, bl] = crop;
  const across = Math.max(distance(tl, tr), distance(bl, br)) / size.widthPx;
  const down = Math.max(distance(tl, bl), distance(tr, br)) / size.heightPx;
  return Math.min(Math.max(Math.ceil(Math.max(across, down)), 1), most);
}

/** The homography that takes (0,0), (1,0), (1,1), (0,1) to the corners of a convex quad. */
export function fromUnitSquare([tl, tr, br, bl]: Quad): (u: number, v: number) => Point {
  const sumX = tl.x - tr.x + br.x - bl.x;
  const sumY = tl.y - tr.y + br.y - bl.y;
  const dx1 = tr.x - br.x;
  const dx2 = bl.x - br.x;
  const dy1 = tr.y - br.y;
  const dy2 = bl.y - br.y;
  const determinant = dx1 * dy2 - dx2 * dy1;
  const g = (sumX * dy2 - dx2 * sumY) / determinant;
  const h = (dx1 * sumY - sumX * dy1) / determinant;
  const a = tr.x - tl.x + g * tr.x;
  const b = bl.x - tl.x + h * bl.x;
  const d = tr.y - tl.y + g * tr.y;
  const e = bl.y - tl.y + h * bl.y;
  return (u, v) => {
    const w = g * u + h * v + 1;
    return { x: (a * u + b * v + tl.x) / w, y: (d * u + e * v + tl.y) / w };
  };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
