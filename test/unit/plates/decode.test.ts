import { describe, expect, it } from 'vitest';
import { boundingBox } from '../../../src/domain/geometry.js';
import { type DetectorOutput, decodeDetections } from '../../../src/plates/decode.js';

const COLUMNS = 16;
const ROWS = 9;
const STRIDE = 8;
const OPTIONS = { threshold: 0.4, scaleX: 1, scaleY: 1, frameWidthPx: 128, frameHeightPx: 72 };

/** A detector that saw plates: cell, score, and size in input pixels. */
function outputWith(
  plates: readonly { column: number; row: number; score: number; width?: number; height?: number }[],
): DetectorOutput {
  const cells = COLUMNS * ROWS;
  const heat = new Float32Array(cells).fill(0.01);
  const corners = new Float32Array(8 * cells);
  for (const { column, row, score, width = 40, height = 12 } of plates) {
    const cell = row * COLUMNS + column;
    heat[cell] = score;
    [-width, -height, width, -height, width, height, -width, height].forEach((offset, plane) => {
      corners[plane * cells + cell] = offset / 2;
    });
  }
  return { heat, corners, columns: COLUMNS, rows: ROWS, stride: STRIDE };
}

describe('decodeDetections', () => {
  it('gives corners from the centre of their cell', () => {
    const [plate] = decodeDetections(outputWith([{ column: 6, row: 4, score: 0.9 }]), OPTIONS);
    expect(plate?.score).toBeCloseTo(0.9);
    expect(plate?.quad).toEqual([
      { x: 32, y: 30 },
      { x: 72, y: 30 },
      { x: 72, y: 42 },
      { x: 32, y: 42 },
    ]);
  });

  it('gives frame pixels, each way by its own scale', () => {
    const output = outputWith([{ column: 6, row: 4, score: 0.9 }]);
    const large = { ...OPTIONS, scaleX: 0.25, scaleY: 0.5, frameWidthPx: 512, frameHeightPx: 144 };
    const [plate] = decodeDetections(output, large);
    expect(boundingBox(plate?.quad as never)).toEqual({ x: 128, y: 60, width: 160, height: 24 });
  });

  it('gives the best first, and nothing below the threshold', () => {
    const output = outputWith([
      { column: 3, row: 1, score: 0.5 },
      { column: 11, row: 6, score: 0.8 },
      { column: 3, row: 6, score: 0.39 },
    ]);
    expect(decodeDetections(output, OPTIONS).map(({ score }) => Math.round(score * 10) / 10)).toEqual([
      0.8, 0.5,
    ]);
  });

  it('takes the peak of a hill, not its slopes', () => {
    const output = outputWith([
      { column: 6, row: 4, score: 0.7 },
      { column: 7, row: 4, score: 0.9 },
      { column: 8, row: 4, score: 0.6 },
    ]);
    const plates = decodeDetections(output, OPTIONS);
    expect(plates).toHaveLength(1);
    expect(plates[0]?.score).toBeCloseTo(0.9);
  });

  it('reports a plate once, where two peaks or two equal cells claim it', () => {
    const twoPeaks = outputWith([
      { column: 6, row: 4, score: 0.7 },
      { column: 8, row: 4, score: 0.9, width: 44 },
    ]);
    expect(decodeDetections(twoPeaks, OPTIONS).map(({ score }) => score > 0.8)).toEqual([true]);
    const plateau = outputWith([
      { column: 6, row: 4, score: 0.9 },
      { column: 7, row: 4, score: 0.9 },
    ]);
    expect(decodeDetections(plateau, OPTIONS)).toHaveLength(1);
  });

  it('keeps two plates side by side apart', () => {
    const output = outputWith([
      { column: 3, row: 4, score: 0.7 },
      { column: 10, row: 4, score: 0.9 },
    ]);
    expect(decodeDetections(output, OPTIONS)).toHaveLength(2);
  });

  it('sees plates in the first and last cells', () => {
    const output = outputWith([
      { column: 0, row: 0, score: 0.9 },
      { column: COLUMNS - 1, row: ROWS - 1, score: 0.9 },
    ]);
    expect(decodeDetections(output, OPTIONS)).toHaveLength(2);
  });

  it.each([
    ['in the padding below the frame', { row: 8 }, { frameHeightPx: 60 }],
    ['without width', { width: 0 }, {}],
    ['far too long', { width: 100, height: 5 }, {}],
    ['far too tall', { width: 10, height: 40 }, {}],
  ])('drops a plate %s', (_, plate, options) => {
    const output = outputWith([{ column: 6, row: 4, score: 0.9, ...plate }]);
    expect(decodeDetections(output, { ...OPTIONS, ...options })).toEqual([]);
  });

  it('drops a plate whose corners are no numbers', () => {
    const output = outputWith([{ column: 6, row: 4, score: 0.9 }]);
    output.corners.fill(Number.NaN);
    expect(decodeDetections(output, OPTIONS)).toEqual([]);
  });
});
