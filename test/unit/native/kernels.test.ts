import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { matOf } from '../../../src/capture/grey.js';
import { openCv, usingMat } from '../../../src/capture/opencv.js';
import { loadAddon } from '../../../src/native/addon.js';
import {
  changedBlocks,
  countLevels,
  countSlopes,
  type GreyPixels,
  letterbox,
  rectify,
  sharpness,
} from '../../../src/native/kernels.js';
import { repeatable } from '../../support/repeatable.js';
import * as oracle from './oracle.js';

const random = repeatable(7);
const between = (least: number, most: number) => least + Math.floor(random() * (most - least + 1));

function noise(widthPx: number, heightPx: number): GreyPixels {
  const picture = oracle.blank(widthPx, heightPx);
  for (let i = 0; i < picture.pixels.length; i++) picture.pixels[i] = between(0, 255);
  return picture;
}

describe('letterbox', () => {
  it('gives the bytes of the oracle for any sizes: smaller, larger, and one of each', () => {
    for (let round = 0; round < 150; round++) {
      const source = noise(between(1, 60), between(1, 60));
      const target = noise(between(1, 60), between(1, 60));
      const scaledWidthPx = between(1, target.widthPx);
      const scaledHeightPx = between(1, target.heightPx);
      const expected = oracle.letterbox(source, target, scaledWidthPx, scaledHeightPx, 114);
      letterbox(source, target, { scaledWidthPx, scaledHeightPx, pad: 114 });
      expect(target.pixels).toEqual(expected);
    }
  });

  it.each([
    { from: [1920, 1080], to: [512, 288] },
    { from: [1280, 720], to: [512, 288] },
    { from: [1024, 768], to: [512, 384] },
    { from: [1000, 700], to: [333, 100] },
    { from: [320, 240], to: [512, 384] },
    { from: [41, 30], to: [77, 61] },
  ] as const)('is within one level of OpenCV from $from to $to', ({ from, to }) => {
    const source = noise(from[0], from[1]);
    const target = oracle.blank(to[0], to[1]);
    letterbox(source, target, { scaledWidthPx: to[0], scaledHeightPx: to[1], pad: 0 });
    const cv = openCv();
    const method = to[0] < from[0] ? cv.INTER_AREA : cv.INTER_LINEAR;
    const expected = usingMat(matOf(source), (mat) =>
      usingMat(mat.resize(to[1], to[0], 0, 0, method), (resized) => resized.getData()),
    );
    const worst = expected.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (target.pixels[i] as number))),
      0,
    );
    expect(worst).toBeLessThanOrEqual(1);
  });
});

describe('rectify', () => {
  it('gives the bytes of the oracle for any quad, also one that lies outside or has no area', () => {
    for (let round = 0; round < 120; round++) {
      const source = noise(between(1, 70), between(1, 50));
      const target = oracle.blank(between(1, 40), between(1, 20));
      const corners = Array.from({ length: 8 }, () => between(-30, 90) + (round % 2 ? random() : 0));
      const subsamples = between(1, 8);
      rectify(source, target, { corners, subsamples });
      expect(target.pixels).toEqual(oracle.rectify(source, target, corners, subsamples));
    }
  });

  it('gives something for corners that are all one point', () => {
    const target = oracle.blank(6, 4);
    rectify(oracle.blank(9, 9, 33), target, { corners: [4, 4, 4, 4, 4, 4, 4, 4], subsamples: 2 });
    expect([...target.pixels]).toEqual(Array(24).fill(33));
  });

  it('turns a slanted plate upright', () => {
    // A dark bar along the top edge of a quad that leans by a quarter.
    const source = oracle.blank(200, 120, 200);
    for (let x = 20; x < 180; x++) {
      const top = Math.round(20 + (x - 20) / 4);
      for (let y = top; y < top + 10; y++) source.pixels[y * 200 + x] = 0;
    }
    const target = oracle.blank(160, 40);
    rectify(source, target, { corners: [20, 20, 180, 60, 180, 100, 20, 60], subsamples: 1 });
    const rowMean = (y: number) =>
      target.pixels.subarray(y * 160, y * 160 + 160).reduce((a, b) => a + b) / 160;
    expect(rowMean(4)).toBeLessThan(5);
    expect(rowMean(30)).toBe(200);
  });
});

