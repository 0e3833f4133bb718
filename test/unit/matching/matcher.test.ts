import { describe, expect, it } from 'vitest';
import type { Confusions } from '../../../src/domain/confusion.js';
import type { PlateRead } from '../../../src/domain/read.js';
import type { VoiEntry } from '../../../src/domain/voi.js';
import type { MatchKey } from '../../../src/domain/vrm.js';
import type { ClockCredibility } from '../../../src/matching/clock-credibility.js';
import { KeyIndex } from '../../../src/matching/key-index.js';
import { type ListInForce, Matcher, type NewKeys } from '../../../src/matching/matcher.js';
import { HELD_ENTRIES, type HeldList, heldListOf } from '../../support/lists.js';
import { readOf } from '../../support/reads.js';
import { entryOf } from '../../support/reports.js';

const NOW_MS = Date.parse('2026-07-10T12:00:00Z');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const CONFUSIONS: Confusions = {
  substituted: { B: { '8': 0.004 }, '8': { B: 0.003 }, S: { '5': 0.004 } },
  lost: { '1': 0.002 },
  added: { '1': 0.002 },
  merged: { '11': { H: 0.004 } },
  counted: 100_000,
};
const matcher = new Matcher({ confusions: CONFUSIONS });

function match(
  read: PlateRead,
  lists: readonly ListInForce[],
  when: { readAtMs?: number; nowMs?: number; clock?: ClockCredibility; only?: NewKeys } = {},
) {
  const { nowMs = NOW_MS, readAtMs = nowMs, clock = 'credible', only } = when;
  return matcher.match(read, { nowMs, readAtMs, clock }, lists, HELD_ENTRIES, only);
}

/** A list of a thousand marks, these among them. */
function thousandMarks(id: string, vrms: readonly string[], settings: Partial<HeldList['settings']> = {}) {
  return heldListOf(
    id,
    vrms.map((vrm) => entryOf(vrm)),
    { list: { markCount: 1_000 }, settings },
  );
}

describe('a mark that is read as it is listed', () => {
  const stolen = heldListOf('stolen', [entryOf('AB12CDE'), entryOf('BD51SMO')]);

  it('is exact, with its entry whole, its list, and how old every list is', () => {
    const other = heldListOf('other', [entryOf('XY34ZAB')], {
      list: { revision: 7, issuedAtMs: NOW_MS - 25 * HOUR_MS },
    });
    const found = match(readOf('AB12 CDE'), [stolen, other]);
    expect(found).toMatchObject({
      kind: 'exact',
      matchKey: 'AB12CDE',
      alerts: true,
      entries: [{ list: stolen.list, entry: entryOf('AB12CDE'), action: 'STOP' }],
      alternatives: [],
      lists: [{ id: 'stolen' }, { id: 'other', revision: 7, ageMs: 25 * HOUR_MS, isOverAge: true }],
    });
    expect(found?.probability).toBeGreaterThan(0.98);
  });

  it('is nothing where no list names it, or there is no list', () => {
    expect(match(readOf('AB12CDF'), [stolen])).toBeUndefined();
    expect(match(readOf('AB12CDE'), [])).toBeUndefined();
  });

  it('is equivalent where only O and 0, I and 1 differ', () => {
    expect(match(readOf('BD5ISM0'), [stolen])).toMatchObject({ kind: 'equivalent', matchKey: 'BD51SM0' });
    expect(match(readOf('BD51SMO'), [stolen])).toMatchObject({ kind: 'exact' });
  });

  it('is exact where one of several spellings is the one that was read', () => {
    const both = [heldListOf('a', [entryOf('O1')]), heldListOf('b', [entryOf('01')])];
    expect(match(readOf('01'), both)).toMatchObject({ kind: 'exact', entries: [{}, {}] });
    expect(match(readOf('OI'), both)).toMatchObject({ kind: 'equivalent' });
  });

  it('is told however improbable the read is, and then calls nobody', () => {
    expect(match(readOf('AB12CDE', { probability: 0.001 }), [stolen])).toMatchObject({
      kind: 'exact',
      alerts: false,
    });
  });
});

