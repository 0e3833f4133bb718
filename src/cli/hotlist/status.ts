import type { Command } from 'commander';
import { askControl } from '../../control/client.js';
import type { DeviceSnapshot } from '../../device-snapshot.js';
import { DeviceError } from '../../lib/errors.js';
import { ukDate } from '../../matching/entry-dates.js';
import { type HotlistSnapshot, settingsOf } from '../../matching/hotlist-snapshot.js';
import type { StoredList } from '../../matching/list-store/list-rows.js';
import type { ListStore } from '../../matching/list-store/list-store.js';
import { openEnvelope } from '../../matching/package/envelope.js';
import { blobNames } from '../../matching/package/parts.js';
import { COLUMN_NAMES } from '../../matching/voi-entry.js';
import { duration } from '../duration.js';
import {
  counted,
  type OpenLists,
  pinnedKeys,
  printJson,
  type StoreOptions,
  withLists,
  withStoreOptions,
} from './common.js';
import { Progress } from './progress.js';

interface StatusOptions extends StoreOptions {
  readonly weeds?: boolean;
}

/** Lists up to this size are read through for their next weed date without being asked to. */
const QUICK_ENTRIES = 100_000;
const ASK_WITHIN_MS = 2_000;

const HELP = `
Shows what is in force on this device, what is being fetched, and, where the daemon answers, how far
it is. The next weed date is when entries will next go off a list by themselves; of lists of over
100,000 entries it is looked for with --weeds only, which reads every row.

Exits 0, or 1 where the lists cannot be read.

Examples:
  anprctl hotlist status
  anprctl hotlist status --weeds --json`;

export function register(hotlist: Command): void {
  const command = hotlist
    .command('status')
    .description('show the lists: revision, age, origin, size, what is being fetched')
    .option('--weeds', 'look for the next weed date on large lists too')
    .addHelpText('after', HELP);
  withStoreOptions(command).action((options: StatusOptions) =>
    withLists(options, 'read', (open) => showStatus(open, options)),
  );
}

interface ListState {
  readonly list?: StoredList & { readonly ageSeconds: number; readonly isOverAge: boolean };
  readonly id: string;
  /** '': no entry is weeded from today on; absent: not looked for. */
  readonly nextWeedDate?: string;
  readonly staged?: {
    readonly revision?: number;
    readonly blobs: number;
    readonly ofBlobs?: number;
    readonly bytes: number;
  };
}

async function showStatus({ store, config }: OpenLists, options: StatusOptions): Promise<void> {
  const nowMs = Date.now();
  const held = store.lists();
  const ids = new Set([...config.hotlist.lists, ...held].map(({ id }) => id));
  const progress = new Progress();
  const states = [...ids].sort().map((id): ListState => {
    const list = held.find((one) => one.id === id);
    const staged = stagedOf(store, id, pinnedKeys(config, id));
    if (list === undefined) return { id, ...(staged && { staged }) };
    const ageMs = Math.max(0, nowMs - list.issuedAtMs);
    const { maximumAgeMs } = settingsOf(config.hotlist, list);
    const isLooked = options.weeds || list.entryCount <= QUICK_ENTRIES;
    return {
      id,
      list: { ...list, ageSeconds: Math.round(ageMs / 1000), isOverAge: ageMs > maximumAgeMs },
      ...(isLooked && { nextWeedDate: nextWeedDate(store, list, progress) }),
      ...(staged && { staged }),
    };
  });
  progress.end();
  const daemon = await askDaemon(config.control.socketPath);
  if (options.json) printJson({ lists: states, daemon });
  else process.stdout.write(rendered(states, daemon));
}

function stagedOf(store: ListStore, id: string, keys: readonly string[]): ListState['staged'] {
  const names = store.stagedNames(id);
  const envelope = store.offer(id);
  if (names.size === 0) return undefined;
  const bytes = [...names.values()].reduce((sum, one) => sum + one, 0);
  const known = { blobs: names.size, bytes };
  if (envelope === undefined) return known;
  try {
    const manifest = openEnvelope(envelope, keys, id);
    // Of the parts that are begun: those that the device does without are never fetched.
    const begun = [manifest.snapshot, ...manifest.deltas].filter((part) =>
      [...blobNames(part)].some((name) => names.has(name)),
    );
    const ofBlobs = begun.reduce((sum, part) => sum + part.blobs, 0);
    return { revision: manifest.revision, ...known, ofBlobs };
  } catch (error) {
    // Its key was taken out of the configuration meanwhile; the daemon drops it.
    if (error instanceof DeviceError) return known;
    throw error;
  }
}

