import { describe, expect, it } from 'vitest';
import { loadFace } from '../../../scripts/src/clip/face.js';
import { type Mark, randomMark } from '../../../scripts/src/clip/marks.js';
import { layOutPlate, PLATE_FORMS } from '../../../scripts/src/clip/plate-layout.js';
import { drawPlate } from '../../../scripts/src/clip/plate-texture.js';
import { seededRandom } from '../../../scripts/src/clip/random.js';
import { classify } from '../../../src/domain/grammar/forms.js';
import type { Vrm } from '../../../src/domain/vrm.js';

/** The plates that the clip shows: real forms of marks, in the prescribed measures. */

const face = loadFace();
const mark = (first: string, second: string): Mark => ({
  vrm: (first + second) as Vrm,
  groups: [first, second],
});

describe('marks', () => {
  it.each(['current', 'prefix', 'suffix', 'northern-ireland', 'dateless'] as const)(
    'of class %s have its form',
    (markClass) => {
      const random = seededRandom('marks');
      for (let i = 0; i < 200; i++) {
        const { vrm, groups } = randomMark(random, markClass);
        expect(classify(vrm), vrm).toBe(markClass);
        expect(groups.join('')).toBe(vrm);
      }
    },
  );
});

describe('the layout', () => {
  it('keeps 11 mm between characters, 33 between groups, and centres the line', () => {
    const placed = layOutPlate(mark('AB12', 'CDE'), 'one-line', face);
    const gaps = placed.slice(1).map((character, i) => {
      const before = placed[i] as (typeof placed)[number];
      return character.xMm - before.xMm - before.widthMm;
    });
    expect(gaps.map((gap) => Math.round(gap * 1000) / 1000)).toEqual([11, 11, 11, 33, 11, 11]);
    expect(placed.map((character) => character.heightMm)).toEqual(Array(7).fill(79));
    const first = placed[0] as (typeof placed)[number];
    const last = placed[6] as (typeof placed)[number];
    expect(first.xMm).toBeCloseTo(520 - last.xMm - last.widthMm);
    expect(first.yMm).toBeCloseTo((111 - 79) / 2);
  });

  it('makes 1 as narrow as its stroke', () => {
    const placed = layOutPlate(mark('AB11', 'CDE'), 'one-line', face);
    expect(placed.map((character) => character.widthMm)).toEqual([50, 50, 14, 14, 50, 50, 50]);
  });

  it.each(['square', 'motorcycle'] as const)(
    'puts the groups of a %s plate one above the other, all on the plate',
    (form) => {
      const { widthMm, heightMm, lineGapMm, characterHeightMm } = PLATE_FORMS[form];
      const placed = layOutPlate(mark('WM84', 'WWW'), form, face);
      const upper = placed.slice(0, 4);
      const lower = placed.slice(4);
      expect(new Set(upper.map((character) => character.yMm)).size).toBe(1);
      expect((lower[0]?.yMm ?? 0) - (upper[0]?.yMm ?? 0)).toBeCloseTo(characterHeightMm + lineGapMm);
      for (const character of placed) {
        expect(character.xMm).toBeGreaterThanOrEqual(10);
        expect(character.xMm + character.widthMm).toBeLessThanOrEqual(widthMm - 10);
        expect(character.yMm + character.heightMm).toBeLessThanOrEqual(heightMm - 10);
      }
    },
  );

  it('refuses a character that no plate has', () => {
    expect(() => layOutPlate(mark('AB1-', 'CDE'), 'one-line', face)).toThrow(RangeError);
  });
});

describe('the texture', () => {
  it('shows the gaps of 11 and 33 mm between dark characters on bright paper', () => {
    const { levels, widthMm, heightMm } = drawPlate(
      mark('HN18', 'HMH'),
      'one-line',
      face,
      seededRandom('gaps'),
    );
    const { pixels } = levels[0] as (typeof levels)[number];
    // Columns with ink between the top and the foot of the characters, as runs of bright and dark.
    const dark = Array.from({ length: widthMm }, (_, x) => {
      for (let y = 20; y < heightMm - 20; y++) if ((pixels[y * widthMm + x] as number) < 110) return true;
      return false;
    });
    const firstInk = dark.indexOf(true, 60);
    const lastInk = dark.lastIndexOf(true, widthMm - 12);
    const gaps: number[] = [];
    for (let x = firstInk, bright = 0; x <= lastInk; x++) {
      if (!dark[x]) bright++;
      else if (bright > 0) {
        gaps.push(bright);
        bright = 0;
      }
    }
    const expected = [11, 11, 11, 33, 11, 11];
    expect(gaps).toHaveLength(expected.length);
    for (const [i, gap] of gaps.entries())
      expect(Math.abs(gap - (expected[i] as number))).toBeLessThanOrEqual(1);
  });

  it('is the same for the same seed', () => {
    const draw = (seed: string) =>
      drawPlate(mark('AB12', 'CDE'), 'square', face, seededRandom(seed)).levels[0]?.pixels;
    expect(draw('one')).toEqual(draw('one'));
    expect(draw('one')).not.toEqual(draw('two'));
  });
});
