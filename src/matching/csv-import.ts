import type { VoiEntry } from '../domain/voi.js';
import { parseVrm } from '../domain/vrm.js';
import { DeviceError } from '../lib/errors.js';
import { readField } from './csv-fields.js';
import { csvRows } from './csv-rows.js';
import { COLUMN_NAMES, entryFromValues, parseInstant, parseWeedDate } from './voi-entry.js';

/** A row that could be read, or why it could not, without the row's contents. */
export type ImportedRow =
  | { readonly kind: 'entry'; readonly line: number; readonly entry: VoiEntry; readonly latin1: boolean }
  | { readonly kind: 'bad'; readonly line: number; readonly reason: string };

/**
 * Reads a VOI list from CSV (RFC 4180; UTF-8 with or without BOM, or Windows-1252; CRLF or LF).
 *
 * The first row names the columns, in any order and any case, with _ or spaces; columns that are
 * left out are empty. A bad row is given as such, and reading goes on.
 *
 * @throws DeviceError hotlist.header-invalid where the first row is no such header.
 */
export async function* readVoiCsv(source: AsyncIterable<Uint8Array>): AsyncGenerator<ImportedRow> {
  let places: readonly number[] | undefined;
  for await (const rows of csvRows(source)) {
    for (const row of rows) {
      if (places === undefined) {
        places = parseHeader('fields' in row ? row.fields : [row.problem]);
      } else if ('problem' in row) {
        yield { kind: 'bad', line: row.line, reason: row.problem };
      } else {
        const result = parseRow(places, row.fields);
        yield typeof result === 'string'
          ? { kind: 'bad', line: row.line, reason: result }
          : { kind: 'entry', line: row.line, entry: result, latin1: row.latin1 };
      }
    }
  }
  if (places === undefined) throw headerInvalid('the file is empty');
}

/** The place of each column of the file among all columns. */
function parseHeader(fields: readonly string[]): number[] {
  if (fields.some((field) => field.includes('\0'))) {
    throw headerInvalid('the file looks like UTF-16 or no text at all');
  }
  const names = fields.map((field) =>
    field
      .trim()
      .toLowerCase()
      .replace(/[\s/_-]+/g, '_'),
  );
  const unknown = names.findIndex((name) => !(COLUMN_NAMES as readonly string[]).includes(name));
  if (unknown !== -1) {
    throw headerInvalid(
      separatorOf(fields) ?? `column ${unknown + 1}${shown(names[unknown] as string)} is unknown`,
    );
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw headerInvalid(`the column "${twice}" stands there twice`);
  if (!names.includes('vrm')) throw headerInvalid('there is no column "vrm"');
  return names.map((name) => (COLUMN_NAMES as readonly string[]).indexOf(name));
}

function headerInvalid(found: string): DeviceError {
  return new DeviceError('hotlist.header-invalid', {
    message: `the first row does not name the columns: ${found}; expected some of ${COLUMN_NAMES.join(', ')}, with vrm among them`,
    hint: 'Put a first row with these names into the file and save it as CSV, UTF-8, separated by commas.',
  });
}

/** What a spreadsheet in another language, or an old Macintosh, puts where a comma or a line end belongs. */
function separatorOf(fields: readonly string[]): string | undefined {
  const row = fields.join();
  if (/^"?sep=/i.test(row)) return 'it is a line for a spreadsheet (sep=)';
  if (row.includes('\r')) return 'its lines end with carriage returns alone';
  if (row.includes(';')) return 'its columns are separated by semicolons';
  return row.includes('\t') ? 'its columns are separated by tabs' : undefined;
}

/** A file without a header starts with data, so only what looks like a name is shown. */
function shown(name: string): string {
  return /^[a-z_]{1,40}$/.test(name) ? ` ("${name}")` : '';
}

const [VRM, WEED_DATE, VALID_FROM, VALID_TO] = (['vrm', 'weed_date', 'valid_from', 'valid_to'] as const).map(
  (name) => COLUMN_NAMES.indexOf(name),
) as [number, number, number, number];

/** @param places of the file's columns among all columns. */
function parseRow(places: readonly number[], fields: readonly string[]): VoiEntry | string {
  if (fields.length !== places.length) {
    return `found ${fields.length} fields, expected ${places.length} as in the first row`;
  }
  const values: string[] = new Array(COLUMN_NAMES.length).fill('');
  for (let i = 0; i < places.length; i++) values[places[i] as number] = readField(fields[i] as string);
  const vrm = parseVrm(values[VRM] as string);
  if (vrm === undefined) return 'no valid VRM; expected 1 to 12 letters and digits';
  const weedDate = parseWeedDate(values[WEED_DATE] as string);
  if (weedDate === undefined) return 'no valid weed date; expected YYYY-MM-DD, DD/MM/YYYY or nothing';
  const validFrom = parseInstant(values[VALID_FROM] as string);
  const validTo = parseInstant(values[VALID_TO] as string);
  if (validFrom === undefined || validTo === undefined) {
    return `no valid ${validFrom === undefined ? 'valid_from' : 'valid_to'}; expected a time such as 2026-05-31T18:30 or 31/05/2026 18:30, or nothing`;
  }
  if (validFrom !== '' && validTo !== '' && validTo <= validFrom) return 'valid_to is not after valid_from';
  values[VRM] = vrm;
  values[WEED_DATE] = weedDate;
  values[VALID_FROM] = validFrom;
  values[VALID_TO] = validTo;
  return entryFromValues(values);
}
