import type { Lattice } from '../../domain/lattice.js';
import type { PlateCrop } from '../../domain/plate-crop.js';
import { levelsIn, median, pixelAt } from './levels.js';
import { isInverse, type Seed, seedsOf } from './seeds.js';

/**
 * Where the characters of a plate stand in what the reader saw, to a pixel.
 *
 * The reader's scores say about where each character is; the ink then says where it begins and
 * ends. Everything is measured within the text, because the corners that a plate was straightened by
 * are a few per cent off, and its ends with them.
 */

/** One character of a line. Columns are those of the crop, after the slant was taken out. */
export interface CharacterSpan {
  readonly character: string;
  readonly leftPx: number;
  readonly rightPx: number;
}

export interface TextLine {
  readonly spans: readonly CharacterSpan[];
  /** Between each character and the next. */
  readonly gapsPx: readonly number[];
  /** From one character to the next, crop pixels: a character's width and a gap. */
  readonly pitchPx: number;
  /** First row of the characters, and the row after the last. */
  readonly topPx: number;
  readonly bottomPx: number;
  /** Pixels to the right for each row below the line's middle: by how much the characters lean. */
  readonly lean: number;
}

/** Rows of a plate's text, as shares of the plate's height, where a search for them begins. */
const MIDDLE_OF_ONE = 0.5;
const MIDDLES_OF_TWO = [0.27, 0.73] as const;
/** Characters are no higher than this share of the plate, for one line and for two. */
const HIGHEST_SHARE = { one: 0.8, two: 0.48 } as const;
/** A row crosses this share of ink at the least, and at the most, as long as it crosses characters. */
const ROW_LEAST_INK = 0.1;
const ROW_MOST_INK = 0.8;
/** Leans that are tried: the corners take most of a slant out. */
const MOST_LEAN = 0.25;
const LEAN_STEP = 0.05;
/** A lean must pay by this share for each step: letters like V and A stand apart at a slant, too. */
const LEAN_PRICE = 0.04;
/** Between paper (0) and ink (1), where a character's edge is taken to be. */
export const EDGE = 0.5;
/** Share of a column's rows that a stroke fills at the least: the bar of an L or a T. */
const STROKE_SHARE = 0.12;
/** As narrow as a stroke in most faces. */
export const NARROW: ReadonlySet<string> = new Set(['1', 'I']);
/** A stroke is wider than this share of the pitch; half a character is so wide. */
const LEAST_STROKE = 0.08;
const USUAL_WIDTH = 0.38;
/** Light changes slowly along a plate. */
const LEVELS_EVERY_PX = 8;
/** Fewer characters do not say what the pitch is. */
export const LEAST_CHARACTERS = 3;

/**
 * The text lines of a plate, from top to bottom.
 * @returns undefined where the plate shows too few characters to be measured, or light ones on dark.
 */
export function textLinesOf(crop: PlateCrop, lattice: Lattice): TextLine[] | undefined {
  const rows = lattice.rows.map((row) => seedsOf(row, lattice.steps, crop.widthPx));
  const shown = rows.filter((seeds) => seeds.length > 0);
  if (shown.flat().length < LEAST_CHARACTERS) return undefined;
  const middles = shown.length === 1 ? [MIDDLE_OF_ONE] : MIDDLES_OF_TWO;
  const highest = (shown.length === 1 ? HIGHEST_SHARE.one : HIGHEST_SHARE.two) * crop.plateBox.height;
  const lines = shown.map((seeds, index) => {
    const middlePx = crop.plateBox.y + (middles[index] as number) * crop.plateBox.height;
    return measureLine(crop, seeds, middlePx, highest);
  });
  return lines.every((line) => line !== undefined) ? lines : undefined;
}

function measureLine(
  crop: PlateCrop,
  seeds: readonly Seed[],
  middlePx: number,
  highestPx: number,
): TextLine | undefined {
  const pitchPx = pitchOf(seeds, crop.widthPx);
  const from = Math.max(0, Math.floor((seeds[0] as Seed).xPx - pitchPx / 2));
  const to = Math.min(crop.widthPx, Math.ceil((seeds[seeds.length - 1] as Seed).xPx + pitchPx / 2));
  const { topPx, bottomPx } = bandOf(crop, { from, to }, middlePx, highestPx);
  if (isInverse(crop, seeds, { topPx, bottomPx })) return undefined;
  const lean = leanOf(crop, { from, to, topPx, bottomPx });
  const darkness = darknessOf(crop, { topPx, bottomPx, lean }, pitchPx);
  const spans = spansOf(darkness, seeds, pitchPx);
  return { spans, gapsPx: gapsOf(spans), pitchPx: truePitch(spans) ?? pitchPx, topPx, bottomPx, lean };
}

