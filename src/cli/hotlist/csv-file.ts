import { createReadStream, statSync } from 'node:fs';
import { DeviceError, messageOf } from '../../lib/errors.js';
import { readVoiCsv } from '../../matching/csv-import.js';
import { ListContent } from '../../matching/publisher/list-content.js';
import { counted } from './common.js';
import type { Progress } from './progress.js';

/** Bad rows that are told one by one; the others are counted. */
const TOLD_ROWS = 20;

/** A list read from CSV, and what could not be read of it. */
export interface CsvList {
  readonly content: ListContent;
  readonly badRows: number;
  readonly firstBadRows: readonly { readonly line: number; readonly reason: string }[];
  readonly notUtf8Rows: number;
}

/**
 * @param options.mayBeEmpty whether a header without rows is a list too; bad rows alone never are one.
 * @throws DeviceError hotlist.unreadable where there is no such file; hotlist.header-invalid;
 *   hotlist.row-invalid where not one row is usable: nobody means to empty a list that way.
 */
export async function readCsvList(
  file: string,
  progress: Progress,
  { mayBeEmpty = false }: { readonly mayBeEmpty?: boolean } = {},
): Promise<CsvList> {
  const content = new ListContent();
  const firstBadRows: { line: number; reason: string }[] = [];
  let badRows = 0;
  let notUtf8Rows = 0;
  for await (const row of readVoiCsv(bytesOf(file))) {
    const reason = row.kind === 'bad' ? row.reason : content.add(row.entry);
    if (reason !== undefined) {
      badRows++;
      if (firstBadRows.length < TOLD_ROWS) firstBadRows.push({ line: row.line, reason });
    } else if (row.kind === 'entry' && row.latin1) {
      notUtf8Rows++;
    }
    progress.tell('rows read', content.entryCount + badRows);
  }
  progress.end();
  const list = { content, badRows, firstBadRows, notUtf8Rows };
  if (content.entryCount > 0 || (mayBeEmpty && badRows === 0)) return list;
  tellBadRows(list);
  throw new DeviceError('hotlist.row-invalid', {
    message: `${file} has no usable row`,
    hint: 'Mend the file; the list is as it was.',
  });
}

/** Says on standard error which rows were left out, by line and reason. */
export function tellBadRows({ badRows, firstBadRows, notUtf8Rows }: Omit<CsvList, 'content'>): void {
  for (const { line, reason } of firstBadRows) process.stderr.write(`line ${line}: ${reason}\n`);
  const more = badRows - firstBadRows.length;
  if (more > 0) process.stderr.write(`and ${counted(more, 'more bad row')}\n`);
  if (notUtf8Rows > 0) {
    process.stderr.write(`${counted(notUtf8Rows, 'row')} not in UTF-8: read as Windows-1252\n`);
  }
}

async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    if (!statSync(file).isFile()) throw new Error('it is no file');
    yield* createReadStream(file, { highWaterMark: 1 << 20 });
  } catch (cause) {
    throw new DeviceError('hotlist.unreadable', {
      message: `cannot read ${file}: ${messageOf(cause)}`,
      hint: 'Name a CSV file that this user may read; the list is as it was.',
      cause,
    });
  }
}
