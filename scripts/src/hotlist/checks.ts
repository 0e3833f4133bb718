import type { Confusions } from '../../../src/domain/confusion.js';
import type { PlateRead } from '../../../src/domain/read.js';
import { foldVrm, type MatchKey, parseVrm, type Vrm } from '../../../src/domain/vrm.js';
import type { StorageKey } from '../../../src/lib/storage-key.js';
import { KeyIndex } from '../../../src/matching/key-index.js';
import { ListStore } from '../../../src/matching/list-store/list-store.js';
import { type EntrySource, type ListInForce, Matcher } from '../../../src/matching/matcher.js';
import { quantile } from './quantile.js';

/** What a check costs against one list, in microseconds. */
export interface CheckCost {
  /** The read's own text and nothing else, of reads of which one in 1,000 is on the list. */
  readonly exactP99Us: number;
  /** CPU time, which a busy machine changes little. */
  readonly exactCpuUs: number;
  /** With every text that the read may be. */
  readonly doubtP50Us: number;
  readonly doubtP99Us: number;
  readonly doubtCpuUs: number;
  /** One that is a hit, its entry read from the store. */
  readonly hitP50Us: number;
  readonly indexBytesPerMark: number;
}

const CHECKS = 40_000;
const LISTED_ONE_IN = 1_000;
/** The default of the configuration, for a list of so many marks. */
const LISTED_SHARE = 0.01;
const OF_MARKS = 2_000_000;
/** The compiler optimises what runs often; a device has run for months. */
const WARM_UP_CHECKS = 60_000;

/** Measures checks of reads against the one list in a store, entries fetched and decrypted. */
export function measureChecks(options: {
  readonly path: string;
  readonly key: StorageKey;
  readonly reads: readonly PlateRead[];
  readonly confusions: Confusions;
  /** Marks that are on the list. */
  readonly listed: readonly MatchKey[];
}): CheckCost {
  const store = new ListStore({ path: options.path, key: options.key, readonly: true });
  store.open();
  try {
    const [list] = store.lists();
    if (list === undefined) throw new Error('there is no list to measure');
    const index = KeyIndex.build(store.keyPages(list), list.markCount);
    const source: EntrySource = { entriesOf: (_, key) => store.rows(list, key) };
    const held = (publishFrom: number): ListInForce => ({
      list,
      generation: list.generation,
      index,
      settings: { publishFrom, alertFrom: 0.5, listedShare, maximumAgeMs: 86_400_000 },
    });
    // So that one mark is as likely to pass on a list of any size: costs then differ by the size alone.
    const listedShare = (LISTED_SHARE * list.markCount) / OF_MARKS;
    const matcher = new Matcher({ confusions: options.confusions });
    const check = (read: PlateRead, lists: readonly ListInForce[]) => {
      const nowMs = list.issuedAtMs;
      return matcher.match(read, { readAtMs: nowMs, nowMs, clock: 'credible' }, lists, source);
    };
    const unlisted = options.reads.filter(({ matchKey }) => !index.has(matchKey));
    const listed = options.listed.map(sureRead);
    const mixed = Array.from({ length: CHECKS }, (_, i) =>
      i % LISTED_ONE_IN === 0 ? pick(listed, i / LISTED_ONE_IN) : pick(unlisted, i),
    );
    const time = (reads: readonly PlateRead[], publishFrom: number) => {
      const lists = [held(publishFrom)];
      for (let i = 0; i < WARM_UP_CHECKS; i++) check(pick(reads, i), lists);
      const before = process.cpuUsage();
      const eachUs = reads.map((read) => {
        const began = process.hrtime.bigint();
        check(read, lists);
        return Number(process.hrtime.bigint() - began) / 1_000;
      });
      const { user, system } = process.cpuUsage(before);
      return { eachUs, cpuUs: (user + system) / reads.length };
    };
    // From 1 on nothing is admitted but what was read.
    const exact = time(mixed, 1);
    const doubt = time(mixed, 0.001);
    const hits = time(listed, 1);
    return {
      exactP99Us: quantile(exact.eachUs, 0.99),
      exactCpuUs: exact.cpuUs,
      doubtP50Us: quantile(doubt.eachUs, 0.5),
      doubtP99Us: quantile(doubt.eachUs, 0.99),
      doubtCpuUs: doubt.cpuUs,
      hitP50Us: quantile(hits.eachUs, 0.5),
      indexBytesPerMark: index.bytes / index.count,
    };
  } finally {
    store.close();
  }
}

/** A read of which nothing is in doubt. */
function sureRead(key: MatchKey): PlateRead {
  const vrm = parseVrm(key) as Vrm;
  const characters = [...key].map((character) => ({ character, probability: 0.9995, alternatives: [] }));
  return { vrm, matchKey: foldVrm(vrm), probability: 0.995, characters, lines: [key] };
}

function pick<T>(from: readonly T[], index: number): T {
  return from[index % from.length] as T;
}
