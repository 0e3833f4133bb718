import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../scripts/src/clip/random.js';
import { bloom } from '../../../scripts/src/reading/bloom.js';
import { defocus, motionBlur } from '../../../scripts/src/reading/blur.js';
import { soilPlate } from '../../../scripts/src/reading/dirt.js';
import { addNoise } from '../../../scripts/src/reading/sensor-noise.js';
import type { GreyPixels } from '../../../src/native/kernels.js';

const SIDE_PX = 41;
const MIDDLE = 20;

/** One bright pixel in the middle of black. */
function point(value = 250): GreyPixels {
  const pixels = new Uint8Array(SIDE_PX * SIDE_PX);
  pixels[MIDDLE * SIDE_PX + MIDDLE] = value;
  return { pixels, widthPx: SIDE_PX, heightPx: SIDE_PX };
}

const at = ({ pixels }: GreyPixels, x: number, y: number) => pixels[y * SIDE_PX + x] as number;
const flat = (value: number): GreyPixels => ({
  pixels: new Uint8Array(SIDE_PX * SIDE_PX).fill(value),
  widthPx: SIDE_PX,
  heightPx: SIDE_PX,
});
const mean = ({ pixels }: GreyPixels) => pixels.reduce((sum, value) => sum + value, 0) / pixels.length;

describe('blur', () => {
  it('of nothing changes nothing', () => {
    const picture = point();
    expect(defocus(picture, 0).pixels).toEqual(picture.pixels);
    expect(motionBlur(picture, 0, 30).pixels).toEqual(picture.pixels);
  });

  it('out of focus makes a disc of a point', () => {
    const disc = defocus(point(), 6);
    expect(at(disc, MIDDLE, MIDDLE)).toBeCloseTo(250 / (Math.PI * 9), -0.5);
    expect(at(disc, MIDDLE + 2, MIDDLE)).toBe(at(disc, MIDDLE, MIDDLE - 2));
    expect(at(disc, MIDDLE + 4, MIDDLE)).toBe(0);
  });

  it('by motion makes a line of a point, along the motion alone', () => {
    const line = motionBlur(point(), 9, 0);
    expect(at(line, MIDDLE + 4, MIDDLE)).toBeGreaterThan(20);
    expect(at(line, MIDDLE + 6, MIDDLE)).toBe(0);
    expect(at(line, MIDDLE, MIDDLE + 2)).toBe(0);
    expect(at(motionBlur(point(), 9, 90), MIDDLE, MIDDLE + 4)).toBeGreaterThan(20);
  });

  it('leaves an even surface as it was, to its edge', () => {
    expect(new Set(defocus(flat(137), 7).pixels)).toEqual(new Set([137]));
    expect(new Set(motionBlur(flat(137), 7, 20).pixels)).toEqual(new Set([137]));
  });
});

describe('bloom', () => {
  it('lets light spill from bright paper over what is dark beside it', () => {
    const half = flat(30);
    for (let y = 0; y < SIDE_PX; y++) half.pixels.fill(230, y * SIDE_PX, y * SIDE_PX + MIDDLE);
    const [weak, strong] = [bloom(half, 1, 20), bloom(half, 3, 20)];
    expect(at(weak, MIDDLE + 1, MIDDLE)).toBeGreaterThan(30);
    expect(at(strong, MIDDLE + 1, MIDDLE)).toBeGreaterThan(at(weak, MIDDLE + 1, MIDDLE));
    expect(at(strong, MIDDLE - 5, MIDDLE)).toBe(255);
  });

  it('does not brighten what throws no light back', () => {
    expect(mean(bloom(flat(60), 4, 20))).toBeCloseTo(60, 0);
  });
});

describe('dirt', () => {
  it.each([0.05, 0.3, 1])('covers exactly the share asked for: %f', (share) => {
    const soiled = soilPlate(flat(230), share, seededRandom('dirt'));
    const covered = soiled.pixels.filter((value) => value !== 230).length;
    expect(covered).toBe(Math.round(share * SIDE_PX * SIDE_PX));
  });

  it('grows where it was when there is more of it', () => {
    const [little, much] = [0.1, 0.3].map(
      (share) => soilPlate(flat(230), share, seededRandom('dirt')).pixels,
    );
    little?.forEach((value, index) => {
      if (value !== 230) expect(much?.[index]).not.toBe(230);
    });
  });
});

describe('noise', () => {
  it('has the deviation asked for, and the same seed gives the same', () => {
    const noisy = addNoise(flat(128), 5, seededRandom('noise'));
    const variance = noisy.pixels.reduce((sum, value) => sum + (value - 128) ** 2, 0) / noisy.pixels.length;
    expect(Math.sqrt(variance)).toBeCloseTo(5, 0);
    expect(addNoise(flat(128), 5, seededRandom('noise')).pixels).toEqual(noisy.pixels);
  });
});
