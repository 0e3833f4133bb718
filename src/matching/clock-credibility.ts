/**
 * Whether the device's clock can be right, judged by the lists: none is issued in the future, and a
 * device that nobody has brought a list for over a year is not in service. Weed dates that a clock
 * wrong by years would apply take every entry off the lists, or none; so they are not applied then.
 */

/** behind, ahead: which way it must be wrong. */
export type ClockCredibility = 'credible' | 'behind' | 'ahead';

/** Clocks of list owners are wrong as well; a day is more than they are, and matters to no weed date. */
const MOST_BEHIND_MS = 24 * 3_600_000;
/** A list that is issued once a year, a month late. */
const MOST_AHEAD_MS = 400 * 24 * 3_600_000;

/** @param nowMs UTC, milliseconds, as the clock shows it. Without any list every clock is credible. */
export function clockCredibility(
  nowMs: number,
  lists: Iterable<{ readonly issuedAtMs: number }>,
): ClockCredibility {
  let newestMs = -Infinity;
  for (const { issuedAtMs } of lists) newestMs = Math.max(newestMs, issuedAtMs);
  if (newestMs === -Infinity) return 'credible';
  if (nowMs < newestMs - MOST_BEHIND_MS) return 'behind';
  return nowMs > newestMs + MOST_AHEAD_MS ? 'ahead' : 'credible';
}
