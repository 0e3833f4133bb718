import type { CaptureConfig, PassagesConfig, PlatesConfig } from '../config/schema.js';
import type { OpticsLook } from '../domain/optics.js';
import type { Passage } from '../domain/passage.js';

/**
 * What the main process and one camera's vision process say to each other (Node's IPC channel
 * with structured clone, so that pictures travel as bytes).
 *
 * Invariants
 * - The channel is reliable and in order, so a report is sent once. From its receipt on it is the
 *   main process that holds it, also when the child dies, until it is committed to the store; then
 *   it is acknowledged. The child stops taking in frames while too much is unacknowledged.
 * - `beat` is sent when work was done (a frame went all the way through, or the source is waited
 *   for and says so), never by a bare timer: a hung child stops beating.
 * - Reports of a frame are sent before the beat that says the frame was processed.
 * - `source` with state `ended` is sent after the last report; the child exits 0 once all is
 *   acknowledged.
 */
export type ToVision =
  | { readonly kind: 'configure'; readonly configuration: VisionConfiguration }
  | { readonly kind: 'ack'; readonly reportId: number }
  /** Take in no more frames than this; null: all. Above 0. */
  | { readonly kind: 'limit'; readonly framesPerSecond: number | null }
  /** Flush the open passages, wait for their acknowledgements, then exit 0. */
  | { readonly kind: 'stop' };

export interface VisionConfiguration {
  readonly camera: CaptureConfig;
  readonly plates: PlatesConfig;
  readonly passages: PassagesConfig;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Where to go on in a file after a restart; 0 at first, and unused by live cameras. */
  readonly resumeFromFrame: number;
  /** Frames a second to be taken in at most, from the first on; absent: all. */
  readonly framesPerSecond?: number;
  /** What the camera looked at when it was first learned, as a `view` said; absent: to be learned. */
  readonly views?: readonly Uint8Array[];
}

export type FromVision =
  | { readonly kind: 'ready' }
  | { readonly kind: 'beat'; readonly progress: VisionProgress }
  | { readonly kind: 'report'; readonly reportId: number; readonly passage: Passage }
  /** What the camera looks at was learned: for the process after this one, so that a crash is no new view. */
  | { readonly kind: 'views'; readonly views: readonly Uint8Array[] }
  | { readonly kind: 'source'; readonly state: SourceState; readonly detail: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint: string };

/** open: frames come; lost: reopening with backoff; ended: a file was played to its end. */
export type SourceState = 'open' | 'lost' | 'ended';

export interface VisionProgress {
  readonly framesProcessed: number;
  /** Frames that were captured but skipped because a newer one was there. */
  readonly framesDropped: number;
  /** Frames that were captured but left out because of a limit. */
  readonly framesLimited: number;
  /** Frames of those processed in which nothing moved, so that no plates were looked for. */
  readonly framesWithoutMotion: number;
  /** Where a file is gone on with, so that every open passage is seen whole. */
  readonly resumeFromFrame: number;
  readonly openPassages: number;
  /** Ids of passages that were reported closed while their vehicle still stands in view. */
  readonly standingIds: readonly string[];
  /** Tracks that ended as no passage: seen too briefly, never moving, or too faint. */
  readonly noise: number;
  /** Sums over all frames, for means. */
  readonly detectMs: number;
  readonly readMs: number;
  readonly optics: OpticsLook;
}
