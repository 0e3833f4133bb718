import { describe, expect, it } from 'vitest';
import { type LabelledPicture, parseLabels } from '../../../src/cli/labels.js';
import { renderRates, summarise } from '../../../src/cli/rates.js';
import { ratePicture } from '../../../src/cli/rating.js';
import type { FoundPlate } from '../../../src/cli/recognition.js';
import type { Box } from '../../../src/domain/geometry.js';
import { foldVrm, type Vrm } from '../../../src/domain/vrm.js';

const picture = (...plates: { text?: string; box?: number[] }[]): LabelledPicture =>
  parseLabels(JSON.stringify({ file: '1.jpg', plates }), 'x')[0] as LabelledPicture;

function found(
  text: string,
  [x, y, width, height]: [number, number, number, number],
  accepted = true,
): FoundPlate {
  const box: Box = { x, y, width, height };
  const vrm = text as Vrm;
  const read = { vrm, matchKey: foldVrm(vrm), probability: 0.9, characters: [], lines: [text] };
  const quad = [
    { x, y },
    { x: x + width, y },
    { x: x + width, y: y + height },
    { x, y: y + height },
  ] as const;
  return {
    quad,
    box,
    detectionScore: 0.8,
    ...(text === '' ? {} : { read }),
    accepted: accepted && text !== '',
    hints: [],
  };
}

const LABEL = { text: 'LO08XKV', box: [100, 100, 80, 20] };
const THERE: [number, number, number, number] = [102, 101, 80, 20];

describe('a labelled plate', () => {
  it('is read right where a read on it is its text, O and 0 being one', () => {
    const rating = ratePicture(picture(LABEL), [found('L008XKV', THERE)]);
    expect(rating).toMatchObject({
      plates: 1,
      platesWithText: 1,
      captured: 1,
      readRight: 1,
      wrongReads: 0,
      falseReads: 0,
      ratedPlates: [{ box: { x: 100, y: 100, width: 80, height: 20 }, readRight: true }],
      judgedReads: [{ verdict: 'right', truth: 'L008XKV' }],
      failures: [],
    });
  });

  it('is captured where it was found without being read', () => {
    const rating = ratePicture(picture(LABEL), [found('', THERE)]);
    expect(rating).toMatchObject({ captured: 1, readRight: 0, wrongReads: 0, falseReads: 0 });
    expect(rating.failures).toEqual([
      {
        file: '1.jpg',
        expected: 'LO08XKV',
        got: null,
        unsure: null,
        box: [100, 100, 80, 20],
        reason: 'not-read',
      },
    ]);
  });

  it('is not read by a read that is not sure enough to be reported', () => {
    expect(ratePicture(picture(LABEL), [found('LO08XKV', THERE, false)])).toMatchObject({
      captured: 1,
      readRight: 0,
    });
  });

  it('that was read unsurely is listed with what was nearly read', () => {
    const { failures } = ratePicture(picture(LABEL), [found('LO08XKY', THERE, false)]);
    expect(failures).toMatchObject([{ got: null, unsure: 'LO08XKY', reason: 'not-read' }]);
  });

  it('is captured by a small box in it that reads right, but not by one that does not', () => {
    const small: [number, number, number, number] = [120, 105, 30, 10];
    expect(ratePicture(picture(LABEL), [found('LO08XKV', small)])).toMatchObject({
      captured: 1,
      readRight: 1,
    });
    expect(ratePicture(picture(LABEL), [found('O08X', small)])).toMatchObject({ captured: 0, readRight: 0 });
  });

  it('with another text read on it has a wrong read, not a false one', () => {
    const rating = ratePicture(picture(LABEL), [found('LO08XKY', THERE)]);
    expect(rating).toMatchObject({ captured: 1, readRight: 0, wrongReads: 1, falseReads: 0 });
    expect(rating.failures[0]).toMatchObject({ expected: 'LO08XKV', got: 'LO08XKY', reason: 'wrong-read' });
  });

  it('without a text counts as captured, and no read of it as wrong', () => {
    const rating = ratePicture(picture({ box: [100, 100, 80, 20] }), [found('ANY1', THERE)]);
    expect(rating).toMatchObject({
      plates: 1,
      platesWithText: 0,
      captured: 1,
      wrongReads: 0,
      falseReads: 0,
      failures: [],
    });
  });

  it('without a box is read right wherever its text is', () => {
    expect(ratePicture(picture({ text: 'LO08XKV' }), [found('LO08XKV', [5, 5, 50, 12])])).toMatchObject({
      captured: 1,
      readRight: 1,
      falseReads: 0,
    });
    expect(ratePicture(picture({ text: 'LO08XKV' }), [])).toMatchObject({ captured: 0, readRight: 0 });
  });
});

