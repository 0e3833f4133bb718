import type { Command } from 'commander';
import { systemClock } from '../../lib/clock.js';
import { DeviceError } from '../../lib/errors.js';
import type { ListMeta, StoredList } from '../../matching/list-store/list-rows.js';
import type { ListStore } from '../../matching/list-store/list-store.js';
import type { MarkGroup } from '../../matching/mark-group.js';
import { type Changes, type ComparedMark, differences } from '../../matching/publisher/revisions.js';
import { refuseShrinking } from '../../matching/publisher/shrinking.js';
import { takePackage } from '../../matching/sync/take-package.js';
import {
  counted,
  type OpenLists,
  parseListId,
  pinnedKeys,
  printJson,
  type StoreOptions,
  type TermsOptions,
  withLists,
  withStoreOptions,
  withTermsOptions,
} from './common.js';
import { type CsvList, readCsvList, tellBadRows } from './csv-file.js';
import { openPackage, type PackageSource } from './package-source.js';
import { Progress } from './progress.js';

interface ImportOptions extends StoreOptions, TermsOptions {
  readonly list: string;
  readonly acceptRemovals?: boolean;
}

const HELP = `
A package, as one file or as its folder, is taken over by the rules of the broker's: with the keys
that hotlist.lists pins, only forward, as a snapshot or as the deltas that lead there.
A CSV is for lists without pinned keys. Its first row names the columns, vrm among them:
  vrm,make,model,colour,action,warning_markers,reason,intelligence_grading,information_action,
  force_and_area,weed_date,pnc_id,protective_marking,cad_information,spare_1,spare_2,valid_from,valid_to
Bad rows are named by line and left out. The running daemon takes the list over by itself.

Exits 0 when the list is in force, 1 when it could not be taken over and is as it was.

Examples:
  anprctl hotlist import watch.csv --list watch --default-action STOP --expires 48h
  anprctl hotlist import /media/stick/stolen.voi --list stolen`;

/** A local list moves by a delta while that touches less than this share of its marks. */
const DELTA_SHARE = 0.2;

export function register(hotlist: Command): void {
  const command = hotlist
    .command('import')
    .description('take a list over: from a CSV file, or from a signed package')
    .argument('<file>', 'a CSV file, a package (.voi) or the folder of one')
    .requiredOption('--list <id>', 'which list: 1 to 32 of a-z, 0-9 and -', parseListId)
    .option('--accept-removals', 'also where a CSV lacks more than half of the marks; otherwise refused')
    .addHelpText('after', HELP);
  withStoreOptions(withTermsOptions(command, 'of a CSV; as it was before')).action(
    (file: string, options: ImportOptions) => importList(file, options, command),
  );
}

async function importList(file: string, options: ImportOptions, command: Command): Promise<void> {
  const source = openPackage(file);
  try {
    const { level, owner, defaultAction, expires } = options;
    if (source !== undefined && [level, owner, defaultAction, expires].some((term) => term !== undefined)) {
      command.error(
        'error: --level, --owner, --default-action and --expires are for a CSV; a package says them itself',
      );
    }
    await withLists(options, 'write', (open) =>
      source === undefined ? importCsv(file, options, open) : importPackage(source, options, open),
    );
  } finally {
    source?.close();
  }
}

async function importPackage(
  { envelope, readBlob }: PackageSource,
  options: ImportOptions,
  { store, config }: OpenLists,
): Promise<void> {
  const publicKeys = pinnedKeys(config, options.list);
  if (publicKeys.length === 0) {
    throw new DeviceError('hotlist.signature-invalid', {
      message: `no key is pinned for the list ${options.list}, so nobody can vouch for a package`,
      hint: `Add its owner's key to the configuration:  hotlist: {lists: [{id: ${options.list}, publicKeys: [...]}]}`,
    });
  }
  const progress = new Progress();
  const list = await takePackage({
    store,
    listId: options.list,
    publicKeys,
    envelope,
    readBlob,
    clock: systemClock,
    onProgress: (done, of) => progress.tell('blobs taken', done, of),
    onApplying: (done, of) => progress.tell('marks written', done, of),
  });
  progress.end();
  if (options.json) printJson({ list });
  else process.stdout.write(`${described(list)}, signed\n`);
}

async function importCsv(file: string, options: ImportOptions, { store, config }: OpenLists): Promise<void> {
  if (pinnedKeys(config, options.list).length > 0) {
    throw new DeviceError('hotlist.signature-invalid', {
      message: `the list ${options.list} has keys pinned in the configuration: it is taken only as its owner signed it, and a CSV is signed by nobody`,
      hint: "Import the owner's package (.voi, or its folder), or choose another id for a list of your own.",
    });
  }
  const progress = new Progress();
  const csv = await readCsvList(file, progress);
  tellBadRows(csv);
  const { list, changes } = await putLocalList(store, csv.content, options, progress);
  const { badRows, firstBadRows, notUtf8Rows } = csv;
  if (options.json) {
    printJson({ list, changes, entries: list.entryCount, badRows, firstBadRows, notUtf8Rows });
    return;
  }
  const { added, changed, removed } = changes;
  process.stdout.write(
    `${described(list)}; ${added} added, ${changed} changed, ${removed} removed; ${counted(badRows, 'bad row')} left out\n`,
  );
}

function described({ id, revision, entryCount, markCount }: StoredList): string {
  return `list ${id}: revision ${revision}, ${counted(entryCount, 'entry', 'entries')} of ${counted(markCount, 'mark')}`;
}

/** Makes the next revision of a local list: by what changed where that is little, else anew. */
async function putLocalList(
  store: ListStore,
  content: CsvList['content'],
  options: ImportOptions,
  progress: Progress,
): Promise<{ list: StoredList; changes: Changes }> {
  const before = store.lists().find(({ id }) => id === options.list);
  // What an owner said of a list that was synced once is not said of an administrator's.
  const said = before?.origin === 'local' ? before : undefined;
  if (!options.acceptRemovals) {
    refuseShrinking({ before: said?.markCount ?? 0, after: content.markCount });
  }
  const nowMs = Date.now();
  const meta: ListMeta = {
    id: options.list,
    level: options.level ?? said?.level ?? 'local',
    owner: options.owner ?? said?.owner ?? '',
    defaultAction: options.defaultAction ?? said?.defaultAction ?? '',
    ...(options.expires !== undefined && { expiresAtMs: options.expires }),
    revision: store.highestRevision(options.list) + 1,
    issuedAtMs: nowMs,
    takenOverAtMs: nowMs,
    markCount: content.markCount,
    entryCount: content.entryCount,
    origin: 'local',
  };
  const changes: Changes = { added: 0, changed: 0, removed: 0 };
  const most = before === undefined ? -1 : DELTA_SHARE * before.markCount;
  const different: MarkGroup[] = [];
  let count = 0;
  for (const group of differences(marksOf(store, before), content.groups(), changes)) {
    count++;
    if (count <= most) different.push(group);
    progress.tell('marks that changed', count);
  }
  const list =
    before !== undefined && count <= most
      ? store.applyDelta(meta, before.revision, different)
      : await store.replaceList(meta, content.groups(), {
          onProgress: (marks) => progress.tell('marks written', marks, content.markCount),
        });
  progress.end();
  return { list, changes };
}

function* marksOf(store: ListStore, list: StoredList | undefined): Generator<ComparedMark> {
  if (list === undefined) return;
  for (const page of store.markPages(list)) yield* page;
}
