import type { VoiEntry, VoiList } from '../domain/voi.js';
import type { ClockCredibility } from './clock-credibility.js';

/**
 * When lists and their entries are in force. Dates of entries are compared as text: all are ISO 8601,
 * of the same length. While the clock cannot be right, no date takes anything out of force.
 */
export interface MatchMoment {
  /** UTC, milliseconds: when the plate was seen; an entry must be valid then. */
  readonly readAtMs: number;
  /** UTC, milliseconds: weed dates, expiry and ages are as of now. */
  readonly nowMs: number;
  readonly clock: ClockCredibility;
}

export function isInForce(list: Pick<VoiList, 'expiresAtMs'>, { nowMs, clock }: MatchMoment): boolean {
  return clock !== 'credible' || list.expiresAtMs === undefined || nowMs < list.expiresAtMs;
}

/** Tells of many entries whether they are in force at one moment. */
export function entriesInForce({ readAtMs, nowMs, clock }: MatchMoment): (entry: VoiEntry) => boolean {
  if (clock !== 'credible') return () => true;
  const today = ukDate(nowMs);
  const second = utcSecond(readAtMs);
  return (entry) => !isWeeded(entry, today) && isValidAt(entry, second);
}

const ukCalendar = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Europe/London',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

/** The date in the United Kingdom, YYYY-MM-DD. */
export function ukDate(nowMs: number): string {
  return ukCalendar.format(nowMs);
}

/** An entry is matched to the end of its weed date, as a clock in the United Kingdom shows it. */
function isWeeded(entry: VoiEntry, today: string): boolean {
  return entry.weedDate !== '' && entry.weedDate < today;
}

/** The second an instant falls in, as validFrom and validTo are written. */
function utcSecond(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}

/**
 * Whether an entry was valid at a second. Both bounds are whole seconds, so the second of an
 * instant is on the same side of them as the instant.
 */
function isValidAt(entry: VoiEntry, second: string): boolean {
  return (
    (entry.validFrom === '' || entry.validFrom <= second) && (entry.validTo === '' || second < entry.validTo)
  );
}
