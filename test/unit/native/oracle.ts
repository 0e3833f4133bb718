import type { GreyPixels, PicturePart } from '../../../src/native/kernels.js';

/**
 * What each kernel of the addon must give, said as plainly as possible and without regard to
 * speed. The numbers are exact (whole numbers, or the same IEEE operations in the same order), so
 * kernel and oracle agree to the last bit.
 */

export function blank(widthPx: number, heightPx: number, fill = 0): GreyPixels {
  return { pixels: new Uint8Array(widthPx * heightPx).fill(fill), widthPx, heightPx };
}

interface Weight {
  readonly index: number;
  readonly weight: number;
}

/** The source samples of target sample `i` when an axis goes from `from` to `to` samples, weights whole. */
function weightsOf(i: number, from: number, to: number): readonly Weight[] {
  if (to < from) {
    // In units of 1/to of a source sample: the target sample covers [i * from, (i + 1) * from).
    return Array.from({ length: from }, (_, index) => ({
      index,
      weight: Math.min((i + 1) * from, (index + 1) * to) - Math.max(i * from, index * to),
    })).filter(({ weight }) => weight > 0);
  }
  const position = (2 * i + 1) * from - to; // in units of 1 / (2 * to) from the first sample's centre
  const below = Math.floor(position / (2 * to));
  const above = position - below * 2 * to;
  const clamped = (index: number) => Math.min(Math.max(index, 0), from - 1);
  return [
    { index: clamped(below), weight: 2 * to - above },
    { index: clamped(below + 1), weight: above },
  ];
}

export function letterbox(
  source: GreyPixels,
  target: GreyPixels,
  scaledWidthPx: number,
  scaledHeightPx: number,
  pad: number,
): Uint8Array {
  const columnTotal = scaledWidthPx < source.widthPx ? source.widthPx : 2 * scaledWidthPx;
  const rowTotal = scaledHeightPx < source.heightPx ? source.heightPx : 2 * scaledHeightPx;
  const out = new Uint8Array(target.pixels.length).fill(pad);
  for (let y = 0; y < scaledHeightPx; y++) {
    const rows = weightsOf(y, source.heightPx, scaledHeightPx);
    for (let x = 0; x < scaledWidthPx; x++) {
      let sum = 0;
      for (const column of weightsOf(x, source.widthPx, scaledWidthPx)) {
        for (const row of rows) {
          const pixel = source.pixels[row.index * source.widthPx + column.index] as number;
          sum += pixel * row.weight * column.weight;
        }
      }
      out[y * target.widthPx + x] = Math.floor(sum * (1 / (columnTotal * rowTotal)) + 0.5);
    }
  }
  return out;
}

export function rectify(
  source: GreyPixels,
  target: GreyPixels,
  corners: readonly number[],
  subsamples: number,
): Uint8Array {
  const [ax, ay, bx, by, cx, cy, dx, dy] = corners as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // The homography of the unit square to the quad, in closed form; affine where it has none.
  const sx = ax - bx + cx - dx;
  const sy = ay - by + cy - dy;
  const determinant = (bx - cx) * (dy - cy) - (dx - cx) * (by - cy);
  const flat = Math.abs(determinant) <= 1e-9;
  const g = flat ? 0 : (sx * (dy - cy) - (dx - cx) * sy) / determinant;
  const h = flat ? 0 : ((bx - cx) * sy - sx * (by - cy)) / determinant;
  const stepU = 1 / (target.widthPx * subsamples);
  const stepV = 1 / (target.heightPx * subsamples);
  const out = new Uint8Array(target.pixels.length);
  for (let row = 0; row < target.heightPx; row++) {
    for (let column = 0; column < target.widthPx; column++) {
      let sum = 0;
      for (let i = 0; i < subsamples; i++) {
        for (let j = 0; j < subsamples; j++) {
          const u = (column * subsamples + i + 0.5) * stepU;
          const v = (row * subsamples + j + 0.5) * stepV;
          const scale = 1 / (g * u + (h * v + 1));
          const x = ((bx - ax + g * bx) * u + ((dx - ax + h * dx) * v + ax)) * scale;
          const y = ((by - ay + g * by) * u + ((dy - ay + h * dy) * v + ay)) * scale;
          sum += bilinear(source, x, y);
        }
      }
      out[row * target.widthPx + column] = Math.floor(sum * (1 / (subsamples * subsamples)) + 0.5);
    }
  }
  return out;
}

