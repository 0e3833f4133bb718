import { boundingBox, centre, iou, plateSize, type Quad } from '../domain/geometry.js';
import { sanitiseQuad } from './quad.js';

/** A plate found in one frame. */
export interface Detection {
  /** Corners of the plate, TL, TR, BR, BL as it is read; frame pixels. */
  readonly quad: Quad;
  /** 0 to 1. */
  readonly score: number;
}

/** What the detector says, cell by cell, row by row. */
export interface DetectorOutput {
  /** Probability that the centre of a plate is in the cell. */
  readonly heat: Float32Array;
  /** Eight planes: x and y of TL, TR, BR, BL, in input pixels from the cell's centre. */
  readonly corners: Float32Array;
  readonly columns: number;
  readonly rows: number;
  /** Input pixels a cell. */
  readonly stride: number;
}

export interface DecodeOptions {
  readonly threshold: number;
  /** Input pixels per frame pixel, each way. */
  readonly scaleX: number;
  readonly scaleY: number;
  readonly frameWidthPx: number;
  readonly frameHeightPx: number;
}

/** Two boxes that overlap by more are one plate. */
const SAME_PLATE_IOU = 0.4;
/** Width to height of anything that may be a plate: a square one seen at a slant, to the longest of one line. */
const LEAST_ASPECT = 0.5;
const MOST_ASPECT = 14;

/** Plates, best first: peaks of the heat map above the threshold, each plate once. */
export function decodeDetections(output: DetectorOutput, options: DecodeOptions): Detection[] {
  const found: Detection[] = [];
  for (const cell of peaks(output, options.threshold)) {
    const quad = sanitiseQuad(quadAt(output, cell, options));
    if (quad === undefined || !isPlausible(quad, options)) continue;
    const box = boundingBox(quad);
    if (found.some((other) => iou(box, boundingBox(other.quad)) > SAME_PLATE_IOU)) continue;
    found.push({ quad, score: output.heat[cell] as number });
  }
  return found;
}

/** Cells that no neighbour exceeds, best first. Of equal neighbours all stay; they overlap. */
function peaks({ heat, columns, rows }: DetectorOutput, threshold: number): number[] {
  const cells: number[] = [];
  for (let cell = 0; cell < columns * rows; cell++) {
    const score = heat[cell] as number;
    if (score >= threshold && isPeak(heat, columns, rows, cell, score)) cells.push(cell);
  }
  return cells.sort((a, b) => (heat[b] as number) - (heat[a] as number));
}

function isPeak(heat: Float32Array, columns: number, rows: number, cell: number, score: number): boolean {
  const column = cell % columns;
  const row = (cell - column) / columns;
  for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y++) {
    for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x++) {
      if ((heat[y * columns + x] as number) > score) return false;
    }
  }
  return true;
}

function quadAt(
  { corners, columns, rows, stride }: DetectorOutput,
  cell: number,
  options: DecodeOptions,
): Quad {
  const column = cell % columns;
  const row = (cell - column) / columns;
  const cells = columns * rows;
  const corner = (index: number) => ({
    x: ((column + 0.5) * stride + (corners[2 * index * cells + cell] as number)) / options.scaleX,
    y: ((row + 0.5) * stride + (corners[(2 * index + 1) * cells + cell] as number)) / options.scaleY,
  });
  return [corner(0), corner(1), corner(2), corner(3)];
}

function isPlausible(quad: Quad, { frameWidthPx, frameHeightPx }: DecodeOptions): boolean {
  const { x, y } = centre(quad);
  // The padding below a frame holds no plates.
  if (x < 0 || y < 0 || x > frameWidthPx || y > frameHeightPx) return false;
  const { widthPx, heightPx } = plateSize(quad);
  const aspect = widthPx / heightPx;
  return aspect >= LEAST_ASPECT && aspect <= MOST_ASPECT;
}
