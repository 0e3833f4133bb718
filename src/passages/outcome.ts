import type { PassageOutcome, UnreadableReason } from '../domain/passage.js';
import type { OpenPassage } from './open-passage.js';
import type { Reading } from './reading.js';

export interface OutcomeLimits {
  /** Least probability of a read that leaves the device. */
  readonly readProbability: number;
  /** Plates lower than this are not read. */
  readonly minimumPlateHeightPx: number;
}

/**
 * Variance of the Laplacian below which no character of a plate has an edge left: of 2,800 frames of
 * rendered passages none was read right below 25, a fifth from there to 50, and most above 100.
 */
const BLURRED_BELOW = 25;

/** What a passage's frames say in the end. */
export function outcomeOf(reading: Reading, limits: OutcomeLimits): PassageOutcome {
  const { read } = reading;
  if (read !== undefined && read.probability >= limits.readProbability) return { kind: 'read', read };
  return { kind: 'unreadable', reason: reasonOf(reading, limits) };
}

/**
 * Whether a passage without a read was a vehicle's plate at all, and not a lamp or a mirror that
 * the detector took for one: it moved, was seen for a while, and either the detector was sure of
 * it or it showed about as many characters as a plate has.
 */
export function isCredible({ motion, frameCount, detectionScore, reading }: OpenPassage): boolean {
  if (!motion.travelled || frameCount < CREDIBLE_FRAMES) return false;
  const { read } = reading;
  const showsText = read !== undefined && read.vrm.length >= 4 && read.probability >= TEXT_PROBABILITY;
  return showsText || detectionScore >= SURE_DETECTION;
}

const CREDIBLE_FRAMES = 4;
const TEXT_PROBABILITY = 0.05;
const SURE_DETECTION = 0.65;

/** The first of the reasons that explains it: what is too small is blurred as well, and so on. */
function reasonOf(reading: Reading, limits: OutcomeLimits): UnreadableReason {
  if (reading.readCount === 0 || reading.largestPx < limits.minimumPlateHeightPx) return 'too-small';
  if (reading.sharpest < BLURRED_BELOW) return 'blurred';
  if (!reading.sawCharacters) return 'no-characters';
  return 'low-probability';
}
