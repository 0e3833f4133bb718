import type { Quad } from './geometry.js';
import type { PlateHint } from './hint.js';
import type { PlateLook } from './optics.js';
import type { PlateRead } from './read.js';

/** A picture ready to store and send. */
export interface EncodedImage {
  readonly jpeg: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Why a vehicle that was tracked has no read. */
export type UnreadableReason =
  /** The characters were too small in every frame to be read. */
  | 'too-small'
  /** The plate was sharp in no frame. */
  | 'blurred'
  /** Read, but no text reached the probability asked for. */
  | 'low-probability'
  /** Found, but nothing in it looked like characters. */
  | 'no-characters';

export type PassageOutcome =
  | { readonly kind: 'read'; readonly read: PlateRead }
  | { readonly kind: 'unreadable'; readonly reason: UnreadableReason };

/** As seen from the camera: a plate that grows comes towards it. */
export type Direction = 'towards' | 'away' | 'unknown';

/**
 * One vehicle going by. It is reported twice under one id: `settled` as soon as its read is
 * sure enough to act on, while the vehicle may still be in view, and `closed` when it has gone
 * (or when it stands still for so long that it is reported as it is). A passage that never
 * settles is reported once, closed.
 */
export interface Passage {
  /** UUIDv7, minted when the vehicle was first seen; becomes the capture record's id. */
  readonly id: string;
  readonly cameraId: string;
  readonly phase: 'settled' | 'closed';
  readonly outcome: PassageOutcome;
  /** Reasons to look at the plate, also where it could not be read; absent where there is none. */
  readonly hints?: readonly PlateHint[];
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
  /** Capture time (UTC) of the frame that made the read final in this phase. */
  readonly decidedAtMs: number;
  /** Capture time (UTC) of the frame that the patch and the overview show. */
  readonly pictureAtMs: number;
  readonly firstFrameIndex: number;
  readonly lastFrameIndex: number;
  /** Frames in which the plate was found. */
  readonly frameCount: number;
  /** Frames in which it was read as well. */
  readonly readCount: number;
  readonly direction: Direction;
  /** Where the plate is in the overview's frame, frame pixels. */
  readonly quad: Quad;
  /** Of that frame, which the overview may show smaller; absent in records of older versions. */
  readonly frameSize?: { readonly widthPx: number; readonly heightPx: number };
  /**
   * How the plate looked where it was largest, of the frames that show it wholly and in which it was
   * measured; its brightness is the most of all of them. For the camera's health, not for the record.
   */
  readonly look?: PlateLook;
  readonly platePatch?: EncodedImage;
  readonly overviewImage?: EncodedImage;
}
