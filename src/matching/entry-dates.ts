import type { VoiEntry } from '../domain/voi.js';

/** When an entry is in force. Dates are compared as text: all are ISO 8601, of the same length. */

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
export function isWeeded(entry: VoiEntry, today: string): boolean {
  return entry.weedDate !== '' && entry.weedDate < today;
}

/** The second an instant falls in, as validFrom and validTo are written. */
export function utcSecond(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}

/**
 * Whether an entry was valid at a second. Both bounds are whole seconds, so the second of an
 * instant is on the same side of them as the instant.
 */
export function isValidAt(entry: VoiEntry, second: string): boolean {
  return (
    (entry.validFrom === '' || entry.validFrom <= second) && (entry.validTo === '' || second < entry.validTo)
  );
}
