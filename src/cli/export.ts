import { existsSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { DEFAULT_CONFIG_PATH } from '../config/load.js';
import { DeviceError, messageOf } from '../lib/errors.js';
import { openDatabase, type SqliteDatabase } from '../lib/sqlite.js';
import { loadStorageKey } from '../lib/storage-key.js';
import { STORE_MIGRATIONS } from '../store/migrations.js';
import { storedStatements } from '../store/statements.js';
import { configOf, counted } from './hotlist/common.js';
import { Progress } from './hotlist/progress.js';
import { writeOut, writeWhole } from './whole-file.js';

const HELP = `
One statement a line, byte for byte as it was or will be published: hits, reads, events and losses,
in the order of commits. The store is opened to be read alone; the daemon may run meanwhile. Records that were
delivered are erased after store.retentionDays, so the first number is seldom 1: give it to anprctl
verify as --from.

The file is not encrypted: it is its owner's alone (0600), and yours to keep safe.

Exits 0 when it is written, 1 when not.

Examples:
  anprctl export --out evidence.ndjson
  anprctl export --from 1200 --to 1300 --out - | anprctl verify - --from 1200 --key unit-7.pem`;

interface ExportOptions {
  readonly config?: string;
  readonly database?: string;
  readonly storageKey?: string;
  readonly chain?: string;
  readonly from: number;
  readonly to: number;
  readonly out: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('export')
    .description('write the signed statements of this device, which anprctl verify checks')
    .requiredOption('--out <file>', 'the file to write; - is standard output')
    .option('--from <number>', 'number of the first statement', wholeNumber, 1)
    .option('--to <number>', 'number of the last', wholeNumber, Number.MAX_SAFE_INTEGER)
    .option('--chain <id>', 'of this chain alone; a store that was damaged has several')
    .option('--config <file>', `configuration of the device (${DEFAULT_CONFIG_PATH})`)
    .option('--database <path>', 'another database than the configuration names')
    .option('--storage-key <file>', 'another storage key than the configuration names')
    .option('--json', 'print JSON of what was written to the file')
    .addHelpText('after', HELP)
    .action(async (options: ExportOptions) => {
      const config = await configOf(options);
      const key = loadStorageKey(
        options.storageKey === undefined ? config.storage : { keyFile: options.storageKey },
      );
      const path = options.database ?? config.store.path;
      if (!existsSync(path)) throw unreadable(path, 'there is no such file');
      const database = openDatabase(path, STORE_MIGRATIONS, { key, readonly: true });
      try {
        await exportStatements(database, path, options);
      } finally {
        database.close();
      }
    });
}

/** What was written of a chain. */
interface ExportedChain {
  readonly chain: string;
  statements: number;
  readonly first: number;
  last: number;
}

async function exportStatements(
  database: SqliteDatabase,
  path: string,
  options: ExportOptions,
): Promise<void> {
  const chains = new Map<string, ExportedChain>();
  const progress = new Progress();
  const pages = pagesOf(database, path, options, chains, progress);
  if (options.out === '-') return writeOut(pages);
  writeWhole(options.out, pages, 'evidence.export-failed');
  progress.end();
  const { out: file, json } = options;
  const written = [...chains.values()];
  if (json) process.stdout.write(`${JSON.stringify({ file, chains: written })}\n`);
  else process.stdout.write(written.length === 0 ? `${file}: no statement\n` : written.map(toLine).join(''));
}

function toLine({ chain, statements, first, last }: ExportedChain): string {
  return `chain ${chain}: ${counted(statements, 'statement')}, ${first} to ${last}\n`;
}

const PAGE_STATEMENTS = 500;

function* pagesOf(
  database: SqliteDatabase,
  path: string,
  { from, to, chain }: ExportOptions,
  chains: Map<string, ExportedChain>,
  progress: Progress,
): Generator<string> {
  let afterPosition = 0;
  let read = 0;
  for (;;) {
    const page = pageOf(database, path, afterPosition);
    const wanted = page.filter(
      (one) => one.sequence >= from && one.sequence <= to && (chain ?? one.chain) === one.chain,
    );
    for (const one of wanted) {
      const { sequence } = one;
      const known = chains.get(one.chain) ?? { chain: one.chain, statements: 0, first: sequence, last: 0 };
      known.statements++;
      known.last = sequence;
      chains.set(one.chain, known);
    }
    yield wanted.map(({ text }) => `${text}\n`).join('');
    read += page.length;
    progress.tell('statements read', read);
    const last = page.at(-1);
    if (last === undefined) return;
    afterPosition = last.position;
  }
}

function pageOf(database: SqliteDatabase, path: string, afterPosition: number) {
  try {
    return storedStatements(database, { afterPosition, limit: PAGE_STATEMENTS });
  } catch (cause) {
    throw unreadable(path, messageOf(cause), cause);
  }
}

function unreadable(path: string, reason: string, cause?: unknown): DeviceError {
  return new DeviceError('evidence.export-failed', {
    message: `cannot read statements from ${path}: ${reason}`,
    hint: 'Name the store of a device whose daemon has run in this version; a damaged one is mended by the daemon.',
    cause,
  });
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('Expected a whole number from 1.');
  return value;
}
