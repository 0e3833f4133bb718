import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { platesSchema } from '../../src/config/schema.js';
import type { Frame } from '../../src/domain/frame.js';
import type { Quad } from '../../src/domain/geometry.js';
import { CLASSES } from '../../src/domain/lattice.js';
import { glanceAt } from '../../src/domain/lattice-glance.js';
import type { Observation } from '../../src/domain/observation.js';
import type { Detection } from '../../src/plates/decode.js';
import { Recogniser } from '../../src/plates/recogniser.js';
import { turned } from '../../src/plates/second-look.js';
import { pictureWith } from '../support/drawn-plates.js';

/** The recogniser with the shipped models and the addon, on frames without plates. */
const config = platesSchema.parse({ minimumPlateHeightPx: 10, mostReadsPerFrame: 2 });
let monoMs = 0;
/** A clock that goes 5 ms forward each time somebody looks. */
const recogniser = new Recogniser({
  config,
  monoMs: () => {
    monoMs += 5;
    return monoMs;
  },
});

beforeAll(() => recogniser.start());
afterAll(() => recogniser.stop());

function greyFrame(widthPx: number, heightPx: number, index = 0): Frame {
  const pixels = Uint8Array.from({ length: widthPx * heightPx }, (_, i) => (i * 2_654_435_761) >>> 24);
  return { pixels, widthPx, heightPx, index, capturedAtMs: 1_700_000_000_000, capturedMonoMs: 40 };
}

function plate(x: number, y: number, width: number, height: number): Detection {
  const quad: Quad = [
    { x, y },
    { x: x + width, y },
    { x: x + width, y: y + height },
    { x, y: y + height },
  ];
  return { quad, score: 0.75 };
}

/** Folded: O = 0, I = 1. */
function textOf(observation: Observation | undefined): string | undefined {
  return observation?.lattice && glanceAt(observation.lattice).text;
}

