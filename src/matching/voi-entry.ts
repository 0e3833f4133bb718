import type { VoiEntry } from '../domain/voi.js';

/**
 * The columns of a VOI row by the name they have in files and the name they have in code: the 16
 * of the national row in its order, then the two of its validity. The only place that pairs them.
 */
export const VOI_COLUMNS = [
  ['vrm', 'vrm'],
  ['make', 'make'],
  ['model', 'model'],
  ['colour', 'colour'],
  ['action', 'action'],
  ['warning_markers', 'warningMarkers'],
  ['reason', 'reason'],
  ['intelligence_grading', 'intelligenceGrading'],
  ['information_action', 'informationAction'],
  ['force_and_area', 'forceAndArea'],
  ['weed_date', 'weedDate'],
  ['pnc_id', 'pncId'],
  ['protective_marking', 'protectiveMarking'],
  ['cad_information', 'cadInformation'],
  ['spare_1', 'spare1'],
  ['spare_2', 'spare2'],
  ['valid_from', 'validFrom'],
  ['valid_to', 'validTo'],
] as const satisfies readonly (readonly [string, keyof VoiEntry])[];

export const COLUMN_NAMES = VOI_COLUMNS.map(([name]) => name);

const FIELDS = VOI_COLUMNS.map(([, field]) => field);

/** An entry from its columns' values in the order of VOI_COLUMNS. */
export function entryFromValues(values: readonly string[]): VoiEntry {
  // Two million times an import: a loop takes a quarter of what Object.fromEntries takes.
  const entry: Partial<Record<keyof VoiEntry, string>> = {};
  for (let i = 0; i < FIELDS.length; i++) entry[FIELDS[i] as keyof VoiEntry] = values[i] ?? '';
  return entry as unknown as VoiEntry;
}

/** The columns' values of an entry in the order of VOI_COLUMNS. */
export function valuesOfEntry(entry: VoiEntry): string[] {
  return FIELDS.map((field) => entry[field]);
}

/**
 * A weed date as forces write it (2026-12-31 or 31/12/2026) as an ISO date; '' for none.
 * @returns undefined where it is no such date, or not in the calendar.
 */
export function parseWeedDate(text: string): string | undefined {
  if (text === '') return '';
  const iso = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  const uk = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text);
  const [year, month, day] = iso ? iso.slice(1, 4) : uk ? [uk[3], uk[2], uk[1]] : [];
  if (year === undefined || month === undefined || day === undefined) return undefined;
  return dateInCalendar(year, month, day);
}

/**
 * An instant as forces write it, as a UTC instant to the second (2026-05-31T17:30:00Z); '' for none.
 *
 * Taken are 2026-05-31, 31/05/2026, 31/05/2026 18:30 and 2026-05-31T18:30[:00](Z|+01:00|nothing).
 * Without a zone it is what clocks in the United Kingdom show, a bare date the midnight it begins
 * with. Of an hour that the clocks show twice the first is meant; one that they leave out is read
 * as if they had not gone forward yet.
 * @returns undefined where it is no such instant, or not in the calendar.
 */
export function parseInstant(text: string): string | undefined {
  if (text === '') return '';
  const iso = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2}))?(Z|[+-]\d{2}:\d{2})?)?$/.exec(text);
  const uk = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: (\d{1,2}):(\d{2}))?$/.exec(text);
  const [year, month, day, hours = '00', minutes = '00', seconds = '00', zone] = iso
    ? iso.slice(1)
    : uk
      ? [uk[3], uk[2], uk[1], uk[4], uk[5]]
      : [];
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const date = dateInCalendar(year, month, day);
  if (date === undefined || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59)
    return undefined;
  const shownMs = Date.parse(`${date}T${hours.padStart(2, '0')}:${minutes}:${seconds}Z`);
  const offsetMs = zone === undefined ? ukOffsetMs(shownMs) : offsetOfZone(zone);
  if (offsetMs === undefined) return undefined;
  const utc = new Date(shownMs - offsetMs);
  // Only the first and the last day of four-digit years can leave them.
  return /^\d{4}-/.test(utc.toISOString()) ? `${utc.toISOString().slice(0, 19)}Z` : undefined;
}

/** @returns the ISO date, or undefined where the calendar has no such day. */
function dateInCalendar(year: string, month: string, day: string): string | undefined {
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const parsed = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date) ? date : undefined;
}

const HOUR_MS = 3_600_000;

/** Z or +01:00. @returns undefined where no zone is that far off. */
function offsetOfZone(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4));
  if (Number(zone.slice(4)) > 59 || minutes > 14 * 60) return undefined;
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

const ukHour = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/London',
  timeZoneName: 'longOffset',
  hour: '2-digit',
});

/** How far clocks in the United Kingdom are ahead of UTC when they show this time. */
function ukOffsetMs(shownMs: number): number {
  // The zone is asked for by UTC instants. The one an hour before the shown time is right in
  // summer; where that is not in summer, or the hour is left out, clocks show UTC.
  return isSummer(shownMs - HOUR_MS) ? HOUR_MS : 0;
}

function isSummer(utcMs: number): boolean {
  const zone = ukHour.formatToParts(utcMs).find(({ type }) => type === 'timeZoneName');
  return zone?.value === 'GMT+01:00';
}
