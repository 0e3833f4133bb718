import type { SqliteDatabase } from '../lib/sqlite.js';
import { prepared } from './prepared.js';

/**
 * How old what is held is, whatever the system's clock says.
 *
 * Nothing may be erased or dropped because the clock was set: a receiver that takes the century for
 * another, or a unit that starts in 1970 and is corrected, would cost everything that waits. So ages
 * are told by a clock of the store's own, which only goes forward:
 *
 * - Time that the monotonic clock has seen counts in full.
 * - Time that only the system's clock tells of (the unit was switched off, or its clock was set
 *   forward) is owed. It is counted while a time source vouches for the clock, and no faster than CATCH_UP
 *   hours in an hour of running: a source that is wrong for some hours ages nothing by more than a day or
 *   two, and the nights of a car that is switched off have been made up for by the evening.
 * - A clock that is set back takes from what is owed, never from what was counted.
 * - A single leap of more than MOST_LEAP_MS is no time that has passed, and is not owed at all.
 *
 * So what is held may stay longer than its days, never much shorter.
 */
const CATCH_UP = 3;
const MOST_LEAP_MS = 400 * 86_400_000;

export interface AgeState {
  /** Milliseconds; began at the system's time when the store was made. */
  readonly believedMs: number;
  /** Time that was told of and not seen, still to be counted, milliseconds. */
  readonly unseenMs: number;
  /** What the system's clock (UTC) and the monotonic one said then, milliseconds. */
  readonly wallMs: number;
  readonly monoMs: number;
}

export function firstAge(wallMs: number, monoMs: number): AgeState {
  return { believedMs: wallMs, unseenMs: 0, wallMs, monoMs };
}

/** What has been seen since: a monotonic clock that began anew has seen what it says itself. */
function seenMs(state: AgeState, monoMs: number): number {
  return monoMs >= state.monoMs ? monoMs - state.monoMs : monoMs;
}

/** @param isVouched whether a time source stands by what the system's clock says. */
export function advanceAge(
  state: AgeState,
  now: { readonly wallMs: number; readonly monoMs: number; readonly isVouched: boolean },
): AgeState {
  const { wallMs, monoMs, isVouched } = now;
  const seen = seenMs(state, monoMs);
  const leapMs = wallMs - state.wallMs - seen;
  const owed = Math.max(0, state.unseenMs + (Math.abs(leapMs) > MOST_LEAP_MS ? 0 : leapMs));
  const caughtUp = isVouched ? Math.min(owed, CATCH_UP * seen) : 0;
  return { believedMs: state.believedMs + seen + caughtUp, unseenMs: owed - caughtUp, wallMs, monoMs };
}

/** The time to stamp with between two advances. */
export function believedAtMs(state: AgeState, monoMs: number): number {
  return state.believedMs + seenMs(state, monoMs);
}

export function readAge(database: SqliteDatabase): AgeState | undefined {
  return prepared<AgeState>(
    database,
    'SELECT believed_ms AS believedMs, unseen_ms AS unseenMs, wall_ms AS wallMs, mono_ms AS monoMs FROM age',
  ).get();
}

export function writeAge(database: SqliteDatabase, state: AgeState): void {
  prepared(database, 'INSERT OR REPLACE INTO age VALUES (1, @believedMs, @unseenMs, @wallMs, @monoMs)').run(
    state,
  );
}
