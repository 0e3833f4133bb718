import type { Point } from '../../../src/domain/geometry.js';
import type { GreyPixels } from '../../../src/native/kernels.js';

/** Size of every frame: a camera's, so that the detector sees plates as small as it does in the daemon. */
const FRAME = { widthPx: 1280, heightPx: 720 } as const;

/**
 * A frame cut into scenes side by side, as in a car park: a set of plates costs a fraction of what
 * a frame a plate would.
 */
export interface Mosaic {
  readonly columns: number;
  readonly rows: number;
  /** Size of one scene; pixels of the frame that are left over on the right stay black. */
  readonly widthPx: number;
  readonly heightPx: number;
}

/** The finest mosaic whose scenes hold a plate of that size with its vehicle. */
export function mosaicFor(characterHeightPx: number): Mosaic {
  const [columns, rows] = characterHeightPx <= 24 ? [5, 3] : [3, 2];
  return {
    columns,
    rows,
    widthPx: Math.floor(FRAME.widthPx / columns),
    heightPx: Math.floor(FRAME.heightPx / rows),
  };
}

/** @param scenes pictures of the mosaic's size, row by row, at most columns * rows */
export function assemble({ columns, widthPx, heightPx }: Mosaic, scenes: readonly GreyPixels[]): GreyPixels {
  const pixels = new Uint8Array(FRAME.widthPx * FRAME.heightPx);
  scenes.forEach((scene, index) => {
    const left = (index % columns) * widthPx;
    const top = Math.floor(index / columns) * heightPx;
    for (let row = 0; row < heightPx; row++) {
      const line = scene.pixels.subarray(row * widthPx, (row + 1) * widthPx);
      pixels.set(line, (top + row) * FRAME.widthPx + left);
    }
  });
  return { pixels, ...FRAME };
}

/** Top left corner of a scene in the frame. */
export function originOf({ columns, widthPx, heightPx }: Mosaic, index: number): Point {
  return { x: (index % columns) * widthPx, y: Math.floor(index / columns) * heightPx };
}

/** The scene that a place of the frame belongs to; undefined beside all of them. */
export function sceneAt({ columns, rows, widthPx, heightPx }: Mosaic, { x, y }: Point): number | undefined {
  const column = Math.floor(x / widthPx);
  const row = Math.floor(y / heightPx);
  return column >= 0 && column < columns && row >= 0 && row < rows ? row * columns + column : undefined;
}
