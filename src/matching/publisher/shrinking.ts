import { DeviceError } from '../../lib/errors.js';

/** A handful of marks comes and goes; a list of many that loses half of them has not been read whole. */
const SMALL_LIST_MARKS = 100;
const MOST_LOST_SHARE = 0.5;

/**
 * Guards a list against a file that broke off on its way: it looks like any other, and takes most of
 * the list's vehicles off it.
 * @param marks on the list as it is, and as it is to be.
 * @throws DeviceError hotlist.would-shrink
 */
export function refuseShrinking(marks: { readonly before: number; readonly after: number }): void {
  const { before, after } = marks;
  if (before <= SMALL_LIST_MARKS || after >= before * (1 - MOST_LOST_SHARE)) return;
  throw new DeviceError('hotlist.would-shrink', {
    message: `the list would go from ${before} marks to ${after}; expected no more than half of them to go at once`,
    hint: 'Look whether the file is whole. If so many are to go, say so: --accept-removals.',
  });
}
