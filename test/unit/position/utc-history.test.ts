import { describe, expect, it } from 'vitest';
import { UtcHistory } from '../../../src/position/utc-history.js';

/** Which moment a UTC time meant, whatever was done to the system clock since. */

const UTC = Date.UTC(2026, 10, 23, 12);

/** Looks each second; the system clock is set by so much at second 60. */
function stepped(stepMs: number, untilSecond = 62): UtcHistory {
  const history = new UtcHistory();
  for (let second = 0; second <= untilSecond; second++) {
    history.look(UTC + second * 1_000 + (second >= 60 ? stepMs : 0), second * 1_000);
  }
  return history;
}

describe('a capture', () => {
  it('is where its time says while nobody sets the clock', () => {
    expect(new UtcHistory().monoOf(UTC)).toBeUndefined();
    expect(stepped(0).monoOf(UTC + 61_300)).toBe(61_300);
  });

  it.each([3_600_000, -3_600_000, 5_000, -5_000, 700])(
    'from before a step by %i ms is found by the time that held then',
    (stepMs) => {
      expect(stepped(stepMs, 60).monoOf(UTC + 58_500)).toBe(58_500);
      expect(stepped(stepMs).monoOf(UTC + 61_500 + stepMs)).toBe(61_500);
    },
  );

  it('from between two looks is found on either side of the step', () => {
    expect(stepped(3_600_000).monoOf(UTC + 59_600)).toBe(59_600);
    expect(stepped(3_600_000).monoOf(UTC + 59_600 + 3_600_000)).toBe(59_600);
  });

  it('after several steps is found by the right one', () => {
    const history = new UtcHistory();
    for (const second of [0, 1, 2, 3]) {
      history.look(UTC + second * 1_000, second * 1_000);
    }
    for (const second of [4, 5, 6]) history.look(UTC + 86_400_000 + second * 1_000, second * 1_000);
    for (const second of [7, 8, 9]) history.look(UTC - 1_000 + second * 1_000, second * 1_000);
    expect(history.monoOf(UTC + 2_000)).toBe(2_000);
    expect(history.monoOf(UTC + 86_400_000 + 5_000)).toBe(5_000);
    expect(history.monoOf(UTC - 1_000 + 8_500)).toBe(8_500);
  });

  it('follows a clock that is slewed', () => {
    const history = new UtcHistory();
    for (let second = 0; second <= 1_000; second++) history.look(UTC + second * 1_000.5, second * 1_000);
    expect(history.monoOf(UTC + 1_000 * 1_000.5)).toBeCloseTo(1_000_000, 6);
  });

  it('that fits nowhere is taken by the present time', () => {
    expect(stepped(0).monoOf(UTC + 900_000)).toBe(900_000);
  });
});
