import { describe, expect, it } from 'vitest';
import {
  COLUMN_NAMES,
  entryFromValues,
  parseInstant,
  valuesOfEntry,
} from '../../../src/matching/voi-entry.js';

describe('a row', () => {
  it('has the 16 columns of the national row, then the two of its validity', () => {
    expect(COLUMN_NAMES).toHaveLength(18);
    expect([COLUMN_NAMES[0], COLUMN_NAMES[15]]).toEqual(['vrm', 'spare_2']);
    expect(COLUMN_NAMES.slice(16)).toEqual(['valid_from', 'valid_to']);
  });

  it('becomes an entry and a row again', () => {
    const values = COLUMN_NAMES.map((name) => `the ${name}`);
    expect(valuesOfEntry(entryFromValues(values))).toEqual(values);
    expect(entryFromValues(values)).toMatchObject({ vrm: 'the vrm', validTo: 'the valid_to' });
  });
});

describe('an instant', () => {
  it.each([
    ['', ''],
    // Winter: clocks in the United Kingdom show UTC. Summer: an hour more.
    ['2026-01-31', '2026-01-31T00:00:00Z'],
    ['2026-06-30', '2026-06-29T23:00:00Z'],
    ['31/01/2026', '2026-01-31T00:00:00Z'],
    ['1/6/2026 7:05', '2026-06-01T06:05:00Z'],
    ['30/06/2026 18:30', '2026-06-30T17:30:00Z'],
    ['2026-06-30T18:30', '2026-06-30T17:30:00Z'],
    ['2026-06-30T18:30:59', '2026-06-30T17:30:59Z'],
    // With a zone it says all by itself.
    ['2026-06-30T18:30Z', '2026-06-30T18:30:00Z'],
    ['2026-06-30T18:30:00+01:00', '2026-06-30T17:30:00Z'],
    ['2026-01-01T00:15:00-05:30', '2026-01-01T05:45:00Z'],
    ['2024-02-29', '2024-02-29T00:00:00Z'],
  ])('%j is %j', (text, instant) => {
    expect(parseInstant(text)).toBe(instant);
  });

  it.each([
    ['the last minute before the clocks go forward', '2026-03-29T00:59', '2026-03-29T00:59:00Z'],
    ['a time that they leave out', '2026-03-29T01:30', '2026-03-29T01:30:00Z'],
    ['the first minute after it', '2026-03-29T02:00', '2026-03-29T01:00:00Z'],
    ['a time that they show twice', '2026-10-25T01:30', '2026-10-25T00:30:00Z'],
    ['the minute after that hour', '2026-10-25T02:00', '2026-10-25T02:00:00Z'],
  ])('may be %s', (_, text, instant) => {
    expect(parseInstant(text)).toBe(instant);
  });

  it.each([
    'soon',
    '2026',
    '2026-02-29',
    '2026-13-01',
    '31/04/2026',
    '01/01/26',
    '2026-01-01 12:00',
    '2026-01-01T24:00',
    '2026-01-01T12:60',
    '2026-01-01T12:00:60',
    '2026-01-01T12:00+15:00',
    '2026-01-01T12:00+01:99',
    '01/01/2026 12',
    '0000-01-01T00:00+01:00',
    '9999-12-31T23:59:59-01:00',
    '=1+1',
    '2026-01-01T12:00:00.5Z',
  ])('is not %j', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});
