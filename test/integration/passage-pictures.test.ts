import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodeJpeg, loadGreyPicture, resizeGrey } from '../../src/capture/picture.js';
import { encodeWithin, type GreyPicture } from '../../src/passages/evidence.js';
import { repeatable } from '../support/repeatable.js';

/** Nothing is harder to compress than noise; a share of it leaves a picture of every kind between. */
function noise(widthPx: number, heightPx: number, share: number, seed: number): GreyPicture {
  const pixels = new Uint8Array(widthPx * heightPx);
  const random = repeatable(seed);
  for (let i = 0; i < pixels.length; i++) pixels[i] = random() < share ? random() * 256 : 100;
  return { pixels, widthPx, heightPx };
}

const tools = { encodeJpeg, resizeGrey };
const PATCH = { mostBytes: 3_072, mostWidthPx: 120, mostHeightPx: 60 };
const OVERVIEW = { mostBytes: 25_600, mostWidthPx: 800, mostHeightPx: Number.MAX_SAFE_INTEGER };
/** The least that the configuration allows. */
const TIGHTEST = { mostBytes: 500, mostWidthPx: 40, mostHeightPx: 20 };

describe('the caps of pictures that leave the device', () => {
  const cases = [0, 0.02, 0.1, 0.3, 1].flatMap((share, seed) =>
    (
      [
        [130, 40],
        [61, 200],
        [640, 360],
        [1_280, 720],
      ] as const
    ).map(([widthPx, heightPx]) => ({ share, seed, widthPx, heightPx })),
  );

  it.each(cases)(
    'hold for $widthPx x $heightPx with $share of noise',
    ({ share, seed, widthPx, heightPx }) => {
      const picture = noise(widthPx, heightPx, share, seed);
      for (const cap of [PATCH, OVERVIEW, TIGHTEST]) {
        const image = encodeWithin(picture, cap, tools);
        expect(image?.jpeg.length).toBeGreaterThan(0);
        expect(image?.jpeg.length).toBeLessThanOrEqual(cap.mostBytes);
        expect(image?.widthPx).toBeLessThanOrEqual(cap.mostWidthPx);
        expect(image?.heightPx).toBeLessThanOrEqual(cap.mostHeightPx);
      }
    },
  );

  it('leave a picture that can be opened, of the size that is said', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'anprd-pictures-'));
    try {
      const image = encodeWithin(noise(1_280, 720, 0.3, 1), OVERVIEW, tools);
      writeFileSync(join(folder, 'overview.jpg'), image?.jpeg ?? '');
      const { widthPx, heightPx } = await loadGreyPicture(join(folder, 'overview.jpg'));
      expect([widthPx, heightPx]).toEqual([image?.widthPx, image?.heightPx]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