describe('a read on no labelled plate', () => {
  it('is false, and listed', () => {
    const rating = ratePicture(picture(LABEL), [found('LO08XKV', THERE), found('TAXI', [400, 10, 60, 15])]);
    expect(rating).toMatchObject({ readRight: 1, wrongReads: 0, falseReads: 1 });
    expect(rating.failures).toEqual([
      {
        file: '1.jpg',
        expected: null,
        got: 'TAXI',
        unsure: null,
        box: [400, 10, 60, 15],
        reason: 'false-read',
      },
    ]);
  });

  it('is none where it was not sure enough', () => {
    expect(ratePicture(picture(), [found('TAXI', [400, 10, 60, 15], false)])).toMatchObject({
      falseReads: 0,
    });
  });
});

describe('the rates of a folder', () => {
  const ratings = [
    ratePicture(picture(LABEL), [found('LO08XKV', THERE)]),
    ratePicture(picture(LABEL, { text: 'AB12CDE', box: [300, 100, 80, 20] }), [
      found('LO08XKY', THERE),
      found('TAXI', [400, 10, 60, 15]),
    ]),
  ];

  it('add up, with intervals', () => {
    const rates = summarise(ratings, 1);
    expect(rates).toMatchObject({
      pictures: 2,
      plates: 3,
      captured: 2,
      readRight: 1,
      wrongReads: 1,
      falseReads: 1,
      picturesWithFalseRead: 1,
      unreadablePictures: 1,
    });
    expect(rates.failures).toHaveLength(3);
    expect(rates.intervals.readRight.low).toBeLessThan(1 / 3);
    expect(rates.intervals.readRight.high).toBeGreaterThan(1 / 3);
  });

  it('are given for small, large, and slanted plates by themselves', () => {
    const square = { text: 'SQ11ARE', box: [500, 100, 200, 150] };
    const { bands } = summarise(
      [...ratings, ratePicture(picture(square), [found('SQ11ARE', [500, 100, 200, 150])])],
      0,
    );
    expect(bands).toMatchObject([
      { name: 'under 100 px wide', plates: 3, readRight: 1 },
      { name: '100 px and wider', plates: 1, readRight: 1 },
      { name: 'narrower than 3:1', plates: 1, readRight: 1 },
    ]);
    expect(bands[0]?.interval.high).toBeLessThan(1);
  });

  it('say how far stated probabilities are off, and leave out what nobody can judge', () => {
    const untold = ratePicture(picture({ box: [100, 100, 80, 20] }), [found('ANY1', THERE, false)]);
    // One right and one wrong read at 0.9, and one wrong elsewhere.
    const { calibration } = summarise([...ratings, untold], 0);
    expect(calibration.onPlates.reads).toBe(2);
    expect(calibration.onPlates.error).toBeCloseTo(0.4, 9);
    expect(calibration.everywhere.reads).toBe(3);
    expect(calibration.everywhere.error).toBeCloseTo(0.9 - 1 / 3, 9);
  });

  it('are shown as a table with every failure', () => {
    const text = renderRates('some/folder', summarise(ratings, 1));
    expect(text).toContain('some/folder: 2 pictures, 3 plates');
    expect(text).toMatch(/captured +66\.7 % {2}\(2 of 3; 95 % interval 20\.8 % to 93\.9 %\)/);
    expect(text).toMatch(/read right +33\.3 % {2}\(1 of 3/);
    expect(text).toMatch(/under 100 px wide +33\.3 % {2}\(1 of 3/);
    expect(text).toMatch(/probability off +40\.0 % {2}on average \(2 reads .*; 56\.7 % with the 1 /);
    expect(text).toContain('1 pictures could not be opened');
    expect(text).toMatch(/1\.jpg +LO08XKV +LO08XKY +wrong-read/);
    expect(text).toMatch(/1\.jpg +- +TAXI +false-read/);
  });

  it('of an empty folder are no numbers out of nothing', () => {
    expect(renderRates('x', summarise([], 0))).not.toMatch(/NaN/);
  });
});
