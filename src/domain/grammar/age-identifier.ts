import type { Vrm } from '../vrm.js';
import { classify } from './forms.js';

/**
 * When a mark of the current form was issued first: its two digits are the year for March to
 * August, and the year and 50 for September to February. A mark whose time has not come yet is a
 * misread, or a false plate.
 */

/** Month from 0, as Date has it. */
const MARCH = 2;
const SEPTEMBER = 8;

/** UTC, milliseconds: the first day on which the mark may be shown; undefined for other forms. */
export function firstIssuedAtMs(vrm: Vrm): number | undefined {
  if (classify(vrm) !== 'current') return undefined;
  const digits = Number(vrm.slice(2, 4));
  return digits < 50 ? Date.UTC(2000 + digits, MARCH, 1) : Date.UTC(1950 + digits, SEPTEMBER, 1);
}

/**
 * Whether a mark may be on the road at a time.
 * @param nowMs UTC, milliseconds: when the plate was seen.
 * @returns true also for forms that carry no time.
 */
export function isIssuedBy(vrm: Vrm, nowMs: number): boolean {
  const firstAtMs = firstIssuedAtMs(vrm);
  return firstAtMs === undefined || firstAtMs <= nowMs + CLOCK_MARGIN_MS;
}

/** Time zones, and the clock of a device that has just lost its time source. */
const CLOCK_MARGIN_MS = 24 * 3_600_000;
