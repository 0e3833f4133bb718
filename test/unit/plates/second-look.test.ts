import { describe, expect, it } from 'vitest';
import type { Frame } from '../../../src/domain/frame.js';
import { type Point, plateSize, type Quad } from '../../../src/domain/geometry.js';
import type { Lattice } from '../../../src/domain/lattice.js';
import type { PlateReading } from '../../../src/plates/reader.js';
import { CLOSE_UP, isDoubtful, lookAgain, TURNS, turned } from '../../../src/plates/second-look.js';
import { latticeOf } from '../../support/lattices.js';

const frame: Frame = {
  pixels: new Uint8Array(640 * 480),
  widthPx: 640,
  heightPx: 480,
  index: 0,
  capturedAtMs: 0,
  capturedMonoMs: 0,
};

function box(x: number, y: number, width: number, height: number): Quad {
  return [
    { x, y },
    { x: x + width, y },
    { x: x + width, y: y + height },
    { x, y: y + height },
  ];
}

const PLATE = box(300, 200, 50, 12);

function reading(lattice: Lattice): PlateReading {
  const crop = {
    pixels: new Uint8Array(1),
    widthPx: 1,
    heightPx: 1,
    plateBox: { x: 0, y: 0, width: 1, height: 1 },
  };
  return { lattice, sharpness: 1, crop };
}

/** A lattice whose last character has a probability of about `share`. */
const sureTo = (share: number) => {
  const rest = (1 - share) / 3;
  return latticeOf(['AB62CDE'], { 6: { E: share, F: rest, B: rest, 8: rest } }, 0.9999);
};

/** A detector that answers the given quads, in pixels of its close-up, and a reader that is so sure of each quad. */
function stages(answers: readonly Quad[], sureness: (quad: Quad) => number) {
  const read: Quad[] = [];
  const seen: Frame[] = [];
  return {
    read,
    seen,
    detector: {
      detect: async (closeUp: Frame) => {
        seen.push(closeUp);
        return answers.map((quad) => ({ quad, score: 0.8 }));
      },
    },
    reader: {
      read: async (_: Frame, quads: readonly Quad[]) => {
        read.push(...quads);
        return quads.map((quad) => reading(sureTo(sureness(quad))));
      },
    },
  };
}

/** Where PLATE is in the close-up: 100 px wide, in its middle. */
const NEAR_BY = box(78, 52, 100, 24);
const first = reading(sureTo(0.5));

describe('a reading is doubtful', () => {
  it('where its text is not sure', () => {
    expect(isDoubtful(sureTo(0.5))).toBe(true);
    expect(isDoubtful(sureTo(1))).toBe(false);
  });

  it('not where there is no text to speak of', () => {
    expect(isDoubtful(latticeOf(['']))).toBe(false);
    expect(isDoubtful(latticeOf(['A'], { 0: { A: 0.5, 4: 0.5 } }))).toBe(false);
  });
});

describe('a second look', () => {
  it('takes the corners that the detector finds near by, in pixels of the frame', async () => {
    const { read, seen, ...models } = stages([NEAR_BY], () => 1);
    const found = await lookAgain(models, frame, PLATE, first);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject(CLOSE_UP);
    expect(read).toHaveLength(1);
    read[0]?.forEach(({ x, y }, corner) => {
      expect(x).toBeCloseTo((PLATE[corner] as Point).x, 6);
      expect(y).toBeCloseTo((PLATE[corner] as Point).y, 6);
    });
    expect(isDoubtful(found.lattice)).toBe(false);
  });

  it('turns the edges each way where that is not enough, and takes the likeliest', async () => {
    const slope = (quad: Quad) => (Math.atan2(quad[1].y - quad[0].y, quad[1].x - quad[0].x) * 180) / Math.PI;
    const { read, seen, ...models } = stages([NEAR_BY], (quad) => (slope(quad) > 2 ? 0.8 : 0.4));
    const found = await lookAgain(models, frame, PLATE, first);
    expect(read).toHaveLength(1 + TURNS.length);
    expect(found.lattice).toEqual(sureTo(0.8));
  });

  it('keeps the first reading where none is likelier', async () => {
    const { read, seen, ...models } = stages([NEAR_BY], () => 0.4);
    expect(await lookAgain(models, frame, PLATE, first)).toBe(first);
  });

  it('ends where the detector finds no plate near by, or only another one', async () => {
    for (const answers of [[], [box(5, 5, 100, 24)]]) {
      const { read, seen, ...models } = stages(answers, () => 1);
      expect(await lookAgain(models, frame, PLATE, first)).toBe(first);
      expect(read).toEqual([]);
    }
  });

  it('takes any plate: small, huge, slanted, or at the edge of the frame', async () => {
    const { read, seen, ...models } = stages([NEAR_BY], () => 1);
    const odd = [
      box(0, 0, 9, 3),
      box(-20, -20, 700, 600),
      turned(PLATE, { slope: 30, lean: -20 }),
      box(620, 470, 30, 8),
    ];
    for (const quad of odd) await lookAgain(models, frame, quad, first);
    expect(seen).toHaveLength(odd.length);
  });
});

describe('a turned quad', () => {
  it('turns its long edges, its short edges, or grows, about its middle', () => {
    const angle = (a: Point, b: Point) => (Math.atan2(b.y - a.y, b.x - a.x) * 180) / Math.PI;
    const [tl, tr, , bl] = turned(PLATE, { slope: 3 });
    expect(angle(tl, tr)).toBeCloseTo(3, 6);
    expect(angle(tl, bl)).toBeCloseTo(90, 6);
    const leaning = turned(PLATE, { lean: -8 });
    expect(angle(leaning[0], leaning[1])).toBeCloseTo(0, 6);
    expect(angle(leaning[0], leaning[3])).toBeCloseTo(82, 6);
    const grown = plateSize(turned(PLATE, { width: 1.1, height: 1.2 }));
    expect(grown.widthPx).toBeCloseTo(55, 6);
    expect(grown.heightPx).toBeCloseTo(14.4, 6);
  });

  it('keeps its taper', () => {
    const tapered: Quad = [
      { x: 0, y: 0 },
      { x: 100, y: 4 },
      { x: 100, y: 20 },
      { x: 0, y: 24 },
    ];
    const same = turned(tapered, {});
    tapered.forEach(({ x, y }, corner) => {
      expect(same[corner]?.x).toBeCloseTo(x, 9);
      expect(same[corner]?.y).toBeCloseTo(y, 9);
    });
  });
});
