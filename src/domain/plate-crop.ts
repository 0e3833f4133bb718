import type { Box } from './geometry.js';

/**
 * A plate as the reader saw it: straightened, and scaled to the reader's own size, which is not the
 * plate's shape. 8-bit grey, row by row, without padding.
 */
export interface PlateCrop {
  readonly pixels: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Where the plate itself is in it, as far as its corners were found right; crop pixels. */
  readonly plateBox: Box;
}
