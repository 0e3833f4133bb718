import { describe, expect, it } from 'vitest';
import type { Confusions } from '../../../src/domain/confusion.js';
import type { PlateRead } from '../../../src/domain/read.js';
import { Candidates, MOST_TEXTS } from '../../../src/matching/doubt/candidates.js';
import { TABLE_SHARE } from '../../../src/matching/doubt/gatherer.js';
import { unpackKey } from '../../../src/matching/packed-key.js';
import { readOf } from '../../support/reads.js';
import { repeatable } from '../../support/repeatable.js';

const FOLDED = '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const CONFUSIONS: Confusions = {
  substituted: {
    B: { '8': 0.004, '3': 0.0005 },
    '8': { B: 0.003 },
    S: { '5': 0.004 },
    '5': { S: 0.003, '6': 0.001 },
    D: { '0': 0.005 },
    G: { C: 0.002, '6': 0.002 },
    M: { N: 0.003, W: 0.001 },
  },
  lost: { '1': 0.003, J: 0.0005 },
  added: { '1': 0.004 },
  merged: { '11': { H: 0.003, M: 0.001 }, '1J': { U: 0.001 } },
  counted: 100_000,
};

/** What is found, by text; of a text that is made in several ways, the likeliest. */
function find(read: PlateRead, least: number, confusions = CONFUSIONS): Map<string, number> {
  const candidates = new Candidates(confusions);
  candidates.find(read, least);
  const found = new Map<string, number>();
  for (let i = 0; i < candidates.count; i++) {
    const key = unpackKey(candidates.highs[i] as number, candidates.lows[i] as number);
    if (!found.has(key)) found.set(key, candidates.probabilities[i] as number);
  }
  return found;
}

/**
 * The probability of any text under a read by the formula, with strings and without enumerating
 * anything: the likeliest way in which up to four edits, one of which may change the length, make
 * the text of the read. For reads and stated texts without the same character
 * twice in a row.
 */
function formula(read: PlateRead, confusions: Confusions): (text: string) => number {
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
function randomCase(seed: number): { read: PlateRead; listed: string[] } {
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

describe('candidates of a read', () => {
  it('are, of any list, the marks that the formula makes probable enough, as probable as it says', () => {
    const least = 2e-4;
    let told = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const { read, listed } = randomCase(seed);
      const found = find(read, least);
      expect(found.size).toBeLessThan(MOST_TEXTS);
      const probabilityOf = formula(read, CONFUSIONS);
      for (const text of listed) {
        const probability = probabilityOf(text);
        if (probability < least) expect([text, found.get(text)]).toEqual([text, undefined]);
        else expect([text, found.get(text)]).toEqual([text, expect.closeTo(probability, 9)]);
        if (probability >= least) told++;
      }
    }
    expect(told).toBeGreaterThan(300);
  });

  it('come with falling probability, the text of the read first', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { read } = randomCase(seed);
      const candidates = new Candidates(CONFUSIONS);
      candidates.find(read, 1e-5);
      expect(unpackKey(candidates.highs[0] as number, candidates.lows[0] as number)).toBe(read.matchKey);
      const falling = [...candidates.probabilities.subarray(0, candidates.count)];
      expect(falling).toEqual([...falling].sort((a, b) => b - a));
    }
  });

  it('are the most probable ones where there are more than can be looked up', () => {
    const { read } = randomCase(8);
    const all = find(read, 0);
    const candidates = new Candidates(CONFUSIONS);
    candidates.find(read, 0);
    expect(candidates.count).toBe(MOST_TEXTS);
    const least = candidates.probabilities[MOST_TEXTS - 1] as number;
    for (const [text, probability] of find(read, least * 4)) expect(all.get(text)).toBe(probability);
  });

  it('are the read alone where it leaves no doubt', () => {
    expect([...find(readOf('AB12CDE', { probability: 1 }), 1e-9).keys()]).toEqual(['AB12CDE']);
    expect([...find(readOf('AB12CDE', { probability: 0.999 }), 0.01).keys()]).toEqual(['AB12CDE']);
  });

  it('belong to the read that was asked for, not to the one before', () => {
    const candidates = new Candidates(CONFUSIONS);
    const { read } = randomCase(3);
    const texts = () => [...candidates.highs.subarray(0, candidates.count)];
    candidates.find(read, 1e-4);
    const first = texts();
    candidates.find(randomCase(4).read, 1e-6);
    candidates.find(read, 1e-4);
    expect(texts()).toEqual(first);
  });

  it('stay within twelve characters and do not fall below two', () => {
    const long = readOf('1112345678BS', { probability: 0.5 });
    expect([...find(long, 1e-7).keys()].every((text) => text.length <= 12)).toBe(true);
    expect([...find(readOf('11', { probability: 0.5 }), 1e-7).keys()].every((text) => text.length >= 2)).toBe(
      true,
    );
  });
});
