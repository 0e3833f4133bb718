import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { DeviceConfig } from '../../config/schema.js';
import { DeviceError } from '../../lib/errors.js';
import { isListId } from '../../matching/list-store/list-rows.js';
import { openEnvelope } from '../../matching/package/envelope.js';
import type { Manifest } from '../../matching/package/manifest.js';
import {
  type Changes,
  type ComparedMark,
  compared,
  groupsOfPackage,
  kindOf,
} from '../../matching/publisher/revisions.js';
import {
  configOf,
  gatheredKeys,
  listOf,
  printJson,
  type StoreOptions,
  withLists,
  withStoreOptions,
} from './common.js';
import { readCsvList, tellBadRows } from './csv-file.js';
import { openPackage } from './package-source.js';
import { Progress } from './progress.js';

interface DiffOptions extends StoreOptions {
  readonly list?: boolean;
  readonly publicKey: readonly string[];
}

const HELP = `
Each side is a CSV file, a package (.voi), the folder of a package, or the id of a list on this device.
Packages are verified with the keys that the configuration pins, or with --public-key.
Marks are compared with all their rows; O counts as 0 and I as 1.

Exits 0 when they were compared, whatever came of it, 1 when not.

Examples:
  anprctl hotlist diff yesterday.csv today.csv
  anprctl hotlist diff watch watch.csv --list
  anprctl hotlist diff stolen stolen.voi --json`;

const SIGNS = { added: '+', changed: '~', removed: '-' } as const satisfies Record<keyof Changes, string>;

export function register(hotlist: Command): void {
  const command = hotlist
    .command('diff')
    .description('count what was added, changed and removed from one list to another')
    .argument('<a>', 'the list before: a file, a folder or the id of a list')
    .argument('<b>', 'the list after')
    .option('--list', 'also name each mark that differs: + added, ~ changed, - removed')
    .option('--public-key <key>', "a key of a package's owner", gatheredKeys, [])
    .addHelpText('after', HELP);
  withStoreOptions(command).action((a: string, b: string, options: DiffOptions) =>
    withSide(a, options, (before) => withSide(b, options, (after) => diff(before, after, options))),
  );
}

/** Ascending. */
type Side = Iterable<ComparedMark>;

async function diff(before: Side, after: Side, options: DiffOptions): Promise<void> {
  const changes: Changes = { added: 0, changed: 0, removed: 0 };
  const marks: Record<keyof Changes, string[]> = { added: [], changed: [], removed: [] };
  const progress = new Progress();
  let count = 0;
  for (const difference of compared(before, after)) {
    const kind = kindOf(difference);
    changes[kind]++;
    progress.tell('marks that differ', ++count);
    if (!options.list) continue;
    const mark = markOf((difference.after ?? difference.before) as ComparedMark);
    if (options.json) marks[kind].push(mark);
    else process.stdout.write(`${SIGNS[kind]} ${mark}\n`);
  }
  progress.end();
  if (options.json) {
    printJson({ ...changes, ...(options.list && { marks }) });
    return;
  }
  const { added, changed, removed } = changes;
  process.stdout.write(`${added} added, ${changed} changed, ${removed} removed\n`);
}

/** As its first row spells it. */
function markOf({ rowsText }: ComparedMark): string {
  return (JSON.parse(rowsText) as string[][])[0]?.[0] as string;
}

async function withSide(
  name: string,
  options: DiffOptions,
  work: (side: Side) => Promise<void>,
): Promise<void> {
  if (!existsSync(name) && isListId(name)) {
    return withLists(options, 'read', ({ store }) => {
      const pages = store.markPages(listOf(store, name));
      return work(flattened(pages));
    });
  }
  const source = openPackage(name);
  if (source === undefined) {
    const csv = await readCsvList(name, new Progress());
    tellBadRows(csv);
    return work(csv.content.groups());
  }
  try {
    await work(groupsOfPackage(await verified(source.envelope, options), source.readBlob));
  } finally {
    source.close();
  }
}

function* flattened<T>(pages: Iterable<readonly T[]>): Generator<T> {
  for (const page of pages) yield* page;
}

/** Which list a package is of, nobody has said: it is the one whose owner's key signed it. */
async function verified(envelope: Uint8Array, options: DiffOptions): Promise<Manifest> {
  if (options.publicKey.length > 0) return openEnvelope(envelope, options.publicKey);
  const config: DeviceConfig = await configOf(options);
  for (const { id, publicKeys } of config.hotlist.lists) {
    try {
      return openEnvelope(envelope, publicKeys, id);
    } catch (error) {
      if (!(error instanceof DeviceError) || error.code !== 'hotlist.signature-invalid') throw error;
    }
  }
  throw new DeviceError('hotlist.signature-invalid', {
    message: 'the package is not signed by a key that the configuration pins for its list',
    hint: "Name its owner's key with --public-key KEY, or the configuration with --config FILE.",
  });
}
