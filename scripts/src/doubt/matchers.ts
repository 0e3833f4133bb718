import type { Confusions } from '../../../src/domain/confusion.js';
import type { PlateRead } from '../../../src/domain/read.js';
import type { VoiEntry, VoiList } from '../../../src/domain/voi.js';
import type { MatchKey, Vrm } from '../../../src/domain/vrm.js';
import { KeyIndex } from '../../../src/matching/key-index.js';
import { type ListInForce, type ListSettings, Matcher } from '../../../src/matching/matcher.js';
import { entryFromValues } from '../../../src/matching/voi-entry.js';

/** A list as the matchers under test see it. */
export interface TestedList {
  readonly keys: ReadonlySet<MatchKey>;
  readonly index: KeyIndex;
}

export function testedList(keys: ReadonlySet<MatchKey>): TestedList {
  return { keys, index: KeyIndex.build([[...keys]], keys.size) };
}

/** What a matcher makes of a read: marks that it names, the most probable first. */
export interface NamedMark {
  readonly matchKey: MatchKey;
  /** 1 where the matcher knows of no doubt. */
  readonly probability: number;
}

export type TestedMatcher = (read: PlateRead, list: TestedList) => NamedMark[];

/** What was read is on the list, O as 0 and I as 1. */
export const exactOnly: TestedMatcher = ({ matchKey }, { keys }) =>
  keys.has(matchKey) ? [{ matchKey, probability: 1 }] : [];

const CHARACTERS = '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ';

/**
 * Levenshtein distance 1 or less, as Frigate compares its known plates: every mark one character
 * away that is on the list, whatever the characters are. The read itself comes first.
 */
export const editDistanceOne: TestedMatcher = ({ matchKey }, { keys }) => {
  const texts = new Set<string>([matchKey]);
  for (let place = 0; place <= matchKey.length; place++) {
    const before = matchKey.slice(0, place);
    if (place < matchKey.length) texts.add(before + matchKey.slice(place + 1));
    for (const character of CHARACTERS) {
      texts.add(before + character + matchKey.slice(place));
      if (place < matchKey.length) texts.add(before + character + matchKey.slice(place + 1));
    }
  }
  return [...(texts as Set<MatchKey>)]
    .filter((text) => keys.has(text))
    .map((text) => ({ matchKey: text, probability: 1 }));
};

/** 2 March 2026, when the drawn vehicles pass; the clock is right and the list is new. */
const NOW_MS = Date.UTC(2026, 2, 2);
const WHEN = { readAtMs: NOW_MS, nowMs: NOW_MS, clock: 'credible' } as const;
/** The device's own, with one list in force. */
export function withDoubt(confusions: Confusions, settings: ListSettings): TestedMatcher {
  const matcher = new Matcher({ confusions });
  const source = {
    entriesOf: (_: ListInForce, key: MatchKey): VoiEntry[] => [
      { ...entryFromValues([]), vrm: key as string as Vrm },
    ],
  };
  return (read, { keys, index }) => {
    const list: VoiList = {
      id: 'simulated',
      level: 'national',
      owner: '',
      revision: 1,
      issuedAtMs: NOW_MS,
      defaultAction: '',
      takenOverAtMs: NOW_MS,
      markCount: keys.size,
      entryCount: keys.size,
      origin: 'signed',
    };
    const match = matcher.match(read, WHEN, [{ list, generation: 1, index, settings }], source);
    if (match === undefined) return [];
    const others = match.alternatives.map(({ vrm, probability }) => ({
      matchKey: vrm as string as MatchKey,
      probability,
    }));
    return [{ matchKey: match.matchKey, probability: match.probability }, ...others];
  };
}
