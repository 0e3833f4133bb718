import { iou } from '../domain/geometry.js';
import type { OpenPassage } from './open-passage.js';
import { ALIKE, similarity, TRUSTED_CERTAINTY } from './text.js';

/** Times within which a vehicle that was lost from view may come back as the same passage. */
export interface RejoinLimits {
  /** Anywhere in the picture, with the same text. */
  readonly withinMs: number;
  /** In the place where it stood. */
  readonly standingWithinMs: number;
}

const SAME_PLACE_IOU = 0.3;
/** Long enough in one place to be expected there again after an occlusion. */
const STOOD_MS = 500;
/** Shorter parts are in any text. */
const SHORTEST_PART = 3;
/** Until a plate that is being covered is seen no more. */
const COVERED_WITHIN_MS = 1_000;

/**
 * Whether a passage is the same vehicle as another that is open, or was lost a while ago.
 *
 * The same text within the time is the same vehicle wherever it shows up: a plate found twice in
 * one frame, one that jumped further than a track bridges, one that was hidden by another
 * vehicle. A text with one character amiss counts only where the other stood when it was last seen,
 * and no text at all only there and in the end, when there will be none. A part of the text counts
 * where the other was a moment ago: a plate that something drives in front of shows less and less.
 */
export function isSameVehicle(
  passage: OpenPassage,
  other: OpenPassage,
  limits: RejoinLimits,
  ended: boolean,
): boolean {
  const awayMs = passage.motion.last.monoMs - other.motion.last.monoMs;
  const stood = other.motion.standingMs >= STOOD_MS;
  const samePlace = stood && iou(passage.firstPlacement.box, other.motion.last.box) >= SAME_PLACE_IOU;
  if (awayMs > limits.withinMs && !(samePlace && awayMs <= limits.standingWithinMs)) return false;

  const mine = passage.reading.text;
  const theirs = other.reading.text;
  if (mine !== undefined && mine.certainty >= TRUSTED_CERTAINTY) {
    if (theirs === undefined || theirs.certainty < TRUSTED_CERTAINTY) return false;
    if (mine.text === theirs.text) return true;
    if (isPart(mine.text, theirs.text) && awayMs <= COVERED_WITHIN_MS && isBeside(passage, other))
      return true;
    return samePlace && cameAfter(passage, other) && similarity(mine.text, theirs.text) >= ALIKE;
  }
  return ended && samePlace && cameAfter(passage, other);
}

function isPart(part: string, whole: string): boolean {
  return part.length >= SHORTEST_PART && part.length < whole.length && whole.includes(part);
}

function isBeside(passage: OpenPassage, other: OpenPassage): boolean {
  const { centre, widthPx } = other.motion.last;
  const first = passage.firstPlacement.centre;
  return Math.hypot(first.x - centre.x, first.y - centre.y) <= widthPx;
}

function cameAfter(passage: OpenPassage, other: OpenPassage): boolean {
  return passage.firstPlacement.monoMs > other.motion.last.monoMs;
}