describe('a mark on several lists', () => {
  it('is one match that names every entry: by action, then the nearer list first', () => {
    const list = (id: string, level: 'local' | 'force' | 'regional' | 'national', ...actions: string[]) =>
      heldListOf(
        id,
        actions.map((action) => entryOf('AB12CDE', { action })),
        { list: { level, defaultAction: level === 'regional' ? 'Stop' : '' } },
      );
    const found = match(readOf('AB12CDE'), [
      list('pnc', 'national', 'stop and detain', ''),
      list('region', 'regional', ''),
      list('force', 'force', 'Silent', 'STOP'),
      list('town', 'local', 'REPORT', 'STOP'),
    ]);
    expect(found?.entries.map(({ list: { id }, action }) => `${id} ${action}`)).toEqual([
      'town STOP',
      'force STOP',
      'region Stop',
      'pnc stop and detain',
      'town REPORT',
      'force Silent',
      'pnc ',
    ]);
    expect(found?.lists).toHaveLength(4);
  });
});

describe('a mark that the read may be', () => {
  it('is possible where one character is in doubt', () => {
    const found = match(readOf('AB12CDE', { probability: 0.9, doubts: { 1: { '8': 0.08 } } }), [
      thousandMarks('stolen', ['A812CDE']),
    ]);
    expect(found).toMatchObject({ kind: 'possible', matchKey: 'A812CDE', alerts: true, alternatives: [] });
    // 0.072 of the probability, and some hundred times likelier to pass than any other mark.
    expect(found?.probability).toBeGreaterThan(0.9);
  });

  it('is possible where two characters are', () => {
    const read = readOf('AB12CDE', { probability: 0.6, doubts: { 1: { '8': 0.2 }, 4: { G: 0.2 } } });
    expect(match(read, [thousandMarks('stolen', ['A812GDE'])])).toMatchObject({
      kind: 'possible',
      matchKey: 'A812GDE',
    });
  });

  it('is possible by the confusions of the reader where the read itself is silent', () => {
    const read = readOf('AB12CDE', { probability: 0.98 });
    expect(match(read, [thousandMarks('stolen', ['A812CDE'])])).toMatchObject({ kind: 'possible' });
    // A and X are never taken for each other.
    expect(match(read, [thousandMarks('stolen', ['XB12CDE'])])).toBeUndefined();
    const sure = new Matcher({ confusions: { ...CONFUSIONS, substituted: {} } });
    const when = { nowMs: NOW_MS, readAtMs: NOW_MS, clock: 'credible' } as const;
    expect(sure.match(read, when, [thousandMarks('stolen', ['A812CDE'])], HELD_ENTRIES)).toBeUndefined();
  });

  it.each([
    ['a lost 1', 'AB2CDE', 'AB12CDE'],
    ['a lost 1 at the end', 'A123BC', 'A123BC1'],
    ['a 1 that is an edge of the plate', '1AB12CDE', 'AB12CDE'],
    ['11 with a screw between', 'ABH2CD', 'AB112CD'],
  ])('is possible with %s', (_, read, listed) => {
    expect(match(readOf(read), [thousandMarks('stolen', [listed])])).toMatchObject({
      kind: 'possible',
      matchKey: listed,
    });
  });

  it('is possible where the frames may show it whole', () => {
    const read = readOf('AB12CDE', { probability: 0.8, otherTexts: { AB12CD: 0.05, FB12XDE: 0.05 } });
    for (const listed of ['AB12CD', 'FB12XDE']) {
      expect(match(read, [thousandMarks('stolen', [listed])])).toMatchObject({ matchKey: listed });
    }
  });

  it('names the others that are listed too, the most probable first', () => {
    const read = readOf('AB12CDE', {
      probability: 0.7,
      doubts: { 1: { '8': 0.02, R: 0.15 }, 4: { G: 0.05 } },
    });
    const found = match(read, [
      thousandMarks('stolen', ['A812CDE', 'AR12CDE']),
      thousandMarks('wanted', ['AB12GDE', 'AR12CDE']),
    ]);
    expect(found).toMatchObject({
      matchKey: 'AR12CDE',
      entries: [{ list: { id: 'stolen' } }, { list: { id: 'wanted' } }],
      alternatives: [
        { vrm: 'AB12GDE', listIds: ['wanted'] },
        { vrm: 'A812CDE', listIds: ['stolen'] },
      ],
    });
    const all = [found?.probability ?? 0, ...(found?.alternatives ?? []).map((other) => other.probability)];
    expect(all.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(1);
  });

  it('gives way to a mark that is listed as it was read', () => {
    const read = readOf('AB12CDE', { probability: 0.6, doubts: { 1: { '8': 0.3 } } });
    expect(match(read, [thousandMarks('stolen', ['A812CDE', 'AB12CDE'])])).toMatchObject({
      kind: 'exact',
      alternatives: [],
    });
  });

  it('is told from the least publishFrom of the lists that name it, and alerts from their least alertFrom', () => {
    const read = readOf('AB12CDE', { probability: 0.99, doubts: { 1: { '8': 0.001 } } });
    const told = (...settings: Partial<HeldList['settings']>[]) =>
      match(
        read,
        settings.map((own, i) => thousandMarks(`list-${i}`, ['A812CDE'], own)),
      );
    const probability = told({})?.probability as number;
    expect(probability).toBeGreaterThan(0.1);
    expect(probability).toBeLessThan(0.5);
    expect(told({ publishFrom: probability + 0.01 })).toBeUndefined();
    expect(told({ publishFrom: probability + 0.01 }, { publishFrom: probability - 0.01 })).toMatchObject({
      entries: [{ list: { id: 'list-0' } }, { list: { id: 'list-1' } }],
      alerts: false,
    });
    expect(told({ publishFrom: 1 }, { alertFrom: probability - 0.01 })).toMatchObject({ alerts: true });
  });

  it('is found on a short list that tells only what is sure, where a long one that tells more names it too', () => {
    const read = readOf('AB12CDE', { probability: 0.99, doubts: { 1: { '8': 0.00005 } } });
    const short = (publishFrom: number) => thousandMarks('short', ['A812CDE'], { publishFrom });
    const long = heldListOf('long', [entryOf('A812CDE')], {
      list: { markCount: 1_000_000 },
      settings: { publishFrom: 0.005 },
    });
    const probability = match(read, [short(0)])?.probability as number;
    expect(probability).toBeGreaterThan(0.005);
    expect(match(read, [short(0.5)])).toBeUndefined();
    expect(match(read, [long])).toBeUndefined();
    expect(match(read, [short(0.5), long])).toMatchObject({
      kind: 'possible',
      probability: expect.closeTo(probability, 4),
    });
  });

  it('is less probable the longer the list, and the fewer of its vehicles pass', () => {
    const read = readOf('AB12CDE', { probability: 0.9, doubts: { 1: { '8': 0.08 } } });
    const probability = (markCount: number, listedShare: number) =>
      match(read, [heldListOf('a', [entryOf('A812CDE')], { list: { markCount }, settings: { listedShare } })])
        ?.probability ?? 0;
    expect(probability(1_000, 0.001)).toBeGreaterThan(probability(100_000, 0.001));
    expect(probability(100_000, 0.001)).toBeGreaterThan(probability(100_000, 0.0001));
  });

  it('is likelier where the read itself can be no mark', () => {
    const list = thousandMarks('stolen', ['AB12CDE']);
    const doubts = { 2: { '1': 0.0005 } };
    // 2030 has not come yet.
    const usual = match(readOf('AB22CDE', { doubts }), [list])?.probability as number;
    const unissued = match(readOf('AB32CDE', { doubts }), [list])?.probability as number;
    expect(unissued).toBeGreaterThan(4 * usual);
  });
});

describe('what is not in force', () => {
  const read = readOf('AB12CDE');
  const entries = (entry: Partial<VoiEntry>) => [entryOf('AB12CDE', entry)];
  const count = (list: HeldList, when: Parameters<typeof match>[2]) =>
    match(read, [list], when)?.entries.length;

  it('is an entry from the end of its weed date on, in the United Kingdom', () => {
    const list = heldListOf('stolen', [entryOf('AB12CDE', { weedDate: '2026-07-10' }), entryOf('AB12CDE')]);
    // British Summer Time: the day ends at 23:00 UTC.
    expect(count(list, { nowMs: Date.parse('2026-07-10T22:59:59Z') })).toBe(2);
    expect(count(list, { nowMs: Date.parse('2026-07-10T23:00:00Z') })).toBe(1);
    const over = heldListOf('stolen', entries({ weedDate: '2026-07-09' }));
    expect(match(read, [over])).toBeUndefined();
  });

  it('is an entry before it is valid, and from the end of its validity on', () => {
    const list = heldListOf(
      'stolen',
      entries({ validFrom: '2026-07-10T12:00:00Z', validTo: '2026-07-10T13:00:00Z' }),
    );
    expect(match(read, [list], { nowMs: NOW_MS - 1 })).toBeUndefined();
    expect(match(read, [list], { nowMs: NOW_MS })).toBeDefined();
    expect(match(read, [list], { nowMs: NOW_MS + HOUR_MS - 1 })).toBeDefined();
    expect(match(read, [list], { nowMs: NOW_MS + HOUR_MS })).toBeUndefined();
  });

  it('is told by the time of the read for validity, and by now for weed dates', () => {
    const past = { readAtMs: NOW_MS - 3 * DAY_MS, nowMs: NOW_MS };
    const valid = heldListOf('a', entries({ validTo: '2026-07-08T00:00:00Z' }));
    expect(match(read, [valid], past)).toBeDefined();
    const weeded = heldListOf('a', entries({ weedDate: '2026-07-08' }));
    expect(match(read, [weeded], past)).toBeUndefined();
  });

  it('is a list from its expiry on, its age included', () => {
    const expired = heldListOf('old', entries({}), { list: { expiresAtMs: NOW_MS } });
    expect(match(read, [expired])).toBeUndefined();
    expect(match(read, [expired], { nowMs: NOW_MS - 1 })).toBeDefined();
    const other = heldListOf('new', entries({}));
    expect(match(read, [expired, other])?.lists.map(({ id }) => id)).toEqual(['new']);
  });

  it('is nothing at all while the clock cannot be right, and no list counts as fresh', () => {
    for (const clock of ['behind', 'ahead'] as const) {
      for (const dates of [
        { weedDate: '2026-07-01' },
        { validFrom: '2026-08-01T00:00:00Z' },
        { validTo: '2026-07-01T00:00:00Z' },
      ]) {
        const list = heldListOf('a', entries(dates), {
          list: { expiresAtMs: NOW_MS - DAY_MS, issuedAtMs: NOW_MS },
        });
        expect(match(read, [list])).toBeUndefined();
        expect(match(read, [list], { clock })).toMatchObject({ lists: [{ ageMs: 0, isOverAge: true }] });
      }
    }
  });

  it('makes way for what else the read may be', () => {
    const list = heldListOf('stolen', [entryOf('AB12CDE', { weedDate: '2026-07-01' }), entryOf('A812CDE')]);
    expect(
      match(readOf('AB12CDE', { probability: 0.9, doubts: { 1: { '8': 0.08 } } }), [list]),
    ).toMatchObject({
      kind: 'possible',
      matchKey: 'A812CDE',
    });
  });
});

describe('keys that are new on a list', () => {
  const onlyOf = (...keys: string[]): NewKeys => ({
    listId: 'stolen',
    keys: KeyIndex.build([keys as MatchKey[]], keys.length),
  });
  const stolen = thousandMarks('stolen', ['AB12CDE', 'A812CDE']);
  const wanted = thousandMarks('wanted', ['A812CDE']);
  const doubtful = readOf('AR12CDE', { probability: 0.6, doubts: { 1: { B: 0.3, '8': 0.1 } } });

  it('are all that is told, with every list that names them', () => {
    expect(match(doubtful, [stolen, wanted])).toMatchObject({ matchKey: 'AB12CDE' });
    expect(match(doubtful, [stolen, wanted], { only: onlyOf('A812CDE') })).toMatchObject({
      kind: 'possible',
      matchKey: 'A812CDE',
      entries: [{ list: { id: 'stolen' } }, { list: { id: 'wanted' } }],
      alternatives: [{ vrm: 'AB12CDE' }],
    });
    expect(match(doubtful, [stolen, wanted], { only: onlyOf('XY34ZAB') })).toBeUndefined();
  });

  it('are nothing where it is another list on which the mark is in force', () => {
    const weeded = heldListOf('stolen', [entryOf('A812CDE', { weedDate: '2026-07-01' })]);
    expect(match(doubtful, [weeded, wanted], { only: onlyOf('A812CDE') })).toBeUndefined();
  });

  it('are nothing to a read that was a hit by its own mark', () => {
    const read = readOf('AB12CDE', { probability: 0.9, doubts: { 1: { '8': 0.08 } } });
    expect(match(read, [stolen], { only: onlyOf('A812CDE') })).toBeUndefined();
    expect(match(read, [stolen], { only: onlyOf('AB12CDE') })).toMatchObject({ kind: 'exact' });
  });
});
