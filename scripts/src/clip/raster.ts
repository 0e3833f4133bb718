/**
 * Drawing on 8-bit grey: polygons with smooth edges, and soft glows. Points are picture pixels
 * with y down and pixel k's centre at k + 0.5, as everywhere in the house.
 */
export interface Canvas {
  readonly pixels: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

export type Polygon = readonly (readonly [number, number])[];

/** Lines are cut this many times a pixel from top to bottom; from left to right coverage is exact. */
const CUTS = 4;

/**
 * Fills the inside (even-odd over all polygons together, so that one cuts holes into another)
 * with a grey value.
 * @param opacity 0 to 1
 */
export function fillPolygons(canvas: Canvas, polygons: readonly Polygon[], value: number, opacity = 1): void {
  const { pixels, widthPx, heightPx } = canvas;
  const { left, right, top, bottom } = boundsOf(polygons);
  const firstRow = Math.max(0, Math.floor(top));
  const lastRow = Math.min(heightPx - 1, Math.ceil(bottom) - 1);
  const firstColumn = Math.max(0, Math.floor(left));
  const lastColumn = Math.min(widthPx - 1, Math.ceil(right) - 1);
  if (firstRow > lastRow || firstColumn > lastColumn) return;
  const coverage = new Float32Array(lastColumn - firstColumn + 1);
  for (let row = firstRow; row <= lastRow; row++) {
    coverage.fill(0);
    for (let cut = 0; cut < CUTS; cut++) {
      const crossings = crossingsAt(polygons, row + (cut + 0.5) / CUTS);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        cover(coverage, (crossings[i] as number) - firstColumn, (crossings[i + 1] as number) - firstColumn);
      }
    }
    const start = row * widthPx + firstColumn;
    for (let i = 0; i < coverage.length; i++) {
      const share = ((coverage[i] as number) / CUTS) * opacity;
      if (share === 0) continue;
      const under = pixels[start + i] as number;
      pixels[start + i] = under + (value - under) * share + 0.5;
    }
  }
}

function boundsOf(polygons: readonly Polygon[]): {
  left: number;
  right: number;
  top: number;
  bottom: number;
} {
  const bounds = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
  for (const polygon of polygons) {
    for (const [x, y] of polygon) {
      bounds.left = Math.min(bounds.left, x);
      bounds.right = Math.max(bounds.right, x);
      bounds.top = Math.min(bounds.top, y);
      bounds.bottom = Math.max(bounds.bottom, y);
    }
  }
  return bounds;
}

/** Where a level line cuts the outlines, from left to right. */
function crossingsAt(polygons: readonly Polygon[], y: number): number[] {
  const crossings: number[] = [];
  for (const polygon of polygons) {
    let [fromX, fromY] = polygon[polygon.length - 1] as readonly [number, number];
    for (const [toX, toY] of polygon) {
      if (fromY <= y !== toY <= y) crossings.push(fromX + ((y - fromY) / (toY - fromY)) * (toX - fromX));
      fromX = toX;
      fromY = toY;
    }
  }
  return crossings.sort((a, b) => a - b);
}

/** Adds a span's share of every pixel that it touches. */
function cover(coverage: Float32Array, from: number, to: number): void {
  const start = Math.max(0, from);
  const end = Math.min(coverage.length, to);
  if (start >= end) return;
  const first = Math.floor(start);
  const last = Math.min(coverage.length - 1, Math.ceil(end) - 1);
  if (first === last) {
    coverage[first] = (coverage[first] as number) + end - start;
    return;
  }
  coverage[first] = (coverage[first] as number) + first + 1 - start;
  for (let i = first + 1; i < last; i++) coverage[i] = (coverage[i] as number) + 1;
  coverage[last] = (coverage[last] as number) + end - last;
}

/**
 * Adds light that falls off from a point: what a lamp does to a lens.
 * @param strength grey levels at the centre
 * @param radiusPx where it has ended
 */
export function addGlow(canvas: Canvas, x: number, y: number, radiusPx: number, strength: number): void {
  const { pixels, widthPx, heightPx } = canvas;
  const firstRow = Math.max(0, Math.floor(y - radiusPx));
  const lastRow = Math.min(heightPx - 1, Math.ceil(y + radiusPx));
  const firstColumn = Math.max(0, Math.floor(x - radiusPx));
  const lastColumn = Math.min(widthPx - 1, Math.ceil(x + radiusPx));
  for (let row = firstRow; row <= lastRow; row++) {
    for (let column = firstColumn; column <= lastColumn; column++) {
      const squared = ((column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2) / radiusPx ** 2;
      if (squared >= 1) continue;
      // A bright core with a wide, weak skirt, without exp(): this runs for every pixel of a lamp.
      const falloff = (1 - squared) ** 2 / (1 + 24 * squared);
      const index = row * widthPx + column;
      pixels[index] = Math.min(255, (pixels[index] as number) + strength * falloff + 0.5);
    }
  }
}
