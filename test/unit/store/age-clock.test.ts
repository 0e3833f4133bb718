import { describe, expect, it } from 'vitest';
import { type AgeState, advanceAge, believedAtMs, firstAge } from '../../../src/store/age-clock.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BEGIN_MS = Date.UTC(2026, 10, 22);
const BOOT_MONO_MS = 5 * HOUR_MS;

const begin = firstAge(BEGIN_MS, BOOT_MONO_MS);

/** Time passes, hour by hour; both clocks see it. */
function running(state: AgeState, hours: number, isVouched = true): AgeState {
  let now = state;
  for (let hour = 0; hour < hours; hour++) {
    now = advanceAge(now, { wallMs: now.wallMs + HOUR_MS, monoMs: now.monoMs + HOUR_MS, isVouched });
  }
  return now;
}

/** The system's clock is set; no time passes. */
const set = (state: AgeState, byMs: number) =>
  advanceAge(state, { wallMs: state.wallMs + byMs, monoMs: state.monoMs, isVouched: true });

/** Switched off for a while: the monotonic clock begins anew. */
const off = (state: AgeState, ms: number) =>
  advanceAge(state, { wallMs: state.wallMs + ms, monoMs: 10_000, isVouched: true });

const agedHours = (state: AgeState) => (state.believedMs - BEGIN_MS) / HOUR_MS;

describe('the clock by which things grow old', () => {
  it('goes with the others while both agree', () => {
    expect(agedHours(running(begin, 30))).toBe(30);
    expect(believedAtMs(begin, BOOT_MONO_MS + 1_234)).toBe(BEGIN_MS + 1_234);
  });

  it('counts time of which only the system’s clock tells three hours to the hour', () => {
    const leapt = set(begin, 10 * DAY_MS);
    expect(agedHours(leapt)).toBe(0);
    expect(agedHours(running(leapt, 10))).toBe(40);
    expect(agedHours(running(leapt, 1_000))).toBe(1_240);
  });

  it('does not count it while no time source vouches for the clock', () => {
    const leapt = running(set(begin, 10 * DAY_MS), 500, false);
    expect(agedHours(leapt)).toBe(500);
    expect(agedHours(running(leapt, 10))).toBe(540);
  });

  it('forgets a leap that is taken back, and keeps what was counted until then', () => {
    const leapt = running(set(begin, 10 * DAY_MS), 1);
    expect(agedHours(running(set(leapt, -10 * DAY_MS), 5))).toBe(9);
  });

  it('never goes back', () => {
    const back = set(running(begin, 3), -300 * DAY_MS);
    expect(agedHours(back)).toBe(3);
    expect(agedHours(running(back, 2))).toBe(5);
  });

  it('takes no leap of centuries for time, also when the first date was a wrong one', () => {
    expect(agedHours(running(set(begin, 20_000 * DAY_MS), 7))).toBe(7);
    const from1970 = firstAge(0, 0);
    const corrected = running(set(from1970, BEGIN_MS), 7);
    expect(corrected.believedMs).toBe(7 * HOUR_MS);
  });

  it('makes up by day for the nights in which the unit is off', () => {
    let state = begin;
    for (let day = 0; day < 7; day++) state = running(off(state, 14 * HOUR_MS), 10);
    expect(agedHours(state)).toBeGreaterThan(7 * 24 - 1);
    expect(agedHours(state)).toBeLessThan(7 * 24 + 1);
  });
});
