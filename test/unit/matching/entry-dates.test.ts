import { describe, expect, it } from 'vitest';
import { entriesInForce, ukDate } from '../../../src/matching/entry-dates.js';
import { entryOf } from '../../support/reports.js';

describe('a day in the United Kingdom', () => {
  it.each([
    ['in winter', '2026-12-31', '2026-12-31T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['in summer', '2026-07-10', '2026-07-09T23:00:00Z', '2026-07-10T23:00:00Z'],
    ['of 23 hours, when clocks go forward', '2026-03-29', '2026-03-29T00:00:00Z', '2026-03-29T23:00:00Z'],
    ['of 25 hours, when clocks go back', '2026-10-25', '2026-10-24T23:00:00Z', '2026-10-26T00:00:00Z'],
    ['the 29th of February', '2028-02-29', '2028-02-29T00:00:00Z', '2028-03-01T00:00:00Z'],
  ])(
    '%s is its date from its first moment to its last, and its entries are weeded with the next',
    (_, day, begins, ends) => {
      const entry = entryOf('AB12CDE', { weedDate: day });
      const isListed = (atMs: number) =>
        entriesInForce({ readAtMs: atMs, nowMs: atMs, clock: 'credible' })(entry);
      const [first, next] = [Date.parse(begins), Date.parse(ends)];
      expect([ukDate(first - 1) < day, ukDate(first), ukDate(next - 1)]).toEqual([true, day, day]);
      expect(isListed(next - 1)).toBe(true);
      expect(ukDate(next) > day).toBe(true);
      expect(isListed(next)).toBe(false);
    },
  );
});
