import { describe, expect, it } from 'vitest';
import type { VoiEntry } from '../../../src/domain/voi.js';
import { foldVrm } from '../../../src/domain/vrm.js';
import { type VoiSet, VoiSetBuilder } from '../../../src/matching/matcher.js';
import { valuesOfEntry } from '../../../src/matching/voi-entry.js';
import { entryOf, listOf, vrmOf } from '../../support/reports.js';

const NOW_MS = Date.parse('2026-07-10T12:00:00Z');

function setOf(lists: Readonly<Record<string, readonly VoiEntry[]>>): VoiSet {
  const builder = new VoiSetBuilder();
  for (const [listId, entries] of Object.entries(lists)) {
    for (const entry of entries) {
      builder.add({ listId, matchKey: foldVrm(entry.vrm), values: JSON.stringify(valuesOfEntry(entry)) });
    }
  }
  return builder.build(Object.entries(lists).map(([id, entries]) => listOf(id, entries.length)));
}

function match(set: VoiSet, text: string, nowMs = NOW_MS) {
  const vrm = vrmOf(text);
  return set.match({ vrm, matchKey: foldVrm(vrm) }, nowMs);
}

describe('matching', () => {
  const set = setOf({ stolen: [entryOf('AB12CDE'), entryOf('BD51SMO')], other: [entryOf('XY34ZAB')] });

  it('finds a mark that is on a list, with its entry whole and its list', () => {
    expect(match(set, 'AB12 CDE')).toEqual({
      kind: 'exact',
      matchKey: 'AB12CDE',
      entries: [{ list: listOf('stolen', 2), entry: entryOf('AB12CDE') }],
    });
  });

  it('finds nothing for a mark that is on none', () => {
    expect(match(set, 'AB12CDF')).toBeUndefined();
    expect(match(setOf({}), 'AB12CDE')).toBeUndefined();
  });

  it('says that a match is equivalent where only O and 0, I and 1 differ', () => {
    expect(match(set, 'BD5ISM0')).toMatchObject({ kind: 'equivalent', matchKey: 'BD51SM0' });
    expect(match(set, 'BD51SMO')).toMatchObject({ kind: 'exact' });
  });

  it('is exact where one of several spellings is the one that was read', () => {
    const both = setOf({ a: [entryOf('O1')], b: [entryOf('01')] });
    expect(match(both, '01')).toMatchObject({ kind: 'exact', entries: [{}, {}] });
    expect(match(both, 'OI')).toMatchObject({ kind: 'equivalent' });
  });

  it('names every entry of every list, the most urgent action first', () => {
    const several = setOf({
      insurance: [entryOf('AB12CDE', { action: '' })],
      intelligence: [entryOf('AB12CDE', { action: 'Silent' }), entryOf('AB12CDE', { action: 'REPORT' })],
      stolen: [entryOf('AB12CDE', { action: 'stop and detain' })],
    });
    const found = match(several, 'AB12CDE')?.entries.map(({ list, entry }) => `${list.id} ${entry.action}`);
    expect(found).toEqual([
      'stolen stop and detain',
      'intelligence REPORT',
      'intelligence Silent',
      'insurance ',
    ]);
    expect(several.markCount).toBe(1);
  });
});

describe('a weed date', () => {
  const set = setOf({ stolen: [entryOf('AB12CDE', { weedDate: '2026-07-10' }), entryOf('AB12CDE')] });
  const entries = (iso: string) => match(set, 'AB12CDE', Date.parse(iso))?.entries.length;

  it('ends an entry with the end of that day in the United Kingdom', () => {
    // British Summer Time: the day ends at 23:00 UTC.
    expect(entries('2026-07-10T22:59:59Z')).toBe(2);
    expect(entries('2026-07-10T23:00:00Z')).toBe(1);
  });

  it('leaves no match where every entry is over', () => {
    const over = setOf({ stolen: [entryOf('AB12CDE', { weedDate: '2026-07-09' })] });
    expect(match(over, 'AB12CDE')).toBeUndefined();
  });
});
