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
  let header: readonly string[] | undefined;
  for await (const row of csvRows(source)) {
    if (header === undefined) {
      header = parseHeader('fields' in row ? row.fields : [row.problem]);
    } else if ('problem' in row) {
      yield { kind: 'bad', line: row.line, reason: row.problem };
    } else {
      const result = parseRow(header, row.fields);
      yield typeof result === 'string'
        ? { kind: 'bad', line: row.line, reason: result }
        : { kind: 'entry', line: row.line, entry: result, latin1: row.latin1 };
    }
  }
  if (header === undefined) throw headerInvalid('the file is empty');
}

/** The known name of each column of the file. */
function parseHeader(fields: readonly string[]): string[] {
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
  if (unknown !== -1)
    throw headerInvalid(`column ${unknown + 1}${shown(names[unknown] as string)} is unknown`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw headerInvalid(`the column "${twice}" stands there twice`);
  if (!names.includes('vrm')) throw headerInvalid('there is no column "vrm"');
  return names;
}

function headerInvalid(found: string): DeviceError {
  return new DeviceError('hotlist.header-invalid', {
    message: `the first row does not name the columns: ${found}; expected some of ${COLUMN_NAMES.join(', ')}, with vrm among them`,
    hint: 'Put a first row with these names into the file and save it as CSV, UTF-8, separated by commas.',
  });
}

/** A file without a header starts with data, so only what looks like a name is shown. */
function shown(name: string): string {
  return /^[a-z_]{1,40}$/.test(name) ? ` ("${name}")` : '';
}

function parseRow(header: readonly string[], fields: readonly string[]): VoiEntry | string {
  if (fields.length !== header.length) {
    return `found ${fields.length} fields, expected ${header.length} as in the first row`;
  }
  const byName = new Map(header.map((name, index) => [name, readField(fields[index] as string)]));
  const vrm = parseVrm(byName.get('vrm') as string);
  if (vrm === undefined) return 'no valid VRM; expected 1 to 12 letters and digits';
  const weedDate = parseWeedDate(byName.get('weed_date') ?? '');
  if (weedDate === undefined) return 'no valid weed date; expected YYYY-MM-DD, DD/MM/YYYY or nothing';
  const validFrom = parseInstant(byName.get('valid_from') ?? '');
  const validTo = parseInstant(byName.get('valid_to') ?? '');
  if (validFrom === undefined || validTo === undefined) {
    return `no valid ${validFrom === undefined ? 'valid_from' : 'valid_to'}; expected a time such as 2026-05-31T18:30 or 31/05/2026 18:30, or nothing`;
  }
  if (validFrom !== '' && validTo !== '' && validTo <= validFrom) return 'valid_to is not after valid_from';
  byName.set('vrm', vrm).set('weed_date', weedDate);
  byName.set('valid_from', validFrom).set('valid_to', validTo);
  return entryFromValues(COLUMN_NAMES.map((name) => byName.get(name) ?? ''));
}
