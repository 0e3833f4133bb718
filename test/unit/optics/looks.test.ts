import { describe, expect, it } from 'vitest';
import type { PlateLook } from '../../../src/domain/optics.js';
import { pictureLook } from '../../../src/optics/looks.js';
import { drawnLooks, veiled } from '../../support/plate-looks.js';
import { litBy } from '../../support/roads.js';

type Measure = keyof PlateLook;

function median(looks: readonly PlateLook[], measure: Measure): number {
  return looks.map((look) => look[measure]).sort((a, b) => a - b)[Math.floor(looks.length / 2)] as number;
}

const clean = drawnLooks();

describe('how a plate looks', () => {
  it('is as large as it was drawn: characters of 18 px are on plates of 25', () => {
    expect(median(drawnLooks({ carriers: ['one line'] }), 'heightPx')).toBeCloseTo(25, 0);
  });

  it('is bright, not burnt out, and in contrast, where nothing is wrong', () => {
    expect(median(clean, 'brightness')).toBeGreaterThan(150);
    expect(median(clean, 'saturatedShare')).toBeLessThan(0.05);
    expect(median(clean, 'contrast')).toBeGreaterThan(0.7);
    expect(median(clean, 'edgePx')).toBeLessThan(2.4);
  });

  it('is as sharp in a dim picture as in a bright one', () => {
    const dim = drawnLooks({}, (picture) => litBy(picture, 0.4));
    expect(median(dim, 'brightness') / median(clean, 'brightness')).toBeCloseTo(0.4, 1);
    expect(median(dim, 'edgePx') / median(clean, 'edgePx')).toBeCloseTo(1, 1);
    expect(median(dim, 'contrast') / median(clean, 'contrast')).toBeCloseTo(1, 1);
  });

  it('has wider edges the more it is out of focus, and no wider ones for the vehicle moving', () => {
    const edges = [0, 1, 2].map((defocusStrokes) =>
      median(drawnLooks({ conditions: { defocusStrokes } }), 'edgePx'),
    );
    expect(edges[1]).toBeGreaterThan(1.2 * (edges[0] as number));
    expect(edges[2]).toBeGreaterThan(1.2 * (edges[1] as number));
    const moving = drawnLooks({ conditions: { motionStrokes: 1.5 } });
    expect(median(moving, 'edgePx')).toBeLessThan(1.15 * (edges[0] as number));
  });

  it('loses contrast behind a veil, and no sharpness', () => {
    const hazy = drawnLooks({}, (picture) => veiled(picture, 0.5));
    expect(median(hazy, 'contrast')).toBeLessThan(0.5);
    expect(median(hazy, 'edgePx') / median(clean, 'edgePx')).toBeCloseTo(1, 1);
  });

  it('is burnt out where the lamp is too bright', () => {
    const bloomed = drawnLooks({ conditions: { bloomStops: 2 } });
    expect(median(bloomed, 'brightness')).toBe(255);
    expect(median(bloomed, 'saturatedShare')).toBeGreaterThan(0.35);
  });

  it('is numbers for a picture that shows nothing at all', () => {
    for (const factor of [0, 1000]) {
      const [look] = drawnLooks({ count: 1 }, (picture) => litBy(picture, factor));
      expect(Object.values(look as PlateLook).every(Number.isFinite)).toBe(true);
    }
  });
});

describe('how a picture looks', () => {
  it('is told by a part of its pixels', () => {
    const pixels = Uint8Array.from({ length: 640 * 360 }, (_, at) => (at % 640 < 64 ? 255 : 20));
    const { brightness, saturatedShare, contrast } = pictureLook({ pixels, widthPx: 640, heightPx: 360 });
    expect(brightness).toBeCloseTo(43.5);
    expect(saturatedShare).toBeCloseTo(0.1);
    expect(contrast).toBe(235);
  });
});
