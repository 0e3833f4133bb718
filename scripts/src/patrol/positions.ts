import type { Position, SealedPosition } from '../../../src/domain/position.js';
import type { PositionOpener } from '../../../src/governance/sealing.js';
import { metresBetween } from '../../../src/position/place.js';
import type { DriveLog } from './drive-log.js';

/** Positions as the centre opens them, held against where the car was; pure. */

/** What a statement says of where and when, with its position still sealed. */
export interface Located {
  readonly unitId: string;
  /** Of the record or the event. */
  readonly subjectId: string;
  /** UTC, milliseconds. */
  readonly atMs: number;
  readonly sealed?: SealedPosition;
}

export interface Found {
  readonly position: Position;
  /** Metres from where the car was at that time. */
  readonly errorMetres: number;
  readonly sky: 'open' | 'urban' | 'tunnel';
}

/** @throws DeviceError position.unseal-failed */
export function findPositions(
  located: readonly Located[],
  opener: PositionOpener,
  log: DriveLog,
): (Found | undefined)[] {
  return located.map(({ unitId, subjectId, atMs, sealed }) => {
    if (sealed === undefined) return undefined;
    const position = opener.open(sealed, { unitId, subjectId });
    const truth = log.truthAt((atMs - log.beginsAtMs) / 1_000);
    return { position, errorMetres: metresBetween(position, truth.place), sky: truth.sky };
  });
}

/** @returns the longest time for which the screen showed more than a moving driver may see, milliseconds. */
export function shownWhileMoving(
  changes: readonly { readonly atMs: number; readonly profile: string }[],
  log: DriveLog,
  untilMs: number,
): number {
  let longestMs = 0;
  for (const [index, { atMs, profile }] of changes.entries()) {
    if (profile === 'driver-moving') continue;
    const endMs = changes[index + 1]?.atMs ?? untilMs;
    for (let at = endMs; at > atMs; at -= STEP_MS) {
      const { metresPerSecond } = log.truthAt((at - log.beginsAtMs) / 1_000);
      if (metresPerSecond <= STANDING_METRES_PER_SECOND) break;
      longestMs = Math.max(longestMs, endMs - at + STEP_MS);
    }
  }
  return longestMs;
}

const STEP_MS = 100;
/** As display.standingMetresPerSecond has it by default. */
const STANDING_METRES_PER_SECOND = 1;
