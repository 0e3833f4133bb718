import { boundingBox, iou } from '../domain/geometry.js';
import type { Passage } from '../domain/passage.js';

/** How the frames of one process continue those of the one before it. */
export type Timeline =
  /** Frames are counted through the recording, so the same frame has the same index again. */
  | { readonly kind: 'recording'; readonly graceFrames: number }
  /** Frames are counted from 0 again; only times tell. */
  | { readonly kind: 'live'; readonly withinMs: number };

/** A recording's passage seen again spans about the same frames. */
const SAME_SPAN = 0.5;
/** In view from the first frames of a process on, so that its beginning was not seen. */
const FROM_START_FRAMES = 3;
/** A process is back within seconds: what was in view before and is unread since is one vehicle. */
const REMAINDER_WITHIN_MS = 8_000;

/** Whether what a process reports is the vehicle that its predecessor had reported. */
export function isSamePassage(before: Passage, now: Passage, timeline: Timeline): boolean {
  const keyBefore = keyOf(before);
  const keyNow = keyOf(now);
  if (timeline.kind === 'recording') {
    const grace = timeline.graceFrames;
    const meets =
      now.firstFrameIndex <= before.lastFrameIndex + grace &&
      now.lastFrameIndex >= before.firstFrameIndex - grace;
    if (!meets) return false;
    if (keyBefore !== undefined && keyBefore === keyNow) return true;
    // Played again, a doubtful plate may read otherwise: the same frames and place are the same plate.
    const doubtful = keyBefore === undefined || keyNow === undefined || differInOne(keyBefore, keyNow);
    return doubtful && spanOverlap(before, now) >= SAME_SPAN && overlaps(before, now);
  }
  const awayMs = now.firstSeenAtMs - before.lastSeenAtMs;
  if (awayMs > timeline.withinMs) return false;
  if (keyNow !== undefined) return keyNow === keyBefore;
  return now.firstFrameIndex <= FROM_START_FRAMES && awayMs <= REMAINDER_WITHIN_MS;
}

/** One passage of two reports of one vehicle, under the id of the first. */
export function mergePassages(before: Passage, now: Passage, timeline: Timeline): Passage {
  const better = probabilityOf(now) >= probabilityOf(before) ? now : before;
  const recorded = timeline.kind === 'recording';
  const counted = (a: number, b: number) => (recorded ? Math.max(a, b) : a + b);
  return {
    ...better,
    id: before.id,
    phase: now.phase,
    firstSeenAtMs: Math.min(before.firstSeenAtMs, now.firstSeenAtMs),
    lastSeenAtMs: Math.max(before.lastSeenAtMs, now.lastSeenAtMs),
    firstFrameIndex: recorded ? Math.min(before.firstFrameIndex, now.firstFrameIndex) : now.firstFrameIndex,
    lastFrameIndex: recorded ? Math.max(before.lastFrameIndex, now.lastFrameIndex) : now.lastFrameIndex,
    frameCount: counted(before.frameCount, now.frameCount),
    readCount: counted(before.readCount, now.readCount),
    direction: now.direction === 'unknown' ? before.direction : now.direction,
  };
}

function keyOf({ outcome }: Passage): string | undefined {
  return outcome.kind === 'read' ? outcome.read.matchKey : undefined;
}

function probabilityOf({ outcome }: Passage): number {
  return outcome.kind === 'read' ? outcome.read.probability : 0;
}

/** Frames seen in both over frames seen in either. */
function spanOverlap(a: Passage, b: Passage): number {
  const both =
    Math.min(a.lastFrameIndex, b.lastFrameIndex) - Math.max(a.firstFrameIndex, b.firstFrameIndex) + 1;
  const either =
    Math.max(a.lastFrameIndex, b.lastFrameIndex) - Math.min(a.firstFrameIndex, b.firstFrameIndex) + 1;
  return both / either;
}

function overlaps(a: Passage, b: Passage): boolean {
  return iou(boundingBox(a.quad), boundingBox(b.quad)) > 0;
}

function differInOne(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let differing = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) differing++;
  return differing === 1;
}
