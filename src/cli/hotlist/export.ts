import type { Command } from 'commander';
import { writeField } from '../../matching/csv-fields.js';
import type { StoredList } from '../../matching/list-store/list-rows.js';
import type { ListStore } from '../../matching/list-store/list-store.js';
import { COLUMN_NAMES } from '../../matching/voi-entry.js';
import { writeOut, writeWhole } from '../whole-file.js';
import {
  counted,
  listOf,
  parseListId,
  printJson,
  type StoreOptions,
  withLists,
  withStoreOptions,
} from './common.js';
import { Progress } from './progress.js';

interface ExportOptions extends StoreOptions {
  readonly list: string;
  readonly out?: string;
}

const HELP = `
Every row of the list in force, weeded or not, sorted by mark, with all 18 columns. Times are UTC.
A field that a spreadsheet would run as a formula (it begins with = + - or @) is written with an
apostrophe before it; import takes that away again, so that a list which goes through both is the same.
The file is not encrypted: it is its owner's alone (0600), and yours to keep safe.

Exits 0 when it is written, 1 when not.

Examples:
  anprctl hotlist export --list watch --out watch.csv
  anprctl hotlist export --list watch | grep STOP`;

export function register(hotlist: Command): void {
  const command = hotlist
    .command('export')
    .description('write a list as CSV')
    .requiredOption('--list <id>', 'which list', parseListId)
    .option('--out <file>', 'the file to write; otherwise standard output')
    .addHelpText('after', HELP);
  withStoreOptions(command).action((options: ExportOptions) =>
    withLists(options, 'read', async ({ store }) => exportList(store, listOf(store, options.list), options)),
  );
}

async function exportList(store: ListStore, list: StoredList, options: ExportOptions): Promise<void> {
  const { out } = options;
  if (out === undefined) {
    await writeOut(options.json ? jsonLines(store, list) : csvLines(store, list));
    return;
  }
  const progress = new Progress();
  // Spreadsheets take a file without a byte-order mark for the encoding of their country.
  const pages = (function* () {
    yield '\ufeff';
    yield* csvLines(store, list, (marks) => progress.tell('marks written', marks, list.markCount));
  })();
  writeWhole(out, pages, 'hotlist.unreadable');
  progress.end();
  if (options.json) printJson({ list, file: out });
  else
    process.stdout.write(
      `list ${list.id}: revision ${list.revision}, ${counted(list.entryCount, 'entry', 'entries')} written to ${out}\n`,
    );
}

/** The header, then the rows, some thousand marks at a time. */
function* csvLines(
  store: ListStore,
  list: StoredList,
  onProgress?: (marks: number) => void,
): Generator<string> {
  yield `${COLUMN_NAMES.join(',')}\r\n`;
  let marks = 0;
  for (const page of store.markPages(list)) {
    yield page
      .flatMap(({ rowsText }) => JSON.parse(rowsText) as string[][])
      .map((row) => `${row.map(writeField).join(',')}\r\n`)
      .join('');
    marks += page.length;
    onProgress?.(marks);
  }
}

/** One object a row, by the names of the columns. */
function* jsonLines(store: ListStore, list: StoredList): Generator<string> {
  for (const page of store.markPages(list)) {
    yield page
      .flatMap(({ rowsText }) => JSON.parse(rowsText) as string[][])
      .map((row) => `${JSON.stringify(Object.fromEntries(COLUMN_NAMES.map((name, i) => [name, row[i]])))}\n`)
      .join('');
  }
}
