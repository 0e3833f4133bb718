import type { VoiEntry } from '../domain/voi.js';

/**
 * The 16 columns of a VOI row, in the order of the national row, by the name they have in files
 * and in the database and the name they have in code. The only place that pairs the two.
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
] as const satisfies readonly (readonly [string, keyof VoiEntry])[];

export const COLUMN_NAMES = VOI_COLUMNS.map(([name]) => name);

/** An entry from its columns' values in the order of VOI_COLUMNS. */
export function entryFromValues(values: readonly string[]): VoiEntry {
  return Object.fromEntries(
    VOI_COLUMNS.map(([, field], index) => [field, values[index] ?? '']),
  ) as unknown as VoiEntry;
}

/** The columns' values of an entry in the order of VOI_COLUMNS. */
export function valuesOfEntry(entry: VoiEntry): string[] {
  return VOI_COLUMNS.map(([, field]) => entry[field]);
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
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const parsed = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date) ? date : undefined;
}
