import { describe, expect, it } from 'vitest';
import { PLATE_FORMS } from '../../../scripts/src/clip/plate-layout.js';
import { seededRandom } from '../../../scripts/src/clip/random.js';
import { anyMark } from '../../../scripts/src/reading/marks.js';
import { framesOf } from '../../../scripts/src/reading/measure.js';
import { assemble, mosaicFor, originOf, sceneAt } from '../../../scripts/src/reading/mosaic.js';
import { lookAt } from '../../../scripts/src/reading/plate-camera.js';
import { CARRIERS, type PlateSet, plateCases } from '../../../scripts/src/reading/plate-sets.js';
import { rateOf } from '../../../scripts/src/reading/rate.js';
import { drawTwins, SIDE_BY_SIDE } from '../../../scripts/src/reading/side-by-side.js';
import { isMarkLike } from '../../../scripts/src/reading/sign-texts.js';
import { plateSize } from '../../../src/domain/geometry.js';
import { restorePrintedForm } from '../../../src/domain/grammar/forms.js';

const SET: PlateSet = {
  seed: 'unit',
  count: 8,
  carriers: ['one line', 'square', 'lorry', 'motorcycle'],
  characterHeightPx: 20,
};

describe('marks', () => {
  it('of every class come up, and each has a UK form', () => {
    const random = seededRandom('marks');
    const classes = Array.from({ length: 400 }, () => restorePrintedForm(anyMark(random).vrm).ukClass);
    expect(classes).not.toContain(undefined);
    for (const ukClass of ['current', 'prefix', 'suffix', 'q', 'northern-ireland', 'dateless', 'diplomatic'])
      expect(classes).toContain(ukClass);
  });

  it.each(SIDE_BY_SIDE)('with %s have twins of the same class and groups without it', (kind) => {
    const random = seededRandom(kind);
    for (let i = 0; i < 50; i++) {
      const { alike, plain } = drawTwins(kind, random);
      expect(alike.vrm).toContain(kind === '1I' ? 'I1' : kind);
      expect(plain.vrm).not.toMatch(/[01IO]{2}/);
      const classOf = (mark: typeof alike) => restorePrintedForm(mark.vrm).ukClass;
      expect(classOf(plain)).toBe(classOf(alike));
      expect(plain.groups.map(({ length }) => length)).toEqual(alike.groups.map(({ length }) => length));
    }
  });

  it('are told from what only looks like one', () => {
    expect(['A40', 'XC90', 'MX-5', 'LO05 ABC'].map(isMarkLike)).toEqual([true, true, true, true]);
    expect(['M25 J12', '07700 900123', 'CAM03', 'SCANIA R450'].map(isMarkLike)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('a plate before the camera', () => {
  const plate = PLATE_FORMS['one-line'];
  const square = { yawDegrees: 0, pitchDegrees: 0, rollDegrees: 0 };
  const sizeAt = (pose: Partial<typeof square>) =>
    plateSize(lookAt(plate, 20 / 79, { ...square, ...pose }, { x: 200, y: 100 }).quad);

  it('is as large as asked for when it is square to the view', () => {
    expect(sizeAt({}).widthPx).toBeCloseTo((520 * 20) / 79, 1);
    expect(sizeAt({}).heightPx).toBeCloseTo((111 * 20) / 79, 1);
  });

  it('narrows with yaw by its cosine, and its near end is the higher one', () => {
    expect(sizeAt({ yawDegrees: 45 }).widthPx).toBeCloseTo(((520 * 20) / 79) * Math.SQRT1_2, -0.5);
    const [tl, tr, br, bl] = lookAt(plate, 20 / 79, { ...square, yawDegrees: 45 }, { x: 200, y: 100 }).quad;
    expect(bl.y - tl.y).toBeGreaterThan(br.y - tr.y);
  });
});

describe('a set', () => {
  it('gives its plates to every carrier in turn: the lorries’ two lines are 285 x 203 mm', () => {
    expect(plateCases(SET).map(({ vehicle }) => vehicle)).toEqual([
      ...['car', 'van', 'lorry', 'motorcycle'],
      ...['car', 'van', 'lorry', 'motorcycle'],
    ]);
    expect(PLATE_FORMS[CARRIERS.lorry.form]).toMatchObject({ widthMm: 285, heightMm: 203, lines: 2 });
  });

  it('has the same marks under every condition', () => {
    const harder = plateCases({ ...SET, characterHeightPx: 12, conditions: { dirtShare: 0.3 } });
    expect(harder.map(({ mark }) => mark)).toEqual(plateCases(SET).map(({ mark }) => mark));
  });

  it('gives the same frames for the same seed, and others for another', () => {
    const [first, again, other] = [SET, SET, { ...SET, seed: 'other' }].map(
      (set) => [...framesOf({ ...set, count: 1 })].map(({ frame }) => frame.pixels)[0],
    );
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('puts scenes side by side, and knows which one a place belongs to', () => {
    const mosaic = mosaicFor(20);
    const scenes = Array.from({ length: mosaic.columns * mosaic.rows }, (_, index) => ({
      pixels: new Uint8Array(mosaic.widthPx * mosaic.heightPx).fill(index + 1),
      widthPx: mosaic.widthPx,
      heightPx: mosaic.heightPx,
    }));
    const frame = assemble(mosaic, scenes);
    scenes.forEach((_, index) => {
      const { x, y } = originOf(mosaic, index);
      expect(frame.pixels[(y + 3) * frame.widthPx + x + 3]).toBe(index + 1);
      expect(sceneAt(mosaic, { x: x + 3, y: y + 3 })).toBe(index);
    });
    expect(sceneAt(mosaic, { x: -1, y: 0 })).toBeUndefined();
  });

  it('has no rate without a plate', () => {
    expect(() => rateOf([], () => true)).toThrow('expected something to count');
  });
});
