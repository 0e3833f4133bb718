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

/**
 * Guards a list, however short, against a file that broke off after its header. One that is empty
 * already stays so without a word: it has to be confirmed like any other.
 * @param before marks on the list as it is; absent: there is none yet.
 * @param after marks on it as it is to be
 * @throws DeviceError hotlist.would-shrink
 */
export function refuseEmpty(before: number | undefined, after: number): void {
  if (after > 0 || before === 0) return;
  throw new DeviceError('hotlist.would-shrink', {
    message: `the file has no row, so that the list would go from ${before ?? 0} marks to 0; expected a row at least`,
    hint: 'Look whether the file is whole. If nothing is to be on the list, say so: --accept-removals.',
  });
}
