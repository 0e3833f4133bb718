import { describe, expect, it } from 'vitest';
import type { Quad } from '../../../src/domain/geometry.js';
import { isWhole, sanitiseQuad } from '../../../src/plates/quad.js';

const at = (...numbers: number[]): Quad => {
  const [a, b, c, d, e, f, g, h] = numbers as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return [
    { x: a, y: b },
    { x: c, y: d },
    { x: e, y: f },
    { x: g, y: h },
  ];
};
const UPRIGHT = at(10, 10, 50, 12, 50, 22, 10, 20);

describe('sanitiseQuad', () => {
  it('leaves a proper plate as it is', () => {
    expect(sanitiseQuad(UPRIGHT)).toBe(UPRIGHT);
  });

  it('keeps the reading order of a plate that leans by half a right angle', () => {
    const leaning = at(0, 0, 30, 29, 25, 36, -5, 7);
    expect(sanitiseQuad(leaning)).toBe(leaning);
  });

  it('mends corners in a wrong order', () => {
    const [tl, tr, br, bl] = UPRIGHT;
    expect(sanitiseQuad([tl, br, tr, bl])).toEqual(UPRIGHT);
    expect(sanitiseQuad([tr, tl, bl, br])).toEqual(UPRIGHT);
    expect(sanitiseQuad([bl, br, tr, tl])).toEqual(UPRIGHT);
  });

  it('turns a plate that is upside down', () => {
    const [tl, tr, br, bl] = UPRIGHT;
    expect(sanitiseQuad([br, bl, tl, tr])).toEqual(UPRIGHT);
  });

  it.each([
    ['a point', at(5, 5, 5, 5, 5, 5, 5, 5)],
    ['a line', at(0, 0, 10, 0, 20, 0, 30, 0)],
    ['a dented shape', at(0, 0, 40, 0, 10, 3, 0, 30)],
    ['hardly a pixel', at(0, 0, 3, 0, 3, 2, 0, 2)],
    ['no numbers', at(0, 0, Number.NaN, 0, 30, 10, 0, 10)],
    ['infinite', at(0, 0, Number.POSITIVE_INFINITY, 0, 30, 10, 0, 10)],
  ])('drops %s', (_, quad) => {
    expect(sanitiseQuad(quad)).toBeUndefined();
  });
});

describe('isWhole', () => {
  const frame = { widthPx: 200, heightPx: 100 };
  it.each([
    ['in the middle', at(50, 40, 100, 40, 100, 52, 50, 52), true],
    ['a little off the edge', at(2, 40, 52, 40, 52, 52, 2, 52), true],
    ['over the left edge', at(-4, 40, 46, 40, 46, 52, -4, 52), false],
    ['up to the right edge', at(150, 40, 200, 40, 200, 52, 150, 52), false],
    ['over the bottom, slanted', at(50, 80, 100, 90, 100, 104, 50, 94), false],
    ['over the top', at(50, -3, 100, 2, 100, 14, 50, 9), false],
  ])('of a plate %s', (_, quad, whole) => {
    expect(isWhole(quad, frame)).toBe(whole);
  });
});
