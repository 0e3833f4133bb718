import type { PassageOutcome, UnreadableReason } from '../domain/passage.js';
import type { Reading } from './reading.js';

export interface OutcomeLimits {
  /** Least probability of a read that leaves the device. */
  readonly readProbability: number;
  /** Plates lower than this are not read. */
  readonly minimumPlateHeightPx: number;
}

/** Variance of the Laplacian below which no character of a plate has an edge left. */
const BLURRED_BELOW = 25;

/** What a passage's frames say in the end. */
export function outcomeOf(reading: Reading, limits: OutcomeLimits): PassageOutcome {
  const { read } = reading;
  if (read !== undefined && read.probability >= limits.readProbability) return { kind: 'read', read };
  return { kind: 'unreadable', reason: reasonOf(reading, limits) };
}

/** The first of the reasons that explains it: what is too small is blurred as well, and so on. */
function reasonOf(reading: Reading, limits: OutcomeLimits): UnreadableReason {
  if (reading.readCount === 0 || reading.largestPx < limits.minimumPlateHeightPx) return 'too-small';
  if (reading.sharpest < BLURRED_BELOW) return 'blurred';
  if (!reading.sawCharacters) return 'no-characters';
  return 'low-probability';
}
