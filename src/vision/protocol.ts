import type { CaptureConfig, PassagesConfig, PlatesConfig } from '../config/schema.js';
import type { Passage } from '../domain/passage.js';

/**
 * What the main process and one camera's vision process say to each other (Node's IPC channel
 * with structured clone, so that pictures travel as bytes).
 *
 * Invariants
 * - A passage report is sent again after a restart of nobody: the child keeps it until it is
 *   acknowledged, and the main process acknowledges only what is committed to the store.
 * - `beat` is sent when work was done (a frame went all the way through, or the source was seen to
 *   be silent and is being reopened), never by a bare timer: a hung child stops beating.
 */
export type ToVision =
  | { readonly kind: 'configure'; readonly configuration: VisionConfiguration }
  | { readonly kind: 'ack'; readonly reportId: number }
  /** Flush the open passages, wait for their acknowledgements, then exit 0. */
  | { readonly kind: 'stop' };

export interface VisionConfiguration {
  readonly camera: CaptureConfig;
  readonly plates: PlatesConfig;
  readonly passages: PassagesConfig;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Where to go on in a file after a restart; 0 at first, and unused by live cameras. */
  readonly resumeFromFrame: number;
}

export type FromVision =
  | { readonly kind: 'ready' }
  | { readonly kind: 'beat'; readonly progress: VisionProgress }
  | { readonly kind: 'report'; readonly reportId: number; readonly passage: Passage }
  | { readonly kind: 'source'; readonly state: SourceState; readonly detail: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint: string };

/** open: frames come; lost: reopening with backoff; ended: a file was played to its end. */
export type SourceState = 'open' | 'lost' | 'ended';

export interface VisionProgress {
  readonly framesProcessed: number;
  /** Frames that were captured but skipped because a newer one was there. */
  readonly framesDropped: number;
  /** First frame of the oldest passage that is still open, or the next frame: resume here. */
  readonly resumeFromFrame: number;
  readonly openPassages: number;
  /** Sums over all frames, for means. */
  readonly detectMs: number;
  readonly readMs: number;
}
