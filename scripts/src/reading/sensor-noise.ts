import type { GreyPixels } from '../../../src/native/kernels.js';
import { type Random, seededRandom } from '../clip/random.js';

/** Drawn once: a new number for every pixel of every picture would take longer than the pictures. */
const TILE = (() => {
  const random = seededRandom('sensor noise');
  // The sum of three even numbers, scaled to a standard deviation of 1: rather bell-shaped.
  return Float32Array.from(
    { length: 262_139 },
    () => 2 * (random.next() + random.next() + random.next() - 1.5),
  );
})();

/** @param deviation standard deviation in grey levels */
export function addNoise(picture: GreyPixels, deviation: number, random: Random): GreyPixels {
  const { pixels, widthPx, heightPx } = picture;
  const start = random.whole(0, TILE.length - 1);
  const noisy = new Uint8Array(pixels.length);
  for (let index = 0, at = start; index < noisy.length; index++) {
    const value = (pixels[index] as number) + deviation * (TILE[at] as number) + 0.5;
    noisy[index] = Math.max(0, Math.min(255, value));
    if (++at === TILE.length) at = 0;
  }
  return { pixels: noisy, widthPx, heightPx };
}
