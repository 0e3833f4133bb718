import { describe, expect, it } from 'vitest';
import { addGlow, type Canvas, fillPolygons } from '../../../scripts/src/clip/raster.js';

const canvas = (widthPx: number, heightPx: number): Canvas => ({
  pixels: new Uint8Array(widthPx * heightPx),
  widthPx,
  heightPx,
});
const square = (left: number, top: number, side: number) =>
  [
    [left, top],
    [left + side, top],
    [left + side, top + side],
    [left, top + side],
  ] as const;
const sum = ({ pixels }: Canvas) => pixels.reduce((total, value) => total + value, 0);

describe('filling polygons', () => {
  it('fills whole pixels wholly and shares the edge pixels', () => {
    const target = canvas(6, 6);
    fillPolygons(target, [square(1.5, 1, 2)], 200);
    expect([...target.pixels.slice(6, 12)]).toEqual([0, 100, 200, 100, 0, 0]);
  });

  it('cuts holes where polygons overlap', () => {
    const target = canvas(8, 8);
    fillPolygons(target, [square(1, 1, 6), square(3, 3, 2)], 100);
    expect(sum(target)).toBe(100 * (36 - 4));
    expect(target.pixels[3 * 8 + 3]).toBe(0);
  });

  it('draws only what lies in the picture', () => {
    const target = canvas(4, 4);
    fillPolygons(target, [square(-10, -10, 12)], 50);
    fillPolygons(target, [square(40, 40, 5)], 50);
    expect(sum(target)).toBe(50 * 4);
  });

  it('mixes by its opacity', () => {
    const target = canvas(2, 2);
    target.pixels.fill(100);
    fillPolygons(target, [square(0, 0, 2)], 200, 0.5);
    expect([...target.pixels]).toEqual([150, 150, 150, 150]);
  });
});

describe('a glow', () => {
  it('is brightest in the middle, ends at its radius, and never overflows', () => {
    const target = canvas(21, 21);
    target.pixels[10 * 21 + 10] = 250;
    addGlow(target, 10.5, 10.5, 8, 90);
    expect(target.pixels[10 * 21 + 10]).toBe(255);
    expect(target.pixels[10 * 21 + 12]).toBeGreaterThan(target.pixels[10 * 21 + 15] as number);
    expect(target.pixels[10 * 21 + 19]).toBe(0);
  });
});
