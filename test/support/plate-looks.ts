import { drawPlateScene } from '../../scripts/src/reading/plate-scene.js';
import { type PlateSet, plateCases } from '../../scripts/src/reading/plate-sets.js';
import type { Quad } from '../../src/domain/geometry.js';
import type { PlateLook } from '../../src/domain/optics.js';
import type { PlateCrop } from '../../src/domain/plate-crop.js';
import { type GreyPixels, rectify } from '../../src/native/kernels.js';
import { plateLook } from '../../src/optics/looks.js';
import { plateBoxIn, subsamplesFor, widen } from '../../src/plates/crop.js';

/** The reader's own size and margin (models/manifest.json). */
const CROP = { widthPx: 160, heightPx: 48 };
const MARGIN = { x: 0.06, y: 0.15 };

/** What the reader sees of a plate whose corners are known. */
export function cropOf(picture: GreyPixels, quad: Quad): PlateCrop {
  const crop = { pixels: new Uint8Array(CROP.widthPx * CROP.heightPx), ...CROP };
  const corners = widen(quad, MARGIN);
  rectify(picture, crop, {
    corners: corners.flatMap(({ x, y }) => [x, y]),
    subsamples: subsamplesFor(corners, CROP, 4),
  });
  return { ...crop, plateBox: plateBoxIn(CROP, MARGIN) };
}

/** How drawn vehicles' plates look, one a vehicle; `fault` spoils each picture before it is looked at. */
export function drawnLooks(
  set: Partial<PlateSet> = {},
  fault: (picture: GreyPixels, index: number) => GreyPixels = (picture) => picture,
): PlateLook[] {
  const cases = plateCases({
    seed: 'looks',
    count: 16,
    carriers: ['one line', 'one line', 'one line', 'square'],
    characterHeightPx: 18,
    ...set,
  });
  return cases.map((plate, index) => {
    const { picture, quad } = drawPlateScene(plate, { widthPx: 512, heightPx: 288 }, `looks ${index}`);
    return plateLook(cropOf(fault(picture, index), quad), quad);
  });
}

/** Light that dirt or fog scatters over everything: a share of the picture is a veil. */
export function veiled(picture: GreyPixels, share: number): GreyPixels {
  return { ...picture, pixels: picture.pixels.map((value) => value * (1 - share) + 170 * share) };
}