describe('sharpness', () => {
  it('gives the number of the oracle', () => {
    for (let round = 0; round < 60; round++) {
      const picture = noise(between(3, 80), between(3, 80));
      expect(sharpness(picture)).toBe(oracle.sharpness(picture));
    }
  });

  it('is 0 without any edge', () => {
    expect(sharpness(oracle.blank(20, 20, 128))).toBe(0);
  });
});

describe('changedBlocks', () => {
  it('gives the number of the oracle', () => {
    for (let round = 0; round < 60; round++) {
      const before = noise(between(1, 80), between(1, 80));
      const after = noise(before.widthPx, before.heightPx);
      const threshold = random() * 20;
      expect(changedBlocks(before, after, threshold)).toBe(oracle.changedBlocks(before, after, threshold));
    }
  });

  it('sees a vehicle and not the noise of the sensor', () => {
    const before = oracle.blank(320, 240, 60);
    const after = oracle.blank(320, 240, 60);
    for (let i = 0; i < after.pixels.length; i++) after.pixels[i] = 60 + (i % 3) - 1;
    expect(changedBlocks(before, after, 4)).toBe(0);
    for (let y = 80; y < 160; y++) after.pixels.fill(180, y * 320 + 64, y * 320 + 192);
    expect(changedBlocks(before, after, 4)).toBeCloseTo((8 * 5) / (20 * 15));
  });
});

describe('counts of a part of a picture', () => {
  it('are those of the oracle', () => {
    for (let round = 0; round < 60; round++) {
      const picture = noise(between(3, 80), between(3, 80));
      const leftPx = between(0, picture.widthPx - 3);
      const topPx = between(0, picture.heightPx - 3);
      const part = {
        leftPx,
        topPx,
        widthPx: between(3, picture.widthPx - leftPx),
        heightPx: between(3, picture.heightPx - topPx),
      };
      const step = between(1, 9);
      expect([...countLevels(picture, part, step)]).toEqual(oracle.countLevels(picture, part, step));
      const { across, down } = countSlopes(picture, part);
      expect({ across: [...across], down: [...down] }).toEqual(oracle.countSlopes(picture, part));
    }
  });
});

