import { describe, expect, it } from 'vitest';
import type { Observation } from '../../../../src/domain/observation.js';
import { type HintFrame, hintsOf, passageHints, stillHints } from '../../../../src/passages/hints/hints.js';
import { Reading } from '../../../../src/passages/reading.js';
import { latticeOf } from '../../../support/lattices.js';
import { type Paint, paintedCrop } from '../../../support/painted-crops.js';

const TEXT = 'KWF482';

function frame(paint: Paint = {}, options: Partial<HintFrame> & { readonly shown?: string } = {}): HintFrame {
  const { shown = TEXT, ...rest } = options;
  return {
    lattice: latticeOf([shown]),
    crop: paintedCrop(TEXT.length, paint),
    heightPx: 30,
    detectionScore: 0.8,
    text: shown,
    ...rest,
  };
}

const PLAIN = frame();
const COVERED = frame({ odd: { 2: 'covered' } });
const FADED = frame({ odd: { 3: 180 } });
const BARE = frame({ ink: 190 }, { shown: '' });

describe('a single picture', () => {
  it('of a plain plate gives no hint', () => expect(hintsOf([PLAIN], undefined, 1)).toEqual([]));

  it('with a character covered is partly hidden', () =>
    expect(hintsOf([COVERED], undefined, 1)).toEqual(['partly-hidden']));

  it('with a character as light as the paper may be a ghost', () =>
    expect(hintsOf([FADED], undefined, 1)).toEqual(['suspected-ghost']));

  it('of a bright plate with nothing on it may be a ghost, where the detector is sure of it', () => {
    expect(hintsOf([BARE], undefined, 1)).toEqual(['suspected-ghost']);
    expect(hintsOf([{ ...BARE, detectionScore: 0.5 }], undefined, 1)).toEqual([]);
  });

  it('that is overexposed, or of what does not stand out, says nothing', () => {
    const shown = { shown: '' };
    expect(hintsOf([frame({ paper: 255, ink: 255 }, shown)], undefined, 1)).toEqual([]);
    expect(hintsOf([frame({ ink: 190, around: 180 }, shown)], undefined, 1)).toEqual([]);
  });

  it('of light characters on a dark plate says nothing', () => {
    expect(hintsOf([frame({ paper: 30, ink: 200 })], undefined, 1)).toEqual([]);
  });

  it('of a small plate says nothing', () =>
    expect(hintsOf([{ ...COVERED, heightPx: 12 }], undefined, 1)).toEqual([]));
});

describe('several frames', () => {
  it('give a hint where most of them do', () => {
    expect(hintsOf([COVERED, COVERED, PLAIN], undefined, 2)).toEqual(['partly-hidden']);
    expect(hintsOf([COVERED, PLAIN, PLAIN], undefined, 2)).toEqual([]);
    expect(hintsOf([COVERED, PLAIN], undefined, 2)).toEqual([]);
  });

  it('must be as many as are asked for', () => expect(hintsOf([FADED], undefined, 2)).toEqual([]));
});

describe('a plate in a picture', () => {
  const { lattice, crop } = PLAIN;
  const quad = [
    { x: 100, y: 100 },
    { x: 230, y: 100 },
    { x: 230, y: 128 },
    { x: 100, y: 128 },
  ] as const;
  const seen: Observation = {
    frameIndex: 0,
    capturedAtMs: 0,
    capturedMonoMs: 0,
    quad,
    detectionScore: 0.8,
    cutOff: false,
  };

  it('that its edge cuts off is partly hidden, where the detector is sure of it', () => {
    expect(stillHints({ ...seen, cutOff: true }, undefined)).toEqual(['partly-hidden']);
    expect(stillHints({ ...seen, cutOff: true, detectionScore: 0.45 }, undefined)).toEqual([]);
  });

  it('that was not read gives no other hint', () => expect(stillHints(seen, undefined)).toEqual([]));

  it('that was read gives those of what the reader saw', () => {
    expect(stillHints({ ...seen, lattice, crop }, undefined)).toEqual([]);
    expect(stillHints({ ...seen, lattice, crop: COVERED.crop }, undefined)).toEqual(['partly-hidden']);
  });
});

describe('a passage', () => {
  const readingOf = (frames: readonly HintFrame[]) => {
    const reading = new Reading();
    frames.forEach(({ text, ...each }, index) => {
      const glimpse = { text, certainty: 0.9 };
      reading.add({ ...each, glimpse, sharpness: 500, monoMs: 40 * index, capturedAtMs: 40 * index });
    });
    return reading;
  };

  it('that was seen whole in no frame is partly hidden', () =>
    expect(passageHints(new Reading(), false)).toEqual(['partly-hidden']));

  it('has the hints of most of its frames, and one is not enough', () => {
    expect(passageHints(readingOf([FADED, FADED, FADED]), true)).toEqual(['suspected-ghost']);
    expect(passageHints(readingOf([FADED]), true)).toEqual([]);
    expect(passageHints(readingOf([FADED, PLAIN, PLAIN]), true)).toEqual([]);
  });
});
