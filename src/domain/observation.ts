import type { Quad } from './geometry.js';
import type { Lattice } from './lattice.js';
import type { PlateLook } from './optics.js';
import type { PlateCrop } from './plate-crop.js';

/** One plate in one frame: where it is, and what its characters may be. */
export interface Observation {
  readonly frameIndex: number;
  readonly capturedAtMs: number;
  readonly capturedMonoMs: number;
  /** Corners of the plate itself (no margin), frame pixels. */
  readonly quad: Quad;
  /** The detector's score, 0 to 1. */
  readonly detectionScore: number;
  /** The reader's scores; absent where this plate was found but not read in this frame. */
  readonly lattice?: Lattice;
  /** Variance of the Laplacian of the rectified crop: bigger is sharper. Absent as the lattice is. */
  readonly sharpness?: number;
  /** What the reader saw. Absent as the lattice is. */
  readonly crop?: PlateCrop;
  /** How the plate looks in the crop; absent where nobody measured it. */
  readonly look?: PlateLook;
  /** That its first reading was doubtful, so that it was looked at again, closer. */
  readonly lookedAgain?: boolean;
  /** That the frame's edge cuts the plate off, or may do so; it is not read then. */
  readonly cutOff?: boolean;
}
