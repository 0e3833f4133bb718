import { type GreyPixels, letterbox } from '../native/kernels.js';

/**
 * What a camera looks at, as the directions of its background's edges on a coarse grid.
 *
 * Directions and not brightness, because they stay when day becomes night and the lamp comes on;
 * without regard to which side of an edge is the brighter one, because that turns around then. A
 * weak edge counts nearly as much as a strong one, so that no sign or burnt-in clock outweighs the road.
 */

/** Cells across the picture: 16 pixels each of a 720p frame, about what a plate is high. */
const COLUMNS = 80;

/** Of an edge in each cell: cosine and sine of twice its angle, times how clear it is, in hundredths. */
export interface ViewSignature {
  readonly columns: number;
  readonly rows: number;
  readonly edges: Int8Array;
  /** Share of cells in which there is an edge, 0 to 1. */
  readonly texture: number;
}

/** A picture brought to the grid; a millisecond for a 720p frame. */
export function toGrid(picture: GreyPixels): GreyPixels {
  const rows = Math.min(
    COLUMNS,
    Math.max(MARGIN * 4, Math.round((COLUMNS * picture.heightPx) / picture.widthPx)),
  );
  const grid = { pixels: new Uint8Array(COLUMNS * rows), widthPx: COLUMNS, heightPx: rows };
  letterbox(picture, grid, { scaledWidthPx: COLUMNS, scaledHeightPx: rows, pad: 0 });
  return grid;
}

/** Cells at the border without a signature: they have no neighbours on one side. */
const MARGIN = 1;
/** Levels between a cell's neighbours that count as an edge; noise is averaged to well under one. */
const EDGE_LEVELS = 1.5;

/**
 * The signature of what stood still in pictures of about a minute.
 * @param grids of one size, three or more.
 */
export function signatureOf(grids: readonly GreyPixels[]): ViewSignature {
  const { widthPx: columns, heightPx: rows } = grids[0] as GreyPixels;
  const background = backgroundOf(grids);
  const across = new Float32Array(columns * rows);
  const down = new Float32Array(columns * rows);
  const strengths: number[] = [];
  let clear = 0;
  for (let row = MARGIN; row < rows - MARGIN; row++) {
    for (let column = MARGIN; column < columns - MARGIN; column++) {
      const at = row * columns + column;
      across[at] = (background[at + 1] as number) - (background[at - 1] as number);
      down[at] = (background[at + columns] as number) - (background[at - columns] as number);
      const strength = Math.hypot(across[at] as number, down[at] as number);
      strengths.push(strength);
      if (strength >= EDGE_LEVELS) clear++;
    }
  }
  strengths.sort((a, b) => a - b);
  // What is usual in this picture counts half, whatever light it was taken in.
  const usual = Math.max(EDGE_LEVELS, strengths[Math.floor(strengths.length * 0.75)] as number);
  const edges = new Int8Array(2 * columns * rows);
  for (let at = 0; at < across.length; at++) {
    const x = across[at] as number;
    const y = down[at] as number;
    const strength = Math.hypot(x, y);
    if (strength === 0) continue;
    const scale = 100 / (strength * (strength + usual));
    edges[2 * at] = Math.round((x * x - y * y) * scale);
    edges[2 * at + 1] = Math.round(2 * x * y * scale);
  }
  return { columns, rows, edges: centred(edges), texture: clear / strengths.length };
}

/**
 * How alike two views are, -1 to 1, when the second is moved by whole cells over the first.
 * @returns 0 for views of different shape.
 */
export function likeness(a: ViewSignature, b: ViewSignature, shiftColumns = 0, shiftRows = 0): number {
  if (a.columns !== b.columns || a.rows !== b.rows) return 0;
  const fromRow = Math.max(0, -shiftRows);
  const toRow = Math.min(a.rows, a.rows - shiftRows);
  const fromColumn = Math.max(0, -shiftColumns);
  const toColumn = Math.min(a.columns, a.columns - shiftColumns);
  let product = 0;
  let squareA = 0;
  let squareB = 0;
  for (let row = fromRow; row < toRow; row++) {
    let atA = 2 * (row * a.columns + fromColumn);
    let atB = 2 * ((row + shiftRows) * a.columns + fromColumn + shiftColumns);
    const end = 2 * (row * a.columns + toColumn);
    for (; atA < end; atA++, atB++) {
      const valueA = a.edges[atA] as number;
      const valueB = b.edges[atB] as number;
      product += valueA * valueB;
      squareA += valueA * valueA;
      squareB += valueB * valueB;
    }
  }
  return squareA === 0 || squareB === 0 ? 0 : product / Math.sqrt(squareA * squareB);
}

export interface Shift {
  readonly columns: number;
  readonly rows: number;
  readonly likeness: number;
}

/** How the second view has to be moved to be most like the first, up to so many cells each way. */
export function bestShift(
  a: ViewSignature,
  b: ViewSignature,
  mostColumns: number,
  mostRows = mostColumns,
): Shift {
  let best: Shift = { columns: 0, rows: 0, likeness: likeness(a, b) };
  for (let rows = -mostRows; rows <= mostRows; rows++) {
    for (let columns = -mostColumns; columns <= mostColumns; columns++) {
      const value = likeness(a, b, columns, rows);
      if (value > best.likeness) best = { columns, rows, likeness: value };
    }
  }
  return best;
}

/** Columns, rows and texture (per cent), then the edges: as it goes to another process. */
export function encodeView({ columns, rows, edges, texture }: ViewSignature): Uint8Array {
  const bytes = new Uint8Array(3 + edges.length);
  bytes.set([columns, rows, Math.round(100 * texture)]);
  bytes.set(new Uint8Array(edges.buffer, edges.byteOffset, edges.length), 3);
  return bytes;
}

export function decodeView(bytes: Uint8Array): ViewSignature {
  const [columns = 0, rows = 0, texture = 0] = bytes;
  const edges = new Int8Array(bytes.slice(3).buffer);
  return { columns, rows, edges, texture: texture / 100 };
}

/**
 * What stood still: of each cell the mean of the middle half of its levels. Vehicles that go by are
 * not in it, and a mean sees differences of less than a level, which is all there is in the dark.
 */
function backgroundOf(grids: readonly GreyPixels[]): Float32Array {
  const count = grids.length;
  const from = Math.floor(count / 4);
  const to = count - from;
  const levels = new Uint8Array(count);
  return Float32Array.from(grids[0]?.pixels ?? [], (_, at) => {
    for (let i = 0; i < count; i++) levels[i] = (grids[i] as GreyPixels).pixels[at] as number;
    levels.sort();
    let sum = 0;
    for (let i = from; i < to; i++) sum += levels[i] as number;
    return sum / (to - from);
  });
}

/** Less their mean: all roads have more upright and level edges than others, and are not alike for that. */
function centred(edges: Int8Array): Int8Array {
  const sums = [0, 0];
  let count = 0;
  for (let at = 0; at < edges.length; at += 2) {
    if (edges[at] === 0 && edges[at + 1] === 0) continue;
    sums[0] = (sums[0] as number) + (edges[at] as number);
    sums[1] = (sums[1] as number) + (edges[at + 1] as number);
    count++;
  }
  if (count === 0) return edges;
  const means = sums.map((sum) => sum / count);
  return edges.map((value, at) =>
    edges[at & ~1] === 0 && edges[at | 1] === 0
      ? 0
      : Math.max(-127, Math.min(127, Math.round(value - (means[at & 1] as number)))),
  );
}
