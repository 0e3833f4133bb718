import type { Confusions } from '../../src/domain/confusion.js';
import type { PlateRead } from '../../src/domain/read.js';
import { TABLE_SHARE } from '../../src/matching/doubt/gatherer.js';
import { readOf } from './reads.js';
import { repeatable } from './repeatable.js';

/** What a vehicle may bear given a read, worked out the plain way, and reads and lists to try it on. */

const FOLDED = '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ';
export const CONFUSIONS: Confusions = {
  substituted: {
    B: { '8': 0.004, '3': 0.0005 },
    '8': { B: 0.003 },
    S: { '5': 0.004 },
    '5': { S: 0.003, '6': 0.001 },
    D: { '0': 0.005 },
    G: { C: 0.002, '6': 0.002 },
    M: { N: 0.003, W: 0.001 },
  },
  lost: { '1': 0.0027, J: 0.0006 },
  added: { '1': 0.004 },
  merged: { '11': { H: 0.003, M: 0.001 }, '1J': { U: 0.001 } },
  counted: 100_000,
};

/**
 * The probability of any text under a read by the formula, with strings and without enumerating
 * anything: the likeliest way in which up to four edits, one of which may change the length, make
 * the text of the read. For reads and stated texts without the same character
 * twice in a row.
 */
export function formula(read: PlateRead, confusions: Confusions): (text: string) => number {
  const own = read.matchKey;
  const length = own.length;
  const stated = new Map(
    (read.otherTexts ?? []).map(({ matchKey, probability }) => [matchKey as string, probability]),
  );
  const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);
  const told =
    read.probability *
    sum(
      read.characters.flatMap(({ probability, alternatives }) =>
        alternatives.map((other) => other.probability / probability),
      ),
    );
  const left = 1 - read.probability;
  const unexplained = Math.max(0, left - Math.max(told, sum(stated.values())));
  const against =
    (length + 1) * sum(Object.values(confusions.lost)) +
    sum(
      [...own].flatMap((read) => [
        ...Object.values(confusions.substituted).map((readAs) => readAs[read] ?? 0),
        ...Object.values(confusions.merged).map((readAs) => readAs[read] ?? 0),
        (confusions.added[read] ?? 0) / length,
      ]),
    );
  const perConfusion = (TABLE_SHARE * unexplained) / read.probability / against;
  const edit = (text: string, otherwise: number) =>
    stated.has(text) ? (stated.get(text) as number) / read.probability : otherwise;

  const substitute = (place: number, shown: string) => {
    const { probability, alternatives } = read.characters[place] as PlateRead['characters'][number];
    const reported = alternatives.find(({ character }) => character === shown);
    const factor =
      reported === undefined
        ? perConfusion * (confusions.substituted[shown]?.[own[place] as string] ?? 0)
        : (Math.min(1, left / told) * reported.probability) / probability;
    return edit(own.slice(0, place) + shown + own.slice(place + 1), factor);
  };
  const insert = (place: number, lost: string) =>
    edit(own.slice(0, place) + lost + own.slice(place), perConfusion * (confusions.lost[lost] ?? 0));
  const remove = (place: number) =>
    edit(
      own.slice(0, place) + own.slice(place + 1),
      (perConfusion * (confusions.added[own[place] as string] ?? 0)) / length,
    );
  const part = (place: number, pair: string) =>
    edit(
      own.slice(0, place) + pair + own.slice(place + 1),
      perConfusion * (confusions.merged[pair]?.[own[place] as string] ?? 0),
    );
  /** Of the places from..to of the read standing there as another text; `left` edits at most. */
  const others = (pairs: readonly (readonly [number, string])[], most: number) => {
    const wrong = pairs.filter(([place, shown]) => own[place] !== shown);
    return wrong.length > most
      ? 0
      : wrong.reduce((product, [place, shown]) => product * substitute(place, shown), 1);
  };
  const aligned = (text: string, shift: number, from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => [from + i, text[from + i + shift] as string] as const);

  return (text) => {
    if (text === own) return read.probability;
    const ways = [(stated.get(text) ?? 0) / read.probability];
    if (text.length === length) ways.push(others(aligned(text, 0, 0, length), 4));
    for (let place = 0; place <= length; place++) {
      const before = aligned(text, 0, 0, place);
      if (text.length === length + 1) {
        const behind = aligned(text, 1, place, length);
        ways.push(insert(place, text[place] as string) * others([...before, ...behind], 3));
      }
      if (place === length) break;
      if (text.length === length + 1) {
        const behind = aligned(text, 1, place + 1, length);
        ways.push(part(place, text.slice(place, place + 2)) * others([...before, ...behind], 3));
      }
      if (text.length === length - 1) {
        const behind = aligned(text, -1, place + 1, length);
        ways.push(remove(place) * others([...before, ...behind], 3));
      }
    }
    return read.probability * Math.max(...ways);
  };
}

/** Reads with doubts of every kind, and texts near them as a list might hold them. */
export function randomCase(seed: number): { read: PlateRead; listed: string[] } {
  const random = repeatable(seed);
  const below = (count: number) => Math.floor(random() * count);
  const pick = () => FOLDED[below(FOLDED.length)] as string;
  let text = '';
  while (text.length < 2 + (seed % 9)) {
    // Characters that the table knows come more often.
    const next = random() < 0.5 ? pick() : ('8B5S0CG6NWHMU1'[below(14)] as string);
    if (next !== text.at(-1)) text += next;
  }
  const change = (from: string) => {
    const place = below(from.length + 1);
    const kind = below(4);
    if (kind === 0) return from.slice(0, place) + pick() + from.slice(place);
    if (kind === 1 && from.length > 2) return from.slice(0, place) + from.slice(place + 1);
    if (kind === 2) return `${from.slice(0, place)}11${from.slice(place + 1)}`;
    return from.slice(0, place) + pick() + from.slice(place + 1);
  };
  const doubts = Object.fromEntries(
    Array.from({ length: 3 }, () => [
      below(text.length),
      Object.fromEntries(Array.from({ length: 3 }, () => [pick(), 0.1 * random() ** 3])),
    ]),
  );
  for (const [place, others] of Object.entries(doubts)) delete others[text[Number(place)] as string];
  const near = Array.from({ length: 400 }, () => {
    let changed = text;
    for (let count = 1 + below(3); count > 0; count--) changed = change(changed);
    return changed;
  }).filter((changed) => changed.length >= 2 && changed.length <= 12);
  const otherTexts = Object.fromEntries(
    near
      .slice(0, 4)
      .filter((other) => other !== text && !/(.)\1/.test(other))
      .map((other) => [other, 0.02 * random()]),
  );
  return { read: readOf(text, { probability: 0.5 + 0.4 * random(), doubts, otherTexts }), listed: near };
}
