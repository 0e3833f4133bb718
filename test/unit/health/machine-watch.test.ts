import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.js';
import type { MachineState } from '../../../src/health/machine.js';
import { MachineWatch } from '../../../src/health/machine-watch.js';
import { Warnings } from '../../../src/health/warnings.js';
import { createLogger } from '../../../src/lib/log.js';
import { ManualClock } from '../../support/manual-clock.js';

function watched(power: object = {}) {
  const clock = new ManualClock();
  const warnings = new Warnings({ clock, log: createLogger('silent') });
  const limits: (number | undefined)[] = [];
  const watch = new MachineWatch({
    config: configSchema.parse({ power }).power,
    leaveFreeBytes: 200e6,
    warnings,
    onLimit: (framesPerSecond) => limits.push(framesPerSecond),
  });
  const codes = () => warnings.visible().map(({ code }) => code);
  const details = () => warnings.visible().map(({ detail }) => detail);
  const look = (...states: readonly MachineState[]) => {
    for (const state of states) watch.look(state);
  };
  return { clock, limits, codes, details, look };
}

describe('heat', () => {
  it('slows the cameras before the processor does it, and lets go when it is cool, not before', () => {
    const { limits, codes, look } = watched();
    look({ celsius: 60 }, { celsius: 77.9 });
    expect(codes()).toEqual([]);
    look({ celsius: 78 }, { celsius: 80 });
    expect(codes()).toEqual(['too-hot']);
    look({ celsius: 75 }, { celsius: 72 });
    expect(limits).toEqual([5]);
    look({ celsius: 71.9 });
    expect(limits).toEqual([5, undefined]);
    expect(codes()).toEqual([]);
  });

  it('begins and ends where it is configured to, at the rate that is', () => {
    const { limits, look } = watched({ hotCelsius: 60, coolCelsius: 50, hotFramesPerSecond: 8 });
    look({ celsius: 59 }, { celsius: 60 }, { celsius: 50 });
    expect(limits).toEqual([8]);
    look({ celsius: 49 });
    expect(limits).toEqual([8, undefined]);
  });

  it('limits nothing where there is no sensor', () => {
    const { limits, look } = watched();
    look({}, { freeBytes: 1e12 });
    expect(limits).toEqual([]);
  });
});

it('tells no heat that no sensor told', () => {
  const { details, look } = watched();
  look({ celsius: 80.4 });
  expect(details()).toEqual(['at 80 °C']);
  // A sensor that is gone: what it said last holds on.
  look({ isThrottled: true });
  expect(details()).toEqual(['now, at an unknown heat', 'at an unknown heat']);
});

describe('a processor that slows itself, or too little voltage', () => {
  it.each([{ isThrottled: true }, { isUnderVoltage: true }])('slows the cameras as well: %o', (state) => {
    const { limits, look } = watched();
    const steady = { isThrottled: false, isUnderVoltage: false, celsius: 60 };
    look(steady);
    expect(limits).toEqual([]);
    look(state, steady, state, ...Array(11).fill(steady));
    expect(limits).toEqual([5]);
    look(steady);
    expect(limits).toEqual([5, undefined]);
  });
});

describe('what is told and fades', () => {
  it.each([
    [{ isThrottled: true, celsius: 70 }, 'throttled'],
    [{ isUnderVoltage: true }, 'under-voltage'],
  ])('%o', (state, code) => {
    const { clock, codes, look } = watched();
    look(state, { isThrottled: false, isUnderVoltage: false });
    expect(codes()).toEqual([code]);
    clock.advance(61_000);
    expect(codes()).toEqual([]);
  });
});

describe('the disk', () => {
  it.each([
    [{ wornPercent: 80 }, ['disk-worn']],
    [{ wornPercent: 70 }, []],
    [{ freeBytes: 399e6 }, ['disk-low']],
    [{ freeBytes: 401e6 }, []],
  ])('%o', (state, expected) => {
    const { codes, look } = watched();
    look(state);
    expect(codes()).toEqual(expected);
    look({ freeBytes: 1e12 });
    expect(codes()).toEqual([]);
  });
});
