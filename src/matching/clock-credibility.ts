/**
 * Whether the device's clock can be right, judged by the lists: they are not issued in the future, and a
 * device that nobody has brought a list for over a year is not in service. Weed dates that a clock
 * wrong by years would apply take every entry off the lists, or none; so they are not applied then.
 */

/** behind, ahead: which way it must be wrong. */
export type ClockCredibility = 'credible' | 'behind' | 'ahead';

/** Clocks of list owners are wrong as well; a day is more than they are, and matters to no weed date. */
const MOST_BEHIND_MS = 24 * 3_600_000;
/** A list that is issued once a year, a month late. */
const MOST_AHEAD_MS = 400 * 24 * 3_600_000;

/**
 * One list among several may be issued in the future by a clock that was wrong elsewhere: it takes half
 * of them to say that this one is behind, or a single mistake would keep every weed date from being applied.
 * @param nowMs UTC, milliseconds, as the clock shows it. Without any list every clock is credible.
 */
export function clockCredibility(
  nowMs: number,
  lists: Iterable<{ readonly issuedAtMs: number }>,
): ClockCredibility {
  let count = 0;
  let inFuture = 0;
  let newestMs = -Infinity;
  for (const { issuedAtMs } of lists) {
    count++;
    if (nowMs < issuedAtMs - MOST_BEHIND_MS) inFuture++;
    else newestMs = Math.max(newestMs, issuedAtMs);
  }
  if (count === 0) return 'credible';
  if (inFuture * 2 >= count) return 'behind';
  return nowMs > newestMs + MOST_AHEAD_MS ? 'ahead' : 'credible';
}
