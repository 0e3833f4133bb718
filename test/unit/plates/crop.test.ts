import { describe, expect, it } from 'vitest';
import type { Point, Quad } from '../../../src/domain/geometry.js';
import { subsamplesFor, widen } from '../../../src/plates/crop.js';

const MARGIN = { x: 0.06, y: 0.15 };
const CROP = { widthPx: 160, heightPx: 48 };
const rectangle = (x: number, y: number, width: number, height: number): Quad => [
  { x, y },
  { x: x + width, y },
  { x: x + width, y: y + height },
  { x, y: y + height },
];

describe('widen', () => {
  it('adds the margin on each side of an upright plate', () => {
    const [tl, , br] = widen(rectangle(100, 50, 200, 40), MARGIN);
    expect(tl).toEqual({ x: 88, y: 44 });
    expect(br.x).toBeCloseTo(312);
    expect(br.y).toBeCloseTo(96);
  });

  it('follows the perspective: a plate seen from the side grows more where it is nearer', () => {
    const slanted: Quad = [
      { x: 0, y: 10 },
      { x: 100, y: 0 },
      { x: 100, y: 60 },
      { x: 0, y: 40 },
    ];
    const [tl, tr, br, bl] = widen(slanted, MARGIN);
    // The same straight edges, only longer: the widened sides keep the vanishing point.
    expect(collinear(bl, tl, { x: tl.x, y: 0 })).toBeCloseTo(0);
    const nearMargin = (br.y - tr.y - 60) / 60;
    const farMargin = (bl.y - tl.y - 30) / 30;
    expect(nearMargin).toBeGreaterThan(0.3);
    expect(farMargin).toBeLessThan(0.3);
  });

  it('takes the corners themselves where there is no margin', () => {
    const quad: Quad = [
      { x: 3, y: 7 },
      { x: 90, y: 1 },
      { x: 95, y: 33 },
      { x: 1, y: 28 },
    ];
    widen(quad, { x: 0, y: 0 }).forEach((corner, index) => {
      expect(corner.x).toBeCloseTo((quad[index] as Point).x);
      expect(corner.y).toBeCloseTo((quad[index] as Point).y);
    });
  });
});

describe('subsamplesFor', () => {
  it.each([
    ['smaller than the crop', rectangle(0, 0, 80, 20), 1],
    ['as large as the crop', rectangle(0, 0, 160, 48), 1],
    ['just larger', rectangle(0, 0, 161, 30), 2],
    ['taller than the crop', rectangle(0, 0, 150, 100), 3],
    ['huge: no more than asked for', rectangle(0, 0, 2000, 500), 4],
  ])('of a plate %s', (_, quad, expected) => {
    expect(subsamplesFor(quad, CROP, 4)).toBe(expected);
  });
});

function collinear(a: Point, b: Point, c: Point): number {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}
