import type { Placement } from './motion.js';
import type { OpenPassage } from './open-passage.js';

/**
 * Which plates of a frame are worth the reader's time. A passage is read in its first frames at
 * once, so that it settles fast. One that has settled is read again where a frame promises more than
 * those before: about a dozen reads, however long it stays. One that has not is read on.
 */
const FIRST_READS = 5;
const MOST_READS = 12;
/** A plate this much higher than any that was read shows more. */
const LARGER_BY = 1.1;
/** While the text is not settled, a read that often gives blur a chance to pass; later on less. */
const RETRY_AFTER_MS = 90;
const LATE_RETRY_AFTER_MS = 300;
const LATE_AFTER_READS = 30;
/** What stands is looked at now and then: another vehicle may have taken its place. */
const RECHECK_AFTER_MS = 2_000;
/** What has not moved yet shows by its text over time whether it is a vehicle. */
const STILL_RECHECK_AFTER_MS = 600;

/** A passage is looked at again, closer, when its first reads together left doubts, and then seldom. */
const SECOND_LOOK_AFTER_READS = 3;
const SECOND_LOOK_EVERY_MS = 400;
/** A plate smaller than one that was read by this factor has nothing to add. */
const NEARLY_LARGEST = 0.8;

/** @returns the order in which it should be read (least first), or undefined: not in this frame. */
export function readPriority(passage: OpenPassage | undefined, plate: Placement): number | undefined {
  if (passage === undefined) return 0;
  const { reading } = passage;
  const sinceMs = plate.monoMs - passage.lastReadMonoMs;
  if (passage.told === 'closed') return sinceMs >= RECHECK_AFTER_MS ? MOST_READS : undefined;
  if (reading.readCount < FIRST_READS) return reading.readCount;
  if (!passage.motion.travelled && reading.readCount < MOST_READS) {
    return sinceMs >= STILL_RECHECK_AFTER_MS ? reading.readCount : undefined;
  }
  if (passage.told === 'nothing' && passage.motion.travelled) {
    const retryAfterMs = reading.readCount < LATE_AFTER_READS ? RETRY_AFTER_MS : LATE_RETRY_AFTER_MS;
    return sinceMs >= retryAfterMs ? Math.min(reading.readCount, MOST_READS) : undefined;
  }
  const larger = reading.readCount < MOST_READS && plate.heightPx >= reading.largestPx * LARGER_BY;
  return larger || sinceMs >= RECHECK_AFTER_MS ? reading.readCount : undefined;
}

/** Whether a plate that was just read is worth a second look, which costs about as much as a frame. */
export function deservesSecondLook(passage: OpenPassage | undefined, plate: Placement): boolean {
  if (passage === undefined || passage.told !== 'nothing' || !passage.motion.travelled) return false;
  const { reading } = passage;
  return (
    reading.readCount >= SECOND_LOOK_AFTER_READS &&
    plate.heightPx >= reading.largestPx * NEARLY_LARGEST &&
    plate.monoMs - passage.lastSecondLookMonoMs >= SECOND_LOOK_EVERY_MS
  );
}
