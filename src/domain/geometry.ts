/** Points and boxes in picture pixels: x to the right, y down, pixel k's centre at k + 0.5. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A plate's corners in its own reading order: top left, top right, bottom right, bottom left. */
export type Quad = readonly [Point, Point, Point, Point];

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The smallest upright box around a quad. */
export function boundingBox(quad: Quad): Box {
  const xs = quad.map((p) => p.x);
  const ys = quad.map((p) => p.y);
  const x = Math.min(...xs);
  const y = Math.min(...ys);
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** Intersection over union of two upright boxes, 0 where either is empty. */
export function iou(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (a.width * a.height + b.width * b.height - shared);
}

/** Lengths of a quad's sides seen as a plate: mean of top and bottom, mean of left and right. */
export function plateSize(quad: Quad): { readonly widthPx: number; readonly heightPx: number } {
  const [tl, tr, br, bl] = quad;
  return {
    widthPx: (distance(tl, tr) + distance(bl, br)) / 2,
    heightPx: (distance(tl, bl) + distance(tr, br)) / 2,
  };
}

/** The mean of the four corners. */
export function centre(quad: Quad): Point {
  return {
    x: (quad[0].x + quad[1].x + quad[2].x + quad[3].x) / 4,
    y: (quad[0].y + quad[1].y + quad[2].y + quad[3].y) / 4,
  };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
