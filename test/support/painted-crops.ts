import type { PlateCrop } from '../../src/domain/plate-crop.js';

/** What a reader would see, painted with bars for characters. */

const SIZE = { widthPx: 160, heightPx: 48 } as const;
const PLATE = { x: 8, y: 6, width: 144, height: 36 } as const;

export interface Paint {
  readonly paper?: number;
  readonly ink?: number;
  readonly around?: number;
  /** By place: another grey for a character's strokes, or 'covered' for all of its cell. */
  readonly odd?: Readonly<Record<number, number | 'covered'>>;
}

/** Columns of a made-up lattice's step (test/support/lattices: 40 steps, three a character). */
const STEP_PX = 4;
const CHARACTER_PX = 3 * STEP_PX;

/** Characters like an H, 8 px wide with 4 px between, where `latticeOf` sees them. */
export function paintedCrop(
  count: number,
  { paper = 200, ink = 30, around = 60, odd = {} }: Paint = {},
): PlateCrop {
  const pixels = new Uint8Array(SIZE.widthPx * SIZE.heightPx).fill(around);
  const fill = (x: number, y: number, width: number, height: number, value: number) => {
    for (let row = y; row < y + height; row++) {
      pixels.fill(value, row * SIZE.widthPx + x, row * SIZE.widthPx + x + width);
    }
  };
  fill(0, PLATE.y, PLATE.x + PLATE.width, PLATE.height, paper);
  for (let place = 0; place < count; place++) {
    const x = place * CHARACTER_PX;
    const own = odd[place] ?? ink;
    if (own === 'covered') {
      fill(x - (place === 0 ? 0 : 2), 8, CHARACTER_PX, 32, ink + 20);
      continue;
    }
    fill(x, 11, 2, 26, own);
    fill(x + 6, 11, 2, 26, own);
    fill(x, 11, 8, 4, own);
    fill(x, 33, 8, 4, own);
  }
  return { ...SIZE, pixels, plateBox: PLATE };
}