function gapsOf(spans: readonly CharacterSpan[]): number[] {
  return spans.slice(1).map(({ leftPx }, index) => leftPx - (spans[index] as CharacterSpan).rightPx);
}

/** As wide as characters are, but for the narrow ones, and as far apart; both in the median. */
function truePitch(spans: readonly CharacterSpan[]): number | undefined {
  const wide = spans.filter(({ character }) => !NARROW.has(character));
  const width = median(wide.map(({ leftPx, rightPx }) => rightPx - leftPx));
  const gap = median(gapsOf(spans));
  return width === undefined || gap === undefined ? undefined : width + gap;
}

/** The median way from one character to the next; of a single one, what is usual. */
function pitchOf(seeds: readonly Seed[], widthPx: number): number {
  const ways = seeds.slice(1).map(({ xPx }, index) => xPx - (seeds[index] as Seed).xPx);
  return median(ways) ?? widthPx / 9;
}

/** Rows that cross characters, grown from the middle of the line until paper or what is around it. */
function bandOf(
  crop: PlateCrop,
  { from, to }: { from: number; to: number },
  middlePx: number,
  highestPx: number,
): { topPx: number; bottomPx: number } {
  const mostPx = highestPx / 2;
  const least = Math.max(0, Math.round(middlePx - mostPx));
  const most = Math.min(crop.heightPx, Math.round(middlePx + mostPx));
  const core = {
    from,
    to,
    topPx: Math.round(middlePx - mostPx / 2),
    bottomPx: Math.round(middlePx + mostPx / 2),
  };
  const { paper, ink } = levelsIn(crop, core);
  const edge = paper - EDGE * (paper - ink);
  const crosses = (y: number) => {
    let dark = 0;
    for (let x = from; x < to; x++) if ((crop.pixels[y * crop.widthPx + x] as number) < edge) dark++;
    const share = dark / (to - from);
    return share >= ROW_LEAST_INK && share <= ROW_MOST_INK;
  };
  let topPx = core.topPx;
  let bottomPx = core.bottomPx;
  while (topPx > least && crosses(topPx - 1)) topPx--;
  while (bottomPx < most && crosses(bottomPx)) bottomPx++;
  return { topPx, bottomPx };
}

/** The lean at which columns differ most: gaps are all paper then, and strokes all ink. */
function leanOf(
  crop: PlateCrop,
  area: { from: number; to: number; topPx: number; bottomPx: number },
): number {
  let best = 0;
  let most = columnContrast(crop, area, 0);
  const mostSteps = Math.round(MOST_LEAN / LEAN_STEP);
  for (let steps = 1; steps <= mostSteps; steps++) {
    for (const lean of [-steps * LEAN_STEP, steps * LEAN_STEP]) {
      const contrast = columnContrast(crop, area, lean) / (1 + LEAN_PRICE * steps);
      if (contrast > most) {
        most = contrast;
        best = lean;
      }
    }
  }
  return best;
}

function columnContrast(
  crop: PlateCrop,
  { from, to, topPx, bottomPx }: { from: number; to: number; topPx: number; bottomPx: number },
  lean: number,
): number {
  let sum = 0;
  let squares = 0;
  for (let x = from; x < to; x++) {
    let column = 0;
    for (let y = topPx; y < bottomPx; y++) column += pixelAt(crop, x, y, { topPx, bottomPx, lean });
    sum += column;
    squares += column * column;
  }
  return squares - (sum * sum) / (to - from);
}

/**
 * How dark the darkest stroke of each column is, from paper (0) to ink (1) of the part of the plate
 * around it: light is uneven. A T's bar is as dark as its stem, so that characters are solid.
 */
function darknessOf(
  crop: PlateCrop,
  line: { topPx: number; bottomPx: number; lean: number },
  pitchPx: number,
): Float32Array {
  const rows = line.bottomPx - line.topPx;
  const strokeRows = Math.max(1, Math.round(STROKE_SHARE * rows));
  const column = new Uint8Array(rows);
  const darkest = new Float32Array(crop.widthPx);
  for (let x = 0; x < crop.widthPx; x++) {
    for (let row = 0; row < rows; row++) column[row] = pixelAt(crop, x, line.topPx + row, line);
    column.sort();
    let sum = 0;
    for (let row = 0; row < strokeRows; row++) sum += column[row] as number;
    darkest[x] = sum / strokeRows;
  }
  const reach = Math.ceil(1.5 * pitchPx);
  let around = { paper: 0, ink: 0 };
  return darkest.map((value, x) => {
    if (x % LEVELS_EVERY_PX === 0) {
      const middle = x + LEVELS_EVERY_PX / 2;
      const area = { from: Math.max(0, middle - reach), to: Math.min(crop.widthPx, middle + reach), ...line };
      around = levelsIn(crop, area);
    }
    const { paper, ink } = around;
    return Math.min(1, Math.max(0, (paper - value) / Math.max(1, paper - ink)));
  });
}

