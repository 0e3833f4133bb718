import { drawPlateScene } from '../../scripts/src/reading/plate-scene.js';
import { type PlateSet, plateCases } from '../../scripts/src/reading/plate-sets.js';
import type { Quad } from '../../src/domain/geometry.js';
import type { PlateLook } from '../../src/domain/optics.js';
import type { PlateCrop } from '../../src/domain/plate-crop.js';
import { type GreyPixels, rectify } from '../../src/native/kernels.js';
import { plateLook } from '../../src/optics/looks.js';
import { plateBoxIn, subsamplesFor, widen } from '../../src/plates/crop.js';
import type { Recogniser } from '../../src/plates/recogniser.js';

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

/** What spoils a picture before it is looked at. */
export type Fault = (picture: GreyPixels, index: number) => GreyPixels;

/** How drawn vehicles' plates look at their true corners, one a vehicle. */
export function drawnLooks(set: Partial<PlateSet> = {}, fault: Fault = (picture) => picture): PlateLook[] {
  return drawn(set, fault).map(({ picture, quad }) => plateLook(cropOf(picture, quad), quad));
}

/** The same where the device's own models find and read them; those that it finds. */
export async function foundLooks(
  recogniser: Recogniser,
  set: Partial<PlateSet> = {},
  fault: Fault = (picture) => picture,
): Promise<PlateLook[]> {
  const looks: PlateLook[] = [];
  for (const { picture } of drawn(set, fault)) {
    const frame = { ...picture, index: 0, capturedAtMs: 0, capturedMonoMs: 0 };
    const [best] = await recogniser.detect(frame);
    const [plate] = best === undefined ? [] : await recogniser.read(frame, [best]);
    if (plate?.crop !== undefined) looks.push(plateLook(plate.crop, plate.quad));
  }
  return looks;
}

function drawn(set: Partial<PlateSet>, fault: Fault) {
  const cases = plateCases({
    seed: 'looks',
    count: 16,
    carriers: ['one line', 'one line', 'one line', 'square'],
    characterHeightPx: 18,
    ...set,
  });
  return cases.map((plate, index) => {
    const { picture, quad } = drawPlateScene(plate, { widthPx: 512, heightPx: 288 }, `looks ${index}`);
    return { picture: fault(picture, index), quad };
  });
}

/** Light that dirt or fog scatters over everything: a share of the picture is a veil. */
export function veiled(picture: GreyPixels, share: number): GreyPixels {
  return { ...picture, pixels: picture.pixels.map((value) => value * (1 - share) + 170 * share) };
}
