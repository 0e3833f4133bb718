import { type Point, plateSize, type Quad } from '../domain/geometry.js';

/** Pure geometry of a plate's corners: what the detector's raw corners are made into. */

/** Smaller than a character's stroke can be: nothing to read, and no homography to trust. */
const LEAST_AREA_PX = 8;

/**
 * Makes corners that are a proper plate: convex, clockwise on the screen, first the top left.
 * Corners that are so already stay as they are, so that a plate turned by less than a quarter
 * keeps the order in which it is read.
 * @returns undefined where the corners span no convex area, or are not numbers.
 */
export function sanitiseQuad(quad: Quad): Quad | undefined {
  if (!quad.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))) return undefined;
  const ordered = isConvexClockwise(quad) ? quad : clockwise(quad);
  if (!isConvexClockwise(ordered) || area(ordered) < LEAST_AREA_PX) return undefined;
  const [tl, tr, br, bl] = ordered;
  // A vehicle may lean, but it never drives upside down.
  const readsLeftwards = tr.x + br.x < tl.x + bl.x;
  return readsLeftwards ? [br, bl, tl, tr] : ordered;
}

/** How near to the frame's edge a corner may come, as a share of the plate's width: the detector is no surer. */
const EDGE_SHARE = 0.02;

/**
 * Whether a plate is in the frame as a whole. One that the edge cuts off reads well but wrong: what
 * is left of a mark is often a mark too.
 */
export function isWhole(quad: Quad, frame: { readonly widthPx: number; readonly heightPx: number }): boolean {
  const edgePx = EDGE_SHARE * plateSize(quad).widthPx;
  return quad.every(
    ({ x, y }) => x >= edgePx && y >= edgePx && x <= frame.widthPx - edgePx && y <= frame.heightPx - edgePx,
  );
}

/** Sorted around their centre, starting at the corner nearest to the top left. */
function clockwise(quad: Quad): Quad {
  const cx = (quad[0].x + quad[1].x + quad[2].x + quad[3].x) / 4;
  const cy = (quad[0].y + quad[1].y + quad[2].y + quad[3].y) / 4;
  const sorted = [...quad].sort((a, b) => Math.atan2(a.y - cy, a.x - cx) - Math.atan2(b.y - cy, b.x - cx));
  let first = 0;
  sorted.forEach((corner, index) => {
    const nearest = sorted[first] as Point;
    if (corner.x + corner.y < nearest.x + nearest.y) first = index;
  });
  const at = (offset: number) => sorted[(first + offset) % 4] as Point;
  return [at(0), at(1), at(2), at(3)];
}

function isConvexClockwise(quad: Quad): boolean {
  return quad.every((corner, index) => {
    const next = quad[(index + 1) % 4] as Point;
    const afterNext = quad[(index + 2) % 4] as Point;
    return (next.x - corner.x) * (afterNext.y - next.y) - (next.y - corner.y) * (afterNext.x - next.x) > 0;
  });
}

function area(quad: Quad): number {
  let twice = 0;
  quad.forEach((corner, index) => {
    const next = quad[(index + 1) % 4] as Point;
    twice += corner.x * next.y - next.x * corner.y;
  });
  return Math.abs(twice) / 2;
}