const WEED_DATE = COLUMN_NAMES.indexOf('weed_date');

function nextWeedDate(store: ListStore, list: StoredList, progress: Progress): string {
  const today = ukDate(Date.now());
  let next = '';
  let marks = 0;
  for (const page of store.markPages(list)) {
    for (const { rowsText } of page) {
      for (const row of JSON.parse(rowsText) as string[][]) {
        const date = row[WEED_DATE] ?? '';
        if (date >= today && (next === '' || date < next)) next = date;
      }
    }
    marks += page.length;
    progress.tell(`looking for weed dates on ${list.id}`, marks, list.markCount);
  }
  return next;
}

/** @returns undefined where no daemon answers: the lists are there all the same. */
async function askDaemon(socketPath: string): Promise<HotlistSnapshot | undefined> {
  try {
    return ((await askControl(socketPath, '/status', ASK_WITHIN_MS)) as DeviceSnapshot).hotlist;
  } catch (error) {
    if (error instanceof DeviceError) return undefined;
    throw error;
  }
}

function rendered(states: readonly ListState[], daemon: HotlistSnapshot | undefined): string {
  const lines = states.length === 0 ? ['no lists'] : states.flatMap((state) => listLines(state, daemon));
  if (daemon === undefined) lines.push('the daemon does not answer');
  else {
    const detail = daemon.detail === '' ? '' : `; ${daemon.detail}`;
    lines.push(`the daemon matches ${counted(daemon.markCount, 'mark')}: ${daemon.state}${detail}`);
    if (daemon.clock !== 'credible') {
      lines.push('the clock cannot be right: weed dates and expiries are not applied');
    }
  }
  return `${lines.join('\n')}\n`;
}

function listLines(
  { id, list, nextWeedDate, staged }: ListState,
  daemon: HotlistSnapshot | undefined,
): string[] {
  const lines: string[] = [];
  if (list === undefined) lines.push(`${id}: not here yet`);
  else {
    const owner = list.owner === '' ? '' : `, ${list.owner}`;
    lines.push(
      `${id}: revision ${list.revision} (${list.level}${owner}; ${list.origin}), ${counted(list.entryCount, 'entry', 'entries')} of ${counted(list.markCount, 'mark')}`,
      `  issued ${iso(list.issuedAtMs)}, ${duration(list.ageSeconds)} ago${list.isOverAge ? ': over its age' : ''}; taken over ${iso(list.takenOverAtMs)}`,
    );
    if (list.expiresAtMs !== undefined) lines.push(`  expires ${iso(list.expiresAtMs)}`);
    if (nextWeedDate !== undefined) {
      lines.push(nextWeedDate === '' ? '  no weed date to come' : `  next weed date ${nextWeedDate}`);
    }
  }
  if (staged !== undefined) {
    const { revision, blobs, ofBlobs, bytes } = staged;
    const of = ofBlobs === undefined ? '' : ` of ${ofBlobs}`;
    lines.push(
      `  on its way: ${revision === undefined ? '' : `revision ${revision}, `}${blobs}${of} blobs, ${bytes} bytes`,
    );
  }
  const live = daemon?.lists.find((one) => one.id === id);
  if (live?.inForce?.isMatched === false)
    lines.push('  not matched: the configuration does not name it any more');
  if (live?.sync !== undefined) {
    const { state, revision, refused, failing } = live.sync;
    lines.push(`  sync: ${state}${revision === undefined ? '' : ` (revision ${revision})`}`);
    for (const fault of [refused, failing])
      if (fault !== undefined) lines.push(`  ${fault.message}`, `    ${fault.hint}`);
  }
  return lines;
}

function iso(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}