/** The edges of each character: outwards from the lightest column between it and its neighbour. */
function spansOf(darkness: Float32Array, seeds: readonly Seed[], pitchPx: number): CharacterSpan[] {
  const columns = seeds.map(({ xPx }) => darkNear(darkness, xPx, pitchPx));
  const first = columns[0] as number;
  const last = columns[columns.length - 1] as number;
  const lefts = [edgeFrom(darkness, first, Math.max(0, first - pitchPx), -1)];
  const rights: number[] = [];
  for (let index = 1; index < columns.length; index++) {
    const before = columns[index - 1] as number;
    const after = columns[index] as number;
    const lightest = lightestBetween(darkness, before, after);
    rights.push(edgeTowards(darkness, lightest, before));
    lefts.push(edgeTowards(darkness, lightest, after));
  }
  rights.push(edgeFrom(darkness, last, Math.min(darkness.length - 1, last + pitchPx), 1));
  return seeds.map(({ character, xPx }, index) => {
    const leftPx = lefts[index] as number;
    const rightPx = rights[index] as number;
    if (rightPx - leftPx >= LEAST_STROKE * pitchPx) return { character, leftPx, rightPx };
    // The reader saw one that has hardly any ink: it is about where it was seen.
    return { character, leftPx: xPx - USUAL_WIDTH * pitchPx, rightPx: xPx + USUAL_WIDTH * pitchPx };
  });
}

/**
 * A column of the character that a seed means. A reader's step may lie beside a 1: of the inks on both
 * sides it is then the one whose middle is nearer.
 */
function darkNear(darkness: Float32Array, xPx: number, pitchPx: number): number {
  const at = Math.min(darkness.length - 1, Math.max(0, Math.floor(xPx)));
  if ((darkness[at] as number) >= EDGE) return at;
  const sides = [inkBeside(darkness, at, -1, pitchPx), inkBeside(darkness, at, 1, pitchPx)];
  const [nearest] = sides
    .filter((middle) => middle !== undefined)
    .sort((a, b) => Math.abs(a - at) - Math.abs(b - at));
  return nearest ?? at;
}

/** The middle of the next ink in a direction, if there is any as near as a neighbour may be. */
function inkBeside(
  darkness: Float32Array,
  at: number,
  direction: 1 | -1,
  pitchPx: number,
): number | undefined {
  let near = at;
  while ((darkness[near] ?? 1) < EDGE) near += direction;
  if (darkness[near] === undefined || Math.abs(near - at) > pitchPx / 2) return undefined;
  let far = near;
  while ((darkness[far + direction] ?? 0) >= EDGE && Math.abs(far - near) < pitchPx) far += direction;
  return Math.round((near + far) / 2);
}

function lightestBetween(darkness: Float32Array, before: number, after: number): number {
  let from = before;
  let to = before;
  // Of several columns that are all paper, the middle.
  for (let x = before; x <= after; x++) {
    const value = darkness[x] as number;
    if (value < (darkness[from] as number)) from = to = x;
    else if (value === darkness[from] && x === to + 1) to = x;
  }
  return Math.round((from + to) / 2);
}

/** From a light column towards a dark one: where it gets dark, to a part of a pixel. */
function edgeTowards(darkness: Float32Array, light: number, dark: number): number {
  const direction = Math.sign(dark - light);
  let x = light;
  while (x !== dark && (darkness[x + direction] as number) < EDGE) x += direction;
  return crossing(darkness, x, direction);
}

/** From a dark column outwards: where it gets light, or the limit. */
function edgeFrom(darkness: Float32Array, dark: number, limit: number, direction: 1 | -1): number {
  let x = dark;
  while (direction * (limit - x) > 0 && (darkness[x + direction] ?? 0) >= EDGE) x += direction;
  return crossing(darkness, x + direction, -direction);
}

/** Between a light column and the dark one after it; pixel k's centre is at k + 0.5. */
function crossing(darkness: Float32Array, light: number, direction: number): number {
  const from = darkness[light] ?? 0;
  const to = darkness[light + direction] ?? 1;
  if (from >= EDGE || to <= from) return light + 0.5;
  return light + 0.5 + (direction * (EDGE - from)) / (to - from);
}
