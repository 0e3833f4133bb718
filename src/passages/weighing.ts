import type { Lattice } from '../domain/lattice.js';
import { evidenceOf, type FrameEvidence } from './frame-evidence.js';

/**
 * How much each frame of a plate counts.
 *
 * Frames of one plate are not independent witnesses: dirt, a screw, a worn letter or the reader's
 * own habit are in all of them. Their log-likelihoods are therefore averaged by weight and
 * multiplied by an *effective* number of frames, n / (1 + (n - 1) * correlation), the design
 * effect of survey statistics: one frame counts as itself, and thousands never count as more than
 * 1 / correlation. The probability of a read thus grows with agreement, and never saturates
 * because a vehicle stood in view.
 */
export interface WeightedLattice {
  readonly lattice: Lattice;
  /** Relative trust in this frame, above 0 (for example by sharpness); only ratios matter. */
  readonly weight: number;
}

/** A frame that is trusted. */
export interface TrustedFrame {
  readonly evidence: FrameEvidence;
  /** Share of the weight of all frames, times the effective number of frames. */
  readonly exponent: number;
  /** The least it can say of a text. */
  readonly floor: number;
}

/**
 * The least a frame can say of a text: a frame that shows something else, or in which half of the
 * plate is hidden, has no veto. Fitted on rendered passages; with a thousandth of it, a few spoilt
 * frames made right reads look improbable.
 */
const FRAME_FLOOR = 3e-3;
/** A frame alone has nobody to be outvoted by: it says what it says. */
const LONE_FRAME_FLOOR = 1e-9;

/**
 * Frames of weight 0 or less are left out.
 * @param correlation 0 (independent frames) to 1 (a second frame says nothing new).
 */
export function weighFrames(frames: readonly WeightedLattice[], correlation: number): TrustedFrame[] {
  const trusted = frames.filter(({ weight }) => weight > 0 && Number.isFinite(weight));
  const sum = trusted.reduce((total, { weight }) => total + weight, 0);
  const sumOfSquares = trusted.reduce((total, { weight }) => total + weight * weight, 0);
  // Kish: ten frames of which one has all the weight count as one.
  const distinct = (sum * sum) / sumOfSquares;
  const effective = distinct / (1 + (distinct - 1) * correlation);
  return trusted.map(({ lattice, weight }) => ({
    evidence: evidenceOf(lattice),
    exponent: (weight / sum) * effective,
    floor: trusted.length > 1 ? FRAME_FLOOR : LONE_FRAME_FLOOR,
  }));
}
