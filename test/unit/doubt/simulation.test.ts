import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../scripts/src/clip/random.js';
import type { DrawnRead } from '../../../scripts/src/doubt/drawn-reads.js';
import {
  falseHitsADay,
  falseHitsByKind,
  foundOf,
  ONE_WRONG,
  statedRanges,
} from '../../../scripts/src/doubt/figures.js';
import {
  editDistanceOne,
  exactOnly,
  type TestedMatcher,
  testedList,
  withDoubt,
} from '../../../scripts/src/doubt/matchers.js';
import { roadKeys } from '../../../scripts/src/doubt/road-marks.js';
import { misreadingOf, tallyOf } from '../../../scripts/src/doubt/simulation.js';
import { NO_CONFUSIONS } from '../../../src/domain/confusion.js';
import type { PlateRead } from '../../../src/domain/read.js';
import type { MatchKey, Vrm } from '../../../src/domain/vrm.js';

const key = (text: string) => text as MatchKey;
const listOf = (...texts: string[]) => testedList(new Set(texts.map(key)));

/** A read with one doubtful character: what else it may be, and how probably. */
function readOf(text: string, doubt?: { place: number; character: string; probability: number }): PlateRead {
  return {
    vrm: text as Vrm,
    matchKey: key(text),
    probability: 1 - (doubt?.probability ?? 0.001),
    characters: Array.from(text, (character, place) => {
      const isDoubtful = place === doubt?.place;
      return {
        character,
        probability: isDoubtful ? 1 - doubt.probability : 0.999,
        alternatives: isDoubtful ? [{ character: doubt.character, probability: doubt.probability }] : [],
      };
    }),
    lines: [text],
    ukClass: 'current',
  };
}

const drawn = (truth: string, read: PlateRead): DrawnRead => ({
  truth: key(truth),
  trouble: 'plain',
  frames: 1,
  read,
  isReported: true,
});

describe('the matchers that are compared', () => {
  const list = listOf('AB12CDE', 'AB12CDF', 'XY12CDE', 'AB2CDE', 'AB112CDE');

  it('name what was read and nothing else, if they are exact', () => {
    expect(exactOnly(readOf('AB12CDE'), list).map(({ matchKey }) => matchKey)).toEqual(['AB12CDE']);
    expect(exactOnly(readOf('AB12CDX'), list)).toEqual([]);
  });

  it('name every mark one character away, if they go by edit distance, the read itself first', () => {
    const named = editDistanceOne(readOf('AB12CDE'), list).map(({ matchKey }) => matchKey as string);
    expect(named[0]).toBe('AB12CDE');
    expect(named.sort()).toEqual(['AB112CDE', 'AB12CDE', 'AB12CDF', 'AB2CDE']);
  });

  it("name what the read's own doubt speaks for, with its probability, if they are the device's", () => {
    const settings = { publishFrom: 0.01, alertFrom: 0.5, listedShare: 0.001, maximumAgeMs: 1e9 };
    const ours = withDoubt(NO_CONFUSIONS, settings);
    expect(ours(readOf('AB12CDX'), list)).toEqual([]);
    const [first] = ours(readOf('AB12CDX', { place: 6, character: 'E', probability: 0.3 }), list);
    expect(first?.matchKey).toBe('AB12CDE');
    expect(first?.probability).toBeGreaterThan(0.01);
  });
});

describe('a simulated road', () => {
  const reads = [
    drawn('AB12CDE', readOf('AB12CDE')),
    drawn('LM34NPR', readOf('LM34NPB')),
    drawn('ST56VWX', readOf('ST56VW')),
    drawn('JK78LMN', readOf('HH78LMN')),
  ];
  const listing = testedList(new Set(reads.map(({ truth }) => truth)));
  const road = { vehiclesADay: 1000, listedShare: 0.1, reportedShare: 0.8 };

  it('tells misreadings apart', () => {
    expect(reads.map(({ truth, read }) => misreadingOf(truth, read.matchKey))).toEqual([
      'none',
      'substituted',
      'lost',
      'several',
    ]);
  });

  it('counts the listed vehicles that a matcher finds', () => {
    const [exact, near] = [exactOnly, editDistanceOne].map((matcher) =>
      tallyOf(matcher, reads, { listing, without: [] }),
    ) as [ReturnType<typeof tallyOf>, ReturnType<typeof tallyOf>];
    expect(foundOf(exact, ['none', ...ONE_WRONG, 'several'], 0)).toMatchObject({ count: 1, of: 4 });
    expect(foundOf(near, ONE_WRONG, 0)).toMatchObject({ count: 2, of: 2 });
    expect(foundOf(near, ['several'], 0)).toMatchObject({ count: 0, of: 1 });
  });

  it('counts hits that name a vehicle which is not there, by the day and by kind', () => {
    const without = [listOf('AB12CDF'), listOf('LM34NPB')];
    const tally = tallyOf(editDistanceOne, reads, { listing, without });
    // Two of eight reads, on a road of 800 reads a day of which nine in ten are of no list.
    expect(falseHitsADay(tally, road, 0)).toBeCloseTo(800 * 0.9 * (2 / 8), 9);
    expect(falseHitsByKind(tally, road, 0)).toMatchObject({ exact: 90, substituted: 90, several: 0 });
  });

  it('holds what hits state against how often they are right', () => {
    const states: TestedMatcher = ({ matchKey }, { keys }) =>
      keys.has(key('LM34NPR')) && matchKey === 'LM34NPB'
        ? [{ matchKey: key('LM34NPR'), probability: 0.2 }]
        : matchKey === 'AB12CDE' && keys.has(key('AB12CDF'))
          ? [{ matchKey: key('AB12CDF'), probability: 0.4 }]
          : [];
    const tally = tallyOf(states, reads, { listing, without: [listOf('AB12CDF')] });
    const [range] = statedRanges(tally, road);
    const [rightADay, wrongADay] = [800 * 0.1 * 0.25, 800 * 0.9 * 0.25];
    expect(range?.hitsADay).toBeCloseTo(rightADay + wrongADay, 9);
    expect(range?.right).toBeCloseTo(rightADay / (rightADay + wrongADay), 9);
    expect(range?.stated).toBeCloseTo((0.2 * rightADay + 0.4 * wrongADay) / (rightADay + wrongADay), 9);
  });
});

describe('the marks of a list', () => {
  it('are all different, folded, and the same for the same seed', () => {
    const keys = roadKeys(2000, seededRandom('marks'));
    expect(keys.size).toBe(2000);
    expect([...keys]).toEqual([...roadKeys(2000, seededRandom('marks'))]);
    for (const each of keys) expect(each).not.toMatch(/[OI]/);
  });

  it('have the current form mostly, and every other now and then', () => {
    const keys = [...roadKeys(5000, seededRandom('forms'))];
    const current = keys.filter((each) => /^[A-Z0]{2}\d{2}[A-Z0]{3}$/.test(each)).length;
    expect(current / keys.length).toBeGreaterThan(0.8);
    expect(current / keys.length).toBeLessThan(0.87);
    expect(keys.some((each) => /^\d{3}[DX]\d{3}$/.test(each))).toBe(true);
  });
});
