import { plateSize } from '../../domain/geometry.js';
import type { PlateHint } from '../../domain/hint.js';
import type { Lattice } from '../../domain/lattice.js';
import type { Observation } from '../../domain/observation.js';
import type { PlateCrop } from '../../domain/plate-crop.js';
import type { PlateRead } from '../../domain/read.js';
import type { Reading } from '../reading.js';
import { glimpse as glimpseOf } from '../text.js';
import { blemishesOf } from './cover.js';
import { isMisSpaced } from './spacing.js';
import { isBare } from './surface.js';
import { textLinesOf } from './text-line.js';

/**
 * What is worth a look about a plate, from the frames in which it was read.
 *
 * Each frame says for itself; what most of them say counts, so that a pedestrian in front of the plate
 * or a glare for a moment gives no hint. Work is done when a passage is reported, not frame by frame.
 */
export interface HintFrame {
  readonly lattice: Lattice;
  readonly crop: PlateCrop;
  /** Of the plate in the frame. */
  readonly heightPx: number;
  readonly detectionScore: number;
  /** What the frame by itself says, folded (O = 0, I = 1). */
  readonly text: string;
}

/** A lower plate has gaps of less than two pixels. */
const LEAST_HEIGHT_PX = 18;
/** Only a read that is sure says which grouping is prescribed. */
const SURE_READ = 0.9;
/** Of a passage, that say something. */
const LEAST_FRAMES = 2;
/** What has no characters is a plate only where the detector is sure of it. */
const SURE_DETECTION = 0.65;

/**
 * @param read the fused one, if there is any.
 * @param leastFrames that must be able to say something: 1 for a still.
 */
export function hintsOf(
  frames: readonly HintFrame[],
  read: PlateRead | undefined,
  leastFrames: number,
): PlateHint[] {
  const verdicts = frames
    .filter(({ heightPx }) => heightPx >= LEAST_HEIGHT_PX)
    .map((frame) => judge(frame, read));
  const most = (says: (verdict: Verdict) => boolean | undefined) => {
    const answers = verdicts.map(says).filter((answer) => answer !== undefined);
    return answers.length >= leastFrames && 2 * answers.filter((answer) => answer).length > answers.length;
  };
  const hints: PlateHint[] = [];
  if (most(({ hidden }) => hidden)) hints.push('partly-hidden');
  if (most(({ ghost }) => ghost)) hints.push('suspected-ghost');
  // Where something is missing from a mark, its groups are not what they look like.
  if (hints.length === 0 && most(({ misSpaced }) => misSpaced)) hints.push('mis-spaced');
  return hints;
}

/** A passage's hints; one frame alone may be a pedestrian's, or a glare's. @param seenWhole in any frame. */
export function passageHints(reading: Reading, seenWhole: boolean): PlateHint[] {
  if (!seenWhole) return ['partly-hidden'];
  const frames = reading.frames.flatMap(({ crop, detectionScore, glimpse, ...frame }) =>
    crop === undefined || detectionScore === undefined
      ? []
      : [{ ...frame, crop, detectionScore, text: glimpse.text }],
  );
  return hintsOf(frames, reading.read, LEAST_FRAMES);
}

/** The hints of a single picture's plate, which is all there is to go by. */
export function stillHints(
  { crop, lattice, quad, cutOff, detectionScore }: Observation,
  read: PlateRead | undefined,
): PlateHint[] {
  if (cutOff === true) return detectionScore >= SURE_DETECTION ? ['partly-hidden'] : [];
  if (crop === undefined || lattice === undefined) return [];
  const { heightPx } = plateSize(quad);
  const { text } = glimpseOf(lattice);
  return hintsOf([{ crop, lattice, heightPx, detectionScore, text }], read, 1);
}

/** What one frame says; undefined where it cannot. */
interface Verdict {
  readonly hidden: boolean | undefined;
  readonly ghost: boolean | undefined;
  readonly misSpaced: boolean | undefined;
}

function judge({ crop, lattice, detectionScore, text }: HintFrame, read: PlateRead | undefined): Verdict {
  const bare = detectionScore >= SURE_DETECTION && isBare(crop);
  const lines = textLinesOf(crop, lattice);
  if (bare || lines === undefined) return { hidden: undefined, ghost: bare, misSpaced: undefined };
  const blemishes = blemishesOf(crop, lines);
  const isSure = read !== undefined && read.probability >= SURE_READ && text === read.matchKey;
  return {
    hidden: blemishes && blemishes.covered > 0,
    ghost: blemishes && blemishes.faded > 0,
    misSpaced: isSure ? isMisSpaced(lines, read) : undefined,
  };
}
