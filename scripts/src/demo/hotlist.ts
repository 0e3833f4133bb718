import type { VoiEntry } from '../../../src/domain/voi.js';
import { foldVrm, type MatchKey, parseVrm, type Vrm } from '../../../src/domain/vrm.js';
import { randomMark } from '../clip/marks.js';
import { type Random, seededRandom } from '../clip/random.js';

/** A list of vehicles of interest for the demo, and which vehicles of the clip are on it. */
export interface DemoHotlist {
  /** With a first row that names the columns, as `anprctl hotlist import` reads it. */
  readonly csv: string;
  readonly rowCount: number;
  readonly wanted: readonly Vrm[];
  /** On the list, not in the clip, and one character away from a mark in it. */
  readonly lookalikes: readonly Vrm[];
}

/** What a reader takes for one another most easily; never O and 0 or I and 1, which match by rule. */
const CONFUSABLE: Readonly<Record<string, string>> = {
  '8': '3',
  '3': '8',
  '6': '8',
  '9': '8',
  B: 'R',
  C: 'G',
  D: 'B',
  E: 'F',
  F: 'E',
  G: 'C',
  H: 'N',
  K: 'X',
  M: 'N',
  N: 'M',
  P: 'R',
  R: 'P',
  U: 'V',
  V: 'U',
  X: 'K',
  Y: 'V',
};

const ACTIONS: readonly (readonly [VoiEntry['action'], string])[] = [
  ['STOP', 'stolen'],
  ['STOP', 'no insurance'],
  ['SILENT', 'intelligence'],
];

/** Takes some vehicles of the clip, look-alikes of others, and fills up with random marks. */
export function demoHotlist(
  shown: readonly Vrm[],
  options: {
    readonly seed: string;
    readonly wanted: number;
    readonly lookalikes: number;
    readonly others: number;
  },
): DemoHotlist {
  const random = seededRandom(`${options.seed}/hotlist`);
  const order = shuffled(shown, random);
  const wanted = order.slice(0, options.wanted);
  const taken = new Set<MatchKey>(shown.map(foldVrm));
  const lookalikes: Vrm[] = [];
  for (const vrm of order.slice(options.wanted)) {
    const other = lookalikeOf(vrm, random);
    if (lookalikes.length === options.lookalikes) break;
    if (other === undefined || taken.has(foldVrm(other))) continue;
    taken.add(foldVrm(other));
    lookalikes.push(other);
  }
  const others: Vrm[] = [];
  while (others.length < options.others) {
    const { vrm } = randomMark(random);
    if (taken.has(foldVrm(vrm))) continue;
    taken.add(foldVrm(vrm));
    others.push(vrm);
  }
  const rows = shuffled([...wanted, ...lookalikes, ...others], random).map((vrm) => {
    const [action, reason] = random.pick(ACTIONS);
    return `${vrm},${action},${reason}`;
  });
  return { csv: `vrm,action,reason\r\n${rows.join('\r\n')}\r\n`, rowCount: rows.length, wanted, lookalikes };
}

function lookalikeOf(vrm: Vrm, random: Random): Vrm | undefined {
  const places = [...vrm].flatMap((character, place) => (character in CONFUSABLE ? [place] : []));
  if (places.length === 0) return undefined;
  const place = random.pick(places);
  return parseVrm(vrm.slice(0, place) + CONFUSABLE[vrm[place] as string] + vrm.slice(place + 1));
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, rank: random.next() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