describe('bad input is refused before a byte is touched', () => {
  const good = oracle.blank(8, 8, 5);
  const short: GreyPixels = { ...good, pixels: new Uint8Array(63) };
  const notBytes = { ...good, pixels: new Float32Array(64) as unknown as Uint8Array };
  const box = { scaledWidthPx: 8, scaledHeightPx: 8, pad: 0 };
  const quad = { corners: [0, 0, 8, 0, 8, 8, 0, 8], subsamples: 1 };
  const whole = { leftPx: 0, topPx: 0, widthPx: 8, heightPx: 8 };

  it.each<[string, () => void, RegExp]>([
    [
      'letterbox: short source',
      () => letterbox(short, good, box),
      /source\.pixels: expected 8 x 8 = 64 bytes, got 63/,
    ],
    ['letterbox: short target', () => letterbox(good, short, box), /target\.pixels: expected/],
    ['letterbox: no bytes', () => letterbox(notBytes, good, box), /expected a Uint8Array/],
    [
      'letterbox: too large a picture',
      () => letterbox(good, good, { ...box, scaledWidthPx: 9 }),
      /of 1 to 8, got 9/,
    ],
    ['letterbox: half a pixel', () => letterbox(good, good, { ...box, scaledHeightPx: 1.5 }), /whole number/],
    ['letterbox: pad', () => letterbox(good, good, { ...box, pad: 256 }), /pad: expected .* 0 to 255/],
    ['letterbox: no width', () => letterbox({ ...good, widthPx: 0 }, good, box), /source\.widthPx/],
    ['letterbox: NaN', () => letterbox({ ...good, heightPx: Number.NaN }, good, box), /source\.heightPx/],
    ['rectify: short source', () => rectify(short, good, quad), /source\.pixels/],
    ['rectify: short target', () => rectify(good, short, quad), /target\.pixels/],
    [
      'rectify: 7 corners',
      () => rectify(good, good, { ...quad, corners: [1, 2, 3, 4, 5, 6, 7] }),
      /expected 8 numbers, got 7/,
    ],
    [
      'rectify: NaN',
      () => rectify(good, good, { ...quad, corners: [Number.NaN, 0, 8, 0, 8, 8, 0, 8] }),
      /finite/,
    ],
    [
      'rectify: subsamples',
      () => rectify(good, good, { ...quad, subsamples: 9 }),
      /subsamples: expected .* 1 to 8/,
    ],
    ['sharpness: short', () => sharpness(short), /picture\.pixels/],
    ['sharpness: too small', () => sharpness(oracle.blank(2, 9)), /at least 3 x 3, got 2 x 9/],
    ['changedBlocks: sizes differ', () => changedBlocks(good, oracle.blank(4, 16), 1), /one size/],
    ['changedBlocks: short', () => changedBlocks(short, good, 1), /previous\.pixels/],
    ['changedBlocks: threshold', () => changedBlocks(good, good, Number.NaN), /threshold: expected 0 to 255/],
    ['countLevels: short', () => countLevels(short, whole, 1), /picture\.pixels/],
    ['countLevels: step', () => countLevels(good, whole, 0), /step: expected .* of 1 to/],
    [
      'countLevels: part beyond the border',
      () => countLevels(good, { ...whole, leftPx: 1 }, 1),
      /part\.widthPx: expected .* 1 to 7, got 8/,
    ],
    [
      'countSlopes: too narrow a part',
      () => countSlopes(good, { ...whole, heightPx: 2 }),
      /part\.heightPx: expected .* 3 to 8, got 2/,
    ],
  ])('%s', (_what, call, message) => {
    expect(call).toThrow(message);
    expect(good.pixels.every((value) => value === 5)).toBe(true);
  });
});

describe('the addon by itself', () => {
  const addon = loadAddon(
    join(import.meta.dirname, '../../../native/build/Release/anprd_native.node'),
  ) as unknown as Record<string, (...values: unknown[]) => unknown>;
  const bytes = () => new Uint8Array(64);
  const corners = () => Float64Array.of(0, 0, 8, 0, 8, 8, 0, 8);
  const calls: Record<string, unknown[]> = {
    letterbox: [bytes(), 8, 8, bytes(), 8, 8, 8, 8, 114],
    rectify: [bytes(), 8, 8, corners(), bytes(), 8, 8, 1],
    sharpness: [bytes(), 8, 8],
    changedBlocks: [bytes(), 8, 8, bytes(), 8, 8, 4],
    countLevels: [bytes(), 8, 8, 0, 0, 8, 8, 1, new Uint32Array(256)],
    countSlopes: [bytes(), 8, 8, 0, 0, 8, 8, new Uint32Array(512)],
  };
  const bad: unknown[] = [
    undefined,
    null,
    'eight',
    -1,
    2 ** 40,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    {},
    new Uint8Array(63),
    new Uint8Array(0),
    new Float32Array(64),
    new Float64Array(7),
    Float64Array.of(Number.NaN, 0, 8, 0, 8, 8, 0, 8),
    new ArrayBuffer(64),
  ];

  it.each(Object.keys(calls))('%s works with good arguments and refuses any single bad one', (name) => {
    const operation = addon[name] as (...values: unknown[]) => unknown;
    const good = calls[name] as unknown[];
    expect(() => operation(...good)).not.toThrow();
    for (const index of good.keys()) {
      for (const value of bad) {
        // Every number is a threshold, but NaN and what is below 0.
        if (name === 'changedBlocks' && index === 6 && typeof value === 'number' && value > 0) continue;
        expect(() => operation(...good.with(index, value)), `argument ${index}: ${String(value)}`).toThrow();
      }
    }
    expect(() => operation()).toThrow();
  });

  it('that was not built is an error which says how to build it', () => {
    expect(() => loadAddon('/nowhere/anprd_native.node')).toThrow(
      expect.objectContaining({
        code: 'addon.missing',
        hint: expect.stringContaining('npm run build:native'),
      }),
    );
  });
});
