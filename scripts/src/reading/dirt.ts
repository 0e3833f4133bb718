import type { GreyPixels } from '../../../src/native/kernels.js';
import type { Random } from '../clip/random.js';

/** Grey of dried mud in infrared and by day: between paper and characters. */
const MUD: readonly [number, number] = [70, 125];
/** What still shows through. */
const SHOWS_THROUGH = 0.15;
/** Sizes of the lumps, mm: a film that gathers towards the foot, splashes, and specks. */
const LUMPS_MM = [90, 30, 9] as const;
const WEIGHTS = [0.45, 0.35, 0.2] as const;
/** How much likelier the foot is to be dirty than the head. */
const TOWARDS_FOOT = 0.25;

/**
 * Mud on a plate that is drawn at 1 px a millimetre.
 * @param share of the plate that is covered, 0 to 1; it is kept to exactly
 */
export function soilPlate(plate: GreyPixels, share: number, random: Random): GreyPixels {
  const { pixels, widthPx, heightPx } = plate;
  const covered = Math.round(share * pixels.length);
  if (covered === 0) return plate;
  const layers = LUMPS_MM.map((lumpMm) => valueNoise(widthPx, heightPx, lumpMm, random));
  const depth = Float32Array.from(pixels, (_, index) => {
    const down = Math.floor(index / widthPx) / heightPx;
    return layers.reduce(
      (sum, layer, i) => sum + (WEIGHTS[i] as number) * (layer[index] as number),
      TOWARDS_FOOT * down,
    );
  });
  const deepest = Float32Array.from(depth).sort();
  const least = deepest[deepest.length - covered] as number;
  const mud = random.between(...MUD);
  return {
    pixels: pixels.map((value, index) =>
      (depth[index] as number) < least ? value : SHOWS_THROUGH * value + (1 - SHOWS_THROUGH) * mud,
    ),
    widthPx,
    heightPx,
  };
}

/** Smooth random heights from 0 to 1 with hills of about `cellPx`. */
export function valueNoise(widthPx: number, heightPx: number, cellPx: number, random: Random): Float32Array {
  const columns = Math.ceil(widthPx / cellPx) + 2;
  const rows = Math.ceil(heightPx / cellPx) + 2;
  const knots = Float32Array.from({ length: columns * rows }, () => random.next());
  const ease = (t: number) => t * t * (3 - 2 * t);
  const heights = new Float32Array(widthPx * heightPx);
  for (let y = 0; y < heightPx; y++) {
    const row = Math.floor(y / cellPx);
    const down = ease(y / cellPx - row);
    for (let x = 0; x < widthPx; x++) {
      const column = Math.floor(x / cellPx);
      const across = ease(x / cellPx - column);
      const at = row * columns + column;
      const above = (knots[at] as number) * (1 - across) + (knots[at + 1] as number) * across;
      const below =
        (knots[at + columns] as number) * (1 - across) + (knots[at + columns + 1] as number) * across;
      heights[y * widthPx + x] = above * (1 - down) + below * down;
    }
  }
  return heights;
}
