import { describe, expect, it } from 'vitest';
import { ClockWatch, clockQualityFrom, type KernelClockState } from '../../../src/health/clock-watch.js';
import { DeviceError } from '../../../src/lib/errors.js';
import { createLogger } from '../../../src/lib/log.js';
import { ManualClock } from '../../support/manual-clock.js';

const SYNCED: KernelClockState = { isSynchronised: true, offsetMs: 0.34, maxErrorMs: 12.1 };

function watched(readKernel: () => KernelClockState | undefined = () => SYNCED) {
  const clock = new ManualClock();
  return { clock, watch: new ClockWatch({ clock, readKernel, log: createLogger('silent') }) };
}

describe('the quality of the clock', () => {
  it('is that of a time source while the kernel says so, and unknown else', () => {
    expect(clockQualityFrom(SYNCED)).toEqual({ source: 'ntp', offsetMs: 0.3, maxErrorMs: 13 });
    expect(clockQualityFrom({ ...SYNCED, isSynchronised: false })).toEqual({ source: 'unknown' });
    expect(clockQualityFrom(undefined)).toEqual({ source: 'unknown' });
    expect(Object.is(clockQualityFrom({ ...SYNCED, offsetMs: -0.01 }).offsetMs, 0)).toBe(true);
  });

  it('is what the time service says of it, where that is more than the kernel knows', () => {
    expect(clockQualityFrom(SYNCED, { source: 'gps', offsetMs: -0.06 })).toEqual({
      source: 'gps',
      offsetMs: -0.1,
      maxErrorMs: 13,
    });
    expect(clockQualityFrom({ ...SYNCED, isSynchronised: false }, { source: 'ntp', offsetMs: 0 })).toEqual({
      source: 'unknown',
    });
  });

  it('rests on the satellites where nothing else keeps the clock, and only while they agree', () => {
    expect(clockQualityFrom(undefined, undefined, 312.46)).toEqual({
      source: 'gps',
      offsetMs: 312.5,
      maxErrorMs: 1_313,
    });
    expect(clockQualityFrom(undefined, undefined, -1_900)).toMatchObject({
      source: 'gps',
      maxErrorMs: 2_900,
    });
    expect(clockQualityFrom(undefined, undefined, -86_400_000)).toEqual({
      source: 'unknown',
      offsetMs: -86_400_000,
    });
    expect(clockQualityFrom(SYNCED, undefined, 5_000).source).toBe('ntp');
  });

  it('asks the time service now and then, not at every look', async () => {
    const clock = new ManualClock();
    let asked = 0;
    const watch = new ClockWatch({
      clock,
      readKernel: () => SYNCED,
      log: createLogger('silent'),
      askService: async () => ({ source: 'ntp', offsetMs: ++asked }),
    });
    for (let second = 0; second < 61; second++) {
      watch.look();
      await Promise.resolve();
      clock.advance(1_000);
    }
    watch.look();
    expect(asked).toBe(3);
    expect(watch.quality.offsetMs).toBe(3);
  });

  it('is as of the last look', () => {
    let state: KernelClockState | undefined;
    const { watch } = watched(() => state);
    expect(watch.quality).toEqual({ source: 'unknown' });
    state = SYNCED;
    watch.look();
    expect(watch.quality.source).toBe('ntp');
    state = undefined;
    watch.look();
    expect(watch.quality.source).toBe('unknown');
  });

  it('is unknown without the addon, and a bug is not hidden', () => {
    const { watch } = watched(() => {
      throw new DeviceError('addon.missing', { message: 'no addon', hint: 'build it' });
    });
    watch.look();
    expect(watch.quality).toEqual({ source: 'unknown' });
    const { watch: broken } = watched(() => {
      throw new TypeError('a bug');
    });
    expect(() => broken.look()).toThrow('a bug');
  });
});

describe('a jump of the clock', () => {
  it.each([-86_400_000, -1_500, 1_500, 31_536_000_000])('is noticed once, and counted: %i ms', (byMs) => {
    const { clock, watch } = watched();
    clock.advance(1_000);
    expect(watch.look()).toBeUndefined();
    clock.set(clock.nowMs() + byMs);
    clock.advance(1_000);
    expect(watch.look()).toEqual({ atMs: clock.nowMs(), byMs });
    clock.advance(1_000);
    expect(watch.look()).toBeUndefined();
    expect(watch.snapshot()).toMatchObject({ jumps: 1 });
  });

  it('is none while time passes, however long between two looks', () => {
    const { clock, watch } = watched();
    clock.advance(86_400_000);
    expect(watch.look()).toBeUndefined();
    expect(watch.snapshot()).toEqual({ source: 'ntp', offsetMs: 0.3, maxErrorMs: 13, jumps: 0 });
  });

  it('is none where the clock is turned slowly, hours on end', () => {
    const { clock, watch } = watched();
    for (let second = 0; second < 10_000; second++) {
      clock.advance(1_000);
      clock.set(clock.nowMs() + 0.5);
      expect(watch.look()).toBeUndefined();
    }
  });
});
