import { createReadStream, statSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { DEFAULT_CONFIG_PATH, loadConfig } from '../config/load.js';
import { foldVrm, parseVrm, type Vrm } from '../domain/vrm.js';
import { DeviceError, messageOf } from '../lib/errors.js';
import { loadStorageKey, type StorageKey } from '../lib/storage-key.js';
import { type ImportedRow, readVoiCsv } from '../matching/csv-import.js';
import { isWeeded, ukDate } from '../matching/entry-dates.js';
import { isListId, VoiStore } from '../matching/voi-store.js';
import { EXIT_FAILURE } from './failure.js';

interface Options {
  readonly config?: string;
  readonly database?: string;
  readonly json?: boolean;
}

/** Bad rows that are told one by one; the others are counted. */
const TOLD_ROWS = 20;
const TELL_EVERY_ROWS = 50_000;

export function register(program: Command): void {
  const hotlist = program.command('hotlist').description('import VOI lists, and ask what is on them');
  const common = (command: Command) =>
    command
      .option('--config <file>', `configuration that names the database (${DEFAULT_CONFIG_PATH})`)
      .option('--database <path>', 'the database itself, without a configuration')
      .option('--json', 'print JSON');
  common(
    hotlist
      .command('import')
      .description('replace a list by a CSV file; exits 1 and keeps the old list where no row is usable')
      .argument('<file>', 'CSV whose first row names the columns, vrm among them')
      .requiredOption('--list <id>', 'which list: 1 to 32 of a-z, 0-9 and -', parseListId),
  ).action(async (file: string, options: Options & { list: string }) => {
    process.exitCode = await importList(file, options.list, options);
  });
  common(hotlist.command('list').description('show the lists, their revisions, sizes and ages')).action(
    async (options: Options) => showLists(await openLists(options), options),
  );
  common(
    hotlist
      .command('check')
      .description('ask whether a vehicle is on a list; exits 0 if it is, 1 if not')
      .argument('<vrm>', 'a registration mark, with or without spaces', parseMark),
  ).action(async (vrm: Vrm, options: Options) => {
    process.exitCode = check(await openLists(options), vrm, options);
  });
}

function parseListId(text: string): string {
  if (!isListId(text))
    throw new InvalidArgumentError('expected 1 to 32 of a-z, 0-9 and -, for example stolen');
  return text;
}

function parseMark(text: string): Vrm {
  const vrm = parseVrm(text);
  if (vrm === undefined) throw new InvalidArgumentError('expected 1 to 12 letters and digits');
  return vrm;
}

/** Where the lists are, and under which key; with --database, the key of a device without a configuration. */
async function whereabouts(options: Options): Promise<{ path: string; key: StorageKey }> {
  if (options.database !== undefined) return { path: options.database, key: loadStorageKey({}) };
  const config = await loadConfig(options.config);
  return { path: config.hotlist.path, key: loadStorageKey(config.storage) };
}

async function openLists(options: Options): Promise<VoiStore> {
  const store = new VoiStore({ ...(await whereabouts(options)), readonly: true });
  store.open();
  return store;
}

async function importList(file: string, listId: string, options: Options): Promise<number> {
  const source = openFile(file);
  const store = new VoiStore(await whereabouts(options));
  const tally = { entries: 0, latin1: 0, bad: [] as { line: number; reason: string }[], badCount: 0 };
  async function* usable() {
    for await (const row of readVoiCsv(source)) {
      if (countRow(row, tally)) yield row;
      if ((tally.entries + tally.badCount) % TELL_EVERY_ROWS === 0) {
        process.stderr.write(`${tally.entries + tally.badCount} rows read\n`);
      }
    }
  }
  store.open();
  try {
    const list = await store.replaceList(listId, usable(), Date.now());
    const summary = {
      list: list ?? null,
      entries: tally.entries,
      badRows: tally.badCount,
      firstBadRows: tally.bad,
      notUtf8Rows: tally.latin1,
    };
    if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    else tellImport(listId, summary);
    return list === undefined ? EXIT_FAILURE : 0;
  } finally {
    store.close();
  }
}

async function* openFile(file: string): AsyncGenerator<Uint8Array> {
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

/** @returns whether the row is an entry. */
function countRow(
  row: ImportedRow,
  tally: { entries: number; latin1: number; bad: { line: number; reason: string }[]; badCount: number },
): row is ImportedRow & { kind: 'entry' } {
  if (row.kind === 'bad') {
    tally.badCount++;
    if (tally.bad.length < TOLD_ROWS) tally.bad.push({ line: row.line, reason: row.reason });
    return false;
  }
  tally.entries++;
  if (row.latin1) tally.latin1++;
  return true;
}

function tellImport(
  listId: string,
  summary: {
    list: { revision: number } | null;
    entries: number;
    badRows: number;
    firstBadRows: readonly { line: number; reason: string }[];
    notUtf8Rows: number;
  },
): void {
  for (const { line, reason } of summary.firstBadRows) process.stderr.write(`line ${line}: ${reason}\n`);
  const more = summary.badRows - summary.firstBadRows.length;
  if (more > 0) process.stderr.write(`and ${more} more bad rows\n`);
  if (summary.notUtf8Rows > 0) {
    process.stderr.write(`${summary.notUtf8Rows} rows are not UTF-8 and were read as Windows-1252\n`);
  }
  process.stdout.write(
    summary.list === null
      ? `no usable row: list ${listId} is as it was\n`
      : `list ${listId}: revision ${summary.list.revision}, ${summary.entries} entries, ${summary.badRows} bad rows left out\n`,
  );
}

function showLists(store: VoiStore, options: Options): void {
  const nowMs = Date.now();
  const lists = store
    .lists()
    .map((list) => ({ ...list, ageSeconds: Math.round((nowMs - list.importedAtMs) / 1000) }));
  store.close();
  if (options.json) {
    process.stdout.write(`${JSON.stringify(lists)}\n`);
    return;
  }
  if (lists.length === 0) process.stdout.write('no lists\n');
  for (const { id, revision, entryCount, importedAtMs } of lists) {
    const importedAt = new Date(importedAtMs).toISOString();
    process.stdout.write(`${id}: revision ${revision}, ${entryCount} entries, imported ${importedAt}\n`);
  }
}

function check(store: VoiStore, vrm: Vrm, options: Options): number {
  const today = ukDate(Date.now());
  const found = store.find(foldVrm(vrm)).filter(({ entry }) => !isWeeded(entry, today));
  store.close();
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ vrm, entries: found })}\n`);
  } else if (found.length === 0) {
    process.stdout.write(`${vrm}: on no list\n`);
  }
  if (!options.json) {
    for (const { list, entry } of found) {
      const spelling = entry.vrm === vrm ? 'exact' : `equivalent (${entry.vrm})`;
      const about = [entry.action, entry.make, entry.model, entry.colour, entry.reason].filter(
        (text) => text !== '',
      );
      process.stdout.write(
        `${vrm}: ${spelling} on ${list.id}, revision ${list.revision}: ${about.join(', ')}\n`,
      );
    }
  }
  return found.length > 0 ? 0 : EXIT_FAILURE;
}
