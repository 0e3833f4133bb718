import { loadFace } from '../../scripts/src/clip/face.js';
import type { PlateForm } from '../../scripts/src/clip/plate-layout.js';
import { drawPlate } from '../../scripts/src/clip/plate-texture.js';
import { drawPlateView } from '../../scripts/src/clip/plate-view.js';
import { seededRandom } from '../../scripts/src/clip/random.js';
import type { Quad } from '../../src/domain/geometry.js';
import { parseVrm, type Vrm } from '../../src/domain/vrm.js';
import type { GreyPixels } from '../../src/native/kernels.js';

export interface DrawnPlate {
  /** In its groups, for example 'AB12 CDE'. */
  readonly mark: string;
  readonly form: PlateForm;
  readonly quad: Quad;
}

/** A dim picture with UK plates in it: sharp, clean and without vehicles, so easy to find and read. */
export function pictureWith(widthPx: number, heightPx: number, plates: readonly DrawnPlate[]): GreyPixels {
  const pixels = Uint8Array.from(
    { length: widthPx * heightPx },
    (_, i) => 60 + 30 * ((i % widthPx) / widthPx),
  );
  const picture = { pixels, widthPx, heightPx };
  const face = loadFace();
  for (const { mark, form, quad } of plates) {
    const groups = mark.split(' ') as [string, string];
    const texture = drawPlate({ vrm: parseVrm(mark) as Vrm, groups }, form, face, seededRandom(mark));
    drawPlateView(picture, texture, [quad, quad, quad, quad], 1);
  }
  return picture;
}
