import type { PlateCrop } from '../../domain/plate-crop.js';

/** What grey levels of a crop say: pure counting. */

/** How dark each pixel is between the paper (0) and the ink (1) of its part of the plate. */
export function levelsIn(
  crop: PlateCrop,
  area: { from: number; to: number; topPx: number; bottomPx: number },
) {
  const counts = new Uint32Array(256);
  let total = 0;
  for (let y = area.topPx; y < area.bottomPx; y++) {
    for (let x = area.from; x < area.to; x++) {
      const value = crop.pixels[y * crop.widthPx + x] as number;
      counts[value] = (counts[value] as number) + 1;
      total++;
    }
  }
  return { ink: quantile(counts, total, 0.08), paper: quantile(counts, total, 0.8) };
}

/** The grey level that a share of the counted pixels is at or below. */
export function quantile(counts: Uint32Array, total: number, share: number): number {
  let sum = 0;
  for (let value = 0; value < counts.length; value++) {
    sum += counts[value] as number;
    if (sum >= share * total) return value;
  }
  return 255;
}

/** A pixel of the line as if it did not lean. */
export function pixelAt(
  crop: PlateCrop,
  x: number,
  y: number,
  { topPx, bottomPx, lean }: { topPx: number; bottomPx: number; lean: number },
): number {
  const column = Math.round(x + lean * (y - (topPx + bottomPx - 1) / 2));
  const within = Math.min(crop.widthPx - 1, Math.max(0, column));
  return crop.pixels[y * crop.widthPx + within] as number;
}

export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  if (sorted.length === 0) return undefined;
  return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
}
