import { describe, expect, it } from 'vitest';
import { addon } from '../../../src/native/addon.js';
import { kernelClock, kernelClockFrom } from '../../../src/native/kernel-clock.js';

const STATE = { state: 0, status: 0x01, offset: 0, maxError: 12_500 };

describe('what the kernel says of its clock', () => {
  it('is asked without a right to set it, and is what adjtimex gives', () => {
    const state = addon().clockState();
    // A container may forbid even asking; the number is then the kernel's error.
    if (typeof state === 'number') {
      expect(state).toBeGreaterThan(0);
      expect(kernelClock()).toBeUndefined();
    } else {
      expect(Object.values(state).every(Number.isInteger)).toBe(true);
      expect(state.state).toBeLessThanOrEqual(5);
      expect(state.maxError).toBeGreaterThanOrEqual(0);
      expect(kernelClock()).toMatchObject({ isSynchronised: kernelClockFrom(state).isSynchronised });
    }
  });

  it('counts in microseconds, or in nanoseconds where a bit says so', () => {
    expect(kernelClockFrom({ ...STATE, offset: -1_500 })).toEqual({
      isSynchronised: true,
      offsetMs: 1.5,
      maxErrorMs: 12.5,
    });
    expect(kernelClockFrom({ ...STATE, status: 0x2001, offset: 1_500_000 }).offsetMs).toBe(-1.5);
    expect(Object.is(kernelClockFrom(STATE).offsetMs, 0)).toBe(true);
  });

  it('is not synchronised by its bit, or by what the call gave', () => {
    expect(kernelClockFrom({ ...STATE, status: 0x40 }).isSynchronised).toBe(false);
    expect(kernelClockFrom({ ...STATE, state: 5 }).isSynchronised).toBe(false);
    // A leap second is being put in: the clock is right all the same.
    expect(kernelClockFrom({ ...STATE, state: 3 }).isSynchronised).toBe(true);
  });
});
