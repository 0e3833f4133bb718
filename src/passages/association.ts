import { iou } from '../domain/geometry.js';
import { assign } from './assignment.js';
import type { Motion, Placement } from './motion.js';
import { ALIKE, compareTexts, type Glimpse, UNLIKE } from './text.js';

/** A plate that is being followed, as association sees it. */
export interface Followed {
  readonly motion: Motion;
  /** What it is known to say so far. */
  readonly text?: Glimpse | undefined;
}

/** A plate found in the frame at hand. */
export interface Found {
  readonly placement: Placement;
  readonly text?: Glimpse | undefined;
}

/** 70 mph is 60 plate widths a second: the most a plate may move through the picture. */
const FASTEST_WIDTHS_A_SECOND = 60;
/** Without a velocity and without a text, no pair is made over more than this. */
const BLIND_REACH_WIDTHS = 6;

/**
 * Which plate of this frame is which of those that are followed.
 * @returns for each followed one the index of its plate in `found`, if it was found.
 */
export function associate(followed: readonly Followed[], found: readonly Found[]): (number | undefined)[] {
  return assign(followed.map((track) => found.map((plate) => pairCost(track, plate))));
}

/**
 * How badly a plate fits a followed one: 0 is perfect, undefined is impossible.
 *
 * A steady one is looked for around where it should be; a new one, whose speed is not known yet,
 * within what the fastest vehicle covers. A text that both are known by widens that (an
 * occlusion, a jump) or forbids it (the next vehicle of a convoy where the first just was).
 */
export function pairCost(track: Followed, plate: Found): number | undefined {
  const { motion } = track;
  const elapsedS = Math.max(0, plate.placement.monoMs - motion.last.monoMs) / 1000;
  const alike = compareTexts(track.text, plate.text);
  if (alike !== undefined && alike < UNLIKE) return undefined;
  const sameText = alike !== undefined && alike >= ALIKE;

  const expected = motion.predict(plate.placement.monoMs);
  const distance = distanceInWidths(expected, plate.placement);
  const reach = sameText ? 3 + FASTEST_WIDTHS_A_SECOND * elapsedS : blindReach(motion, elapsedS);
  if (distance > reach) return undefined;

  const scale = Math.abs(Math.log(plate.placement.widthPx / expected.widthPx));
  if (scale > (sameText ? 1.2 : 0.35 + Math.min(0.5, 1.5 * elapsedS))) return undefined;

  const apart = 1 - iou(expected.box, plate.placement.box);
  const textCost = alike === undefined ? 0.3 : 1 - alike;
  return Math.min(distance, 8) * 0.15 + (0.5 * distance) / reach + 0.3 * apart + 0.5 * scale + textCost;
}

/** How many plate widths from the expected place a plate without a known text may be. */
function blindReach(motion: Motion, elapsedS: number): number {
  if (motion.sightings === 1) return Math.min(0.7 + FASTEST_WIDTHS_A_SECOND * elapsedS, BLIND_REACH_WIDTHS);
  return 0.7 + 0.5 * motion.speed * elapsedS + Math.min(2, 2 * elapsedS);
}

function distanceInWidths(a: Placement, b: Placement): number {
  const widthPx = (a.widthPx + b.widthPx) / 2;
  return Math.hypot(a.centre.x - b.centre.x, a.centre.y - b.centre.y) / widthPx;
}
