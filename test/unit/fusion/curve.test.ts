import { describe, expect, it } from 'vitest';
import { fusionCurve } from '../../../scripts/src/fusion/curve.js';
import type { SeenPassage } from '../../../scripts/src/fusion/read-passage.js';
import { foldVrm, type Vrm } from '../../../src/domain/vrm.js';
import type { ReadFrame } from '../../../src/passages/reading.js';
import { glimpse } from '../../../src/passages/text.js';
import { latticeOf } from '../../support/lattices.js';

function frameSaying(text: string, index: number): ReadFrame {
  const lattice = latticeOf([text]);
  const monoMs = 80 * index;
  return { monoMs, capturedAtMs: monoMs, lattice, glimpse: glimpse(lattice), heightPx: 20, sharpness: 100 };
}

function passage(truth: string, texts: readonly (string | undefined)[]): SeenPassage {
  return {
    truth: foldVrm(truth as Vrm),
    frames: texts.map((text, index) => (text === undefined ? undefined : frameSaying(text, index))),
    closed: [],
  };
}

describe('the curve over the number of frames', () => {
  const right = Array.from({ length: 12 }, () => 'AB62CDE');
  const curve = fusionCurve(
    [
      passage('AB62CDE', right),
      passage('LM68XKV', [...Array.from({ length: 9 }, () => 'LM68XKV'), 'LM68XKY', 'LM68XKY', undefined]),
      passage('XY61ZZZ', right),
    ],
    { seed: 'a', reportedFrom: 0.5 },
  );
  const all = curve.points[curve.points.length - 1];

  it('counts every frame by itself, and those in which no plate was found', () => {
    expect(curve.single).toEqual({ frames: 36, found: 35, right: 21 });
  });

  it('counts passages by what their frames say together', () => {
    expect(curve.points.map(({ frames }) => frames)).toEqual([1, 2, 3, 5, 8, 12]);
    expect(all).toMatchObject({ passages: 3, right: 2, reportedRight: 2, reportedWrong: 1 });
    // Sure of all three, and right with two of them.
    expect(all?.calibrationError).toBeCloseTo(1 / 3, 1);
  });

  it('counts a passage without a record as not one', () => {
    expect(curve.wholeWay).toEqual({ passages: 3, right: 0, wrong: 0, unread: 0, notOne: 3 });
  });
});
