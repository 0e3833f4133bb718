import { describe, expect, it } from 'vitest';
import { clockCredibility } from '../../../src/matching/clock-credibility.js';

const ISSUED_MS = Date.parse('2026-07-10T12:00:00Z');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LISTS = [{ issuedAtMs: ISSUED_MS - 30 * DAY_MS }, { issuedAtMs: ISSUED_MS }];

describe('the clock', () => {
  it.each([
    ['credible', 'when the newest list was issued', ISSUED_MS],
    ['credible', 'a day before, as the clock of a list owner may be wrong', ISSUED_MS - DAY_MS],
    ['behind', 'by more than that, where half of the lists say so', ISSUED_MS - DAY_MS - 1],
    ['behind', 'in 1970, as a device without a battery starts', 0],
    ['credible', '400 days after', ISSUED_MS + 400 * DAY_MS],
    ['ahead', 'later than that', ISSUED_MS + 400 * DAY_MS + 1],
  ])('is %s %s', (credibility, _, nowMs) => {
    expect(clockCredibility(nowMs, LISTS)).toBe(credibility);
  });

  it('is not judged by one list among several that was issued by a clock that was wrong', () => {
    const mistaken = { issuedAtMs: ISSUED_MS + 3 * 365 * DAY_MS };
    expect(clockCredibility(ISSUED_MS, [...LISTS, mistaken])).toBe('credible');
    expect(clockCredibility(ISSUED_MS + 400 * DAY_MS + 1, [...LISTS, mistaken])).toBe('ahead');
    expect(clockCredibility(ISSUED_MS, [{ issuedAtMs: ISSUED_MS }, mistaken])).toBe('behind');
  });

  it('is credible where no list tells otherwise', () => {
    expect(clockCredibility(0, [])).toBe('credible');
  });
});