describe('the recogniser', () => {
  it('finds nothing in an even frame', async () => {
    const frame = { ...greyFrame(1280, 720), pixels: new Uint8Array(1280 * 720).fill(90) };
    expect(await recogniser.detect(frame)).toEqual([]);
  });

  it.each([
    [1280, 720],
    [640, 480],
    [200, 900],
    [33, 17],
    [1, 1],
  ])('takes frames of any size, one after the other: %i x %i', async (widthPx, heightPx) => {
    for (const { score } of await recogniser.detect(greyFrame(widthPx, heightPx))) {
      expect(score).toBeGreaterThanOrEqual(config.detectionThreshold);
    }
  });

  it('gives an observation for each plate, in order, with the time of its frame', async () => {
    const frame = greyFrame(640, 480, 7);
    const plates = [plate(10, 10, 60, 15), plate(200, 100, 120, 30)];
    const observations = await recogniser.read(frame, plates);
    expect(observations.map(({ quad }) => quad)).toEqual(plates.map(({ quad }) => quad));
    for (const observation of observations) {
      expect(observation).toMatchObject({
        frameIndex: 7,
        capturedAtMs: 1_700_000_000_000,
        capturedMonoMs: 40,
        detectionScore: 0.75,
      });
      expect(observation.lattice?.rows).toHaveLength(2);
      const first = [...(observation.lattice?.rows[0] ?? [])].slice(0, CLASSES);
      expect(first.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 4);
      expect(observation.sharpness).toBeGreaterThan(0);
    }
  });

  it('reads each plate by itself: alone or beside another it is read the same', async () => {
    const frame = greyFrame(640, 480);
    const [left, right] = [plate(10, 10, 60, 15), plate(200, 100, 120, 30)];
    const [, beside] = await recogniser.read(frame, [left, right]);
    const [alone] = await recogniser.read(frame, [right]);
    alone?.lattice?.rows.forEach((row, index) => {
      const differences = row.map((value, i) =>
        Math.abs(value - (beside?.lattice?.rows[index]?.[i] ?? Infinity)),
      );
      expect(Math.max(...differences)).toBeLessThan(1e-3);
    });
    expect(beside?.sharpness).toBe(alone?.sharpness);
  });

  it('does not read what is too small, and no more than it may, the largest first', async () => {
    const observations = await recogniser.read(greyFrame(640, 480), [
      plate(10, 10, 60, 15),
      plate(10, 100, 40, 9),
      plate(10, 200, 120, 30),
      plate(10, 300, 100, 25),
    ]);
    expect(observations.map(({ lattice }) => lattice !== undefined)).toEqual([false, false, true, true]);
    expect(observations[0]).not.toHaveProperty('sharpness');
  });

  it('does not read a plate that the edge of the frame cuts off', async () => {
    const cut = [plate(-5, 200, 120, 30), plate(540, 200, 120, 30), plate(300, 460, 120, 30)];
    for (const detection of cut) {
      const [observation] = await recogniser.read(greyFrame(640, 480), [detection]);
      expect(observation).not.toHaveProperty('lattice');
    }
  });

  it('gives nothing for nothing', async () => {
    expect(await recogniser.read(greyFrame(640, 480), [])).toEqual([]);
  });

  it('sums up what it did', async () => {
    const before = recogniser.snapshot();
    const frame = greyFrame(640, 480);
    const found = await recogniser.detect(frame);
    await recogniser.read(frame, [plate(10, 10, 60, 15)]);
    expect(recogniser.snapshot()).toEqual({
      framesDetected: before.framesDetected + 1,
      platesFound: before.platesFound + found.length,
      platesRead: before.platesRead + 1,
      secondLooks: before.secondLooks,
      detectMs: before.detectMs + 5,
      readMs: before.readMs + 5,
    });
  });

  it('reads more of what it looks at again: here plates whose corners are degrees off', async () => {
    const marks = ['AB12 CDE', 'LM08 XKV', 'KT63 PWR', 'BD51 SMR', 'YS19 HGF', 'EX70 NBU'];
    let right = 0;
    let rightAgain = 0;
    for (const mark of marks) {
      const quad = turned(plate(220, 200, 130, 28).quad, { slope: 4, lean: 6 });
      const picture = pictureWith(640, 480, [{ mark, form: 'one-line', quad }]);
      const frame = { ...greyFrame(640, 480), pixels: picture.pixels };
      const off = turned(quad, { slope: -9, lean: -14, height: 0.9 });
      const first = await recogniser.read(frame, [{ quad: off, score: 0.75 }]);
      const [second] = await recogniser.lookAgain(frame, first, 1);
      if (textOf(first[0]) === mark.replace(' ', '')) right++;
      if (textOf(second) === mark.replace(' ', '')) rightAgain++;
    }
    expect(rightAgain).toBeGreaterThan(right);
    expect(rightAgain).toBeGreaterThanOrEqual(5);
  });

  it('looks again at no more plates than it may, and leaves what is sure or no text as it is', async () => {
    const picture = pictureWith(640, 480, [
      { mark: 'AB12 CDE', form: 'one-line', quad: plate(220, 200, 130, 28).quad },
    ]);
    const frame = { ...greyFrame(640, 480), pixels: picture.pixels };
    const observations = await recogniser.read(frame, [plate(220, 200, 130, 28), plate(30, 30, 100, 25)]);
    expect(await recogniser.lookAgain(frame, observations, 2)).toEqual(observations);
    const before = recogniser.snapshot().secondLooks;
    const off = turned(plate(220, 200, 130, 28).quad, { slope: 12, lean: -25 });
    const doubtful = await recogniser.read(frame, [{ quad: off, score: 0.75 }]);
    expect(await recogniser.lookAgain(frame, doubtful, 0)).toEqual(doubtful);
    expect(recogniser.snapshot().secondLooks).toBe(before);
  });

  it('that was not started is a bug, not an empty road', async () => {
    const idle = new Recogniser({ config });
    await expect(idle.detect(greyFrame(64, 64))).rejects.toThrow('not started');
    await idle.stop();
  });
});