/** Grey at a point of the picture; pixel k's centre is at k + 0.5, and the border is repeated. */
function bilinear({ pixels, widthPx, heightPx }: GreyPixels, x: number, y: number): number {
  const within = (value: number, most: number) =>
    Number.isNaN(value) ? 0 : Math.min(Math.max(value, 0), most);
  const fx = within(x - 0.5, widthPx - 1);
  const fy = within(y - 0.5, heightPx - 1);
  const at = (column: number, row: number) =>
    pixels[Math.min(row, heightPx - 1) * widthPx + Math.min(column, widthPx - 1)] as number;
  const x0 = Math.floor(fx);
  const y0 = Math.floor(fy);
  const upper = at(x0, y0) + (at(x0 + 1, y0) - at(x0, y0)) * (fx - x0);
  const lower = at(x0, y0 + 1) + (at(x0 + 1, y0 + 1) - at(x0, y0 + 1)) * (fx - x0);
  return upper + (lower - upper) * (fy - y0);
}

export function sharpness({ pixels, widthPx, heightPx }: GreyPixels): number {
  const at = (x: number, y: number) => pixels[y * widthPx + x] as number;
  let sum = 0;
  let squares = 0;
  for (let y = 1; y < heightPx - 1; y++) {
    for (let x = 1; x < widthPx - 1; x++) {
      const laplacian = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4 * at(x, y);
      sum += laplacian;
      squares += laplacian * laplacian;
    }
  }
  const count = (widthPx - 2) * (heightPx - 2);
  return Math.max(0, squares / count - (sum / count) * (sum / count));
}

export function changedBlocks(previous: GreyPixels, current: GreyPixels, threshold: number): number {
  const blocks = new Map<string, { difference: number; area: number }>();
  for (let y = 0; y < current.heightPx; y++) {
    for (let x = 0; x < current.widthPx; x++) {
      const key = `${Math.floor(x / 16)},${Math.floor(y / 16)}`;
      const block = blocks.get(key) ?? { difference: 0, area: 0 };
      const at = y * current.widthPx + x;
      block.difference += (current.pixels[at] as number) - (previous.pixels[at] as number);
      block.area++;
      blocks.set(key, block);
    }
  }
  const changed = [...blocks.values()].filter(
    ({ difference, area }) => Math.abs(difference) > threshold * area,
  );
  return changed.length / blocks.size;
}

export function countLevels(picture: GreyPixels, part: PicturePart, step: number): number[] {
  const counts = Array<number>(256).fill(0);
  for (let y = part.topPx; y < part.topPx + part.heightPx; y += step) {
    for (let x = part.leftPx; x < part.leftPx + part.widthPx; x += step) {
      const level = picture.pixels[y * picture.widthPx + x] as number;
      counts[level] = (counts[level] as number) + 1;
    }
  }
  return counts;
}

export function countSlopes(picture: GreyPixels, part: PicturePart) {
  const across = Array<number>(256).fill(0);
  const down = Array<number>(256).fill(0);
  const at = (x: number, y: number) => picture.pixels[y * picture.widthPx + x] as number;
  const add = (counts: number[], difference: number) => {
    counts[Math.abs(difference)] = (counts[Math.abs(difference)] as number) + 1;
  };
  for (let y = part.topPx + 1; y < part.topPx + part.heightPx - 1; y++) {
    for (let x = part.leftPx + 1; x < part.leftPx + part.widthPx - 1; x++) {
      add(across, at(x + 1, y) - at(x - 1, y));
      add(down, at(x, y + 1) - at(x, y - 1));
    }
  }
  return { across, down };
}
