import { BLANK, CHARSET, CLASSES } from '../../domain/lattice.js';
import type { PlateCrop } from '../../domain/plate-crop.js';
import { levelsIn } from './levels.js';

/** By this share of the contrast it is darker there: a 0 is hardly darker than what is beside it. */
const CLEAR_FALL = 0.12;
/** Of all neighbours: something dark between some of them does not make a plate inverse. */
const INVERSE_SHARE = 0.65;

/** A character about where the reader saw it. */
export interface Seed {
  readonly character: string;
  readonly xPx: number;
}

/** The most probable class of every step, merged as CTC does, each where its steps are. */
export function seedsOf(row: Float32Array, steps: number, widthPx: number): Seed[] {
  const seeds: Seed[] = [];
  let before = BLANK;
  let firstStep = 0;
  for (let step = 0; step <= steps; step++) {
    const best = step === steps ? BLANK : mostProbable(row.subarray(step * CLASSES, (step + 1) * CLASSES));
    if (best === before) continue;
    if (before !== BLANK) {
      const xPx = (((firstStep + step) / 2) * widthPx) / steps;
      seeds.push({ character: CHARSET[before] as string, xPx });
    }
    before = best;
    firstStep = step;
  }
  return seeds;
}

function mostProbable(scores: Float32Array): number {
  let best = 0;
  for (let index = 1; index < scores.length; index++) {
    if ((scores[index] as number) > (scores[best] as number)) best = index;
  }
  return best;
}

/** Whether characters are lighter than the plate: between two of them it is darker than in them then. */
export function isInverse(
  crop: PlateCrop,
  seeds: readonly Seed[],
  band: { topPx: number; bottomPx: number },
): boolean {
  const levelAt = (xPx: number) => {
    const { pixels, widthPx } = crop;
    const middle = Math.min(widthPx - 2, Math.max(1, Math.floor(xPx)));
    let sum = 0;
    for (let y = band.topPx; y < band.bottomPx; y++) {
      for (let x = middle - 1; x <= middle + 1; x++) sum += pixels[y * widthPx + x] as number;
    }
    return sum;
  };
  const { paper, ink } = levelsIn(crop, { ...band, from: 0, to: crop.widthPx });
  const clearFall = -CLEAR_FALL * (paper - ink) * 6 * (band.bottomPx - band.topPx);
  const rises = seeds.slice(1).map(({ xPx }, index) => {
    const before = (seeds[index] as Seed).xPx;
    return 2 * levelAt((before + xPx) / 2) - levelAt(before) - levelAt(xPx);
  });
  const falls = rises.filter((rise) => rise < clearFall);
  return falls.length > INVERSE_SHARE * rises.length;
}
