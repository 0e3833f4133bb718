import type { Command } from 'commander';
import type { Confusions } from '../../domain/confusion.js';
import { NO_CONFUSIONS } from '../../domain/confusion.js';
import { classify } from '../../domain/grammar/forms.js';
import type { PlateRead } from '../../domain/read.js';
import type { MatchedEntry, VoiEntry } from '../../domain/voi.js';
import { foldVrm, type MatchKey, type Vrm } from '../../domain/vrm.js';
import { DeviceError } from '../../lib/errors.js';
import { clockCredibility } from '../../matching/clock-credibility.js';
import { Candidates } from '../../matching/doubt/candidates.js';
import { entriesInForce, isInForce } from '../../matching/entry-dates.js';
import type { StoredList } from '../../matching/list-store/list-rows.js';
import type { ListStore } from '../../matching/list-store/list-store.js';
import { unpackKey } from '../../matching/packed-key.js';
import { byUrgency } from '../../matching/urgency.js';
import { loadConfusions } from '../../plates/manifest.js';
import { EXIT_FAILURE } from '../failure.js';
import {
  type OpenLists,
  parseMark,
  printJson,
  type StoreOptions,
  withLists,
  withStoreOptions,
} from './common.js';

const HELP = `
Looks as the daemon does now: without what is weeded, not valid yet or no longer, or expired.
Marks on a list that the reader may take for this one are named too; they do not count for the exit code.

Exits 0 where the vehicle is on a list, 1 where it is on none.

Examples:
  anprctl hotlist check 'AB12 CDE'
  anprctl hotlist check AB12CDE --json`;

export function register(hotlist: Command): void {
  const command = hotlist
    .command('check')
    .description('ask whether a vehicle is on a list; exits 0 if it is, 1 if not')
    .argument('<vrm>', 'a registration mark, with or without spaces', parseMark)
    .addHelpText('after', HELP);
  withStoreOptions(command).action((vrm: Vrm, options: StoreOptions) =>
    withLists(options, 'read', async (open) => {
      const isListed = await check(open, vrm, options);
      if (!isListed) process.exitCode = EXIT_FAILURE;
    }),
  );
}

interface Found extends MatchedEntry {
  readonly list: StoredList;
}

async function check({ store, config }: OpenLists, vrm: Vrm, options: StoreOptions): Promise<boolean> {
  const nowMs = Date.now();
  const all = store.lists();
  // What was synced once, and is not in the configuration any more, is not matched.
  const named = all.filter(
    ({ id, origin }) => origin === 'local' || config.hotlist.lists.some((list) => list.id === id),
  );
  const look = lookerAt(store, named, nowMs);
  const found = look(foldVrm(vrm));
  const confusions = await confusionsOf(config.plates.modelsFolder);
  const lookalikes = lookalikesOf(vrm, confusions)
    .map((key) => look(key))
    .filter((entries) => entries.length > 0);
  if (options.json) {
    printJson({
      vrm,
      entries: found.map((one) => ({ kind: kindOf(one.entry, vrm), ...one })),
      lookalikes: lookalikes.flat(),
    });
  } else {
    process.stdout.write(rendered(vrm, found, lookalikes));
  }
  return found.length > 0;
}

/** What the lists say of a mark now, the most urgent first. */
function lookerAt(store: ListStore, lists: readonly StoredList[], nowMs: number): (key: MatchKey) => Found[] {
  const moment = { readAtMs: nowMs, nowMs, clock: clockCredibility(nowMs, lists) };
  const isListed = entriesInForce(moment);
  const inForce = lists.filter((list) => isInForce(list, moment));
  return (key) =>
    inForce
      .flatMap((list) =>
        store
          .rows(list, key)
          .filter(isListed)
          .map((entry) => ({ list, entry, action: entry.action || list.defaultAction })),
      )
      .sort(byUrgency);
}

/** Models that cannot be read are told by the daemon; what is listed is listed all the same. */
async function confusionsOf(modelsFolder: string): Promise<Confusions> {
  try {
    return await loadConfusions(modelsFolder);
  } catch (error) {
    if (error instanceof DeviceError) return NO_CONFUSIONS;
    throw error;
  }
}

/** A reading as sure as most are. */
const SURE = 0.95;
/** Less often than once in a million readings, nobody would take the one for the other. */
const LEAST_PROBABILITY = 1e-6;

/** Marks that the reader may take for this one, the likeliest first. */
function lookalikesOf(vrm: Vrm, confusions: Confusions): MatchKey[] {
  const ukClass = classify(vrm);
  const read: PlateRead = {
    vrm,
    matchKey: foldVrm(vrm),
    probability: SURE,
    characters: [...vrm].map((character) => ({ character, probability: SURE, alternatives: [] })),
    lines: [vrm],
    ...(ukClass !== undefined && { ukClass }),
  };
  const candidates = new Candidates(confusions);
  candidates.find(read, LEAST_PROBABILITY);
  const keys = new Set<MatchKey>();
  for (let place = 0; place < candidates.count; place++) {
    keys.add(unpackKey(candidates.highs[place] as number, candidates.lows[place] as number));
  }
  keys.delete(read.matchKey);
  return [...keys];
}

function kindOf(entry: VoiEntry, vrm: Vrm): 'exact' | 'equivalent' {
  return entry.vrm === vrm ? 'exact' : 'equivalent';
}

function rendered(vrm: Vrm, found: readonly Found[], lookalikes: readonly Found[][]): string {
  const lines = found.map(({ list, entry, action }) => {
    const kind = kindOf(entry, vrm);
    const about = [action, entry.make, entry.model, entry.colour, entry.reason].filter((text) => text !== '');
    const said = about.length === 0 ? '' : `: ${about.join(', ')}`;
    return `${vrm}: ${kind === 'exact' ? kind : `${kind} (${entry.vrm})`} on ${list.id}, revision ${list.revision}${said}`;
  });
  if (lines.length === 0) lines.push(`${vrm}: on no list`);
  for (const entries of lookalikes) {
    const marks = [...new Set(entries.map(({ entry }) => entry.vrm))].join(' = ');
    const lists = [...new Set(entries.map(({ list }) => list.id))].join(', ');
    lines.push(`possible: ${marks} on ${lists}, which the reader may take for it`);
  }
  return `${lines.join('\n')}\n`;
}
