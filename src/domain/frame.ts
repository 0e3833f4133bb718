/**
 * One picture of a camera as every stage after capture sees it: 8-bit grey, row-major, without
 * padding, owned by whoever holds it (capture copies it out of OpenCV once).
 */
export interface Frame {
  /** widthPx * heightPx bytes, row by row. */
  readonly pixels: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Counted by the source from 0; for a file it is the position in the file, so playing can resume there. */
  readonly index: number;
  /** UTC, milliseconds since 1970: when the frame was captured. */
  readonly capturedAtMs: number;
  /** Monotonic milliseconds; for a file the presentation time. Tracking uses only this. */
  readonly capturedMonoMs: number;
}
