import { describe, expect, it } from 'vitest';
import {
  type ExposureLimits,
  type ExposureSeen,
  type ExposureSetting,
  LEAST_PLATES,
  nextSetting,
  within,
} from '../../../src/capture/exposure-step.js';

const LIMITS: ExposureLimits = {
  leastExposureMs: 0.1,
  mostExposureMs: 2,
  hasGain: true,
  plateBrightness: 150,
};

function seenOf(brightness: number, changes: Partial<ExposureSeen> = {}): ExposureSeen {
  const plates = Array.from({ length: 5 }, () => ({
    brightness: Math.min(255, brightness),
    saturatedShare: brightness > 255 ? 0.6 : 0,
  }));
  return { plates, isAlternating: false, blindMs: 0, ...changes };
}

/** A plate's brightness in light of this strength; gain is worth so many stops over its range. */
const brightnessOf = (light: number, { exposureMs, gainShare }: ExposureSetting, gainStops = 5) =>
  light * exposureMs * 2 ** (gainShare * gainStops);

function settle(light: number, from: ExposureSetting, gainStops?: number, steps = 40): ExposureSetting[] {
  const settings = [from];
  for (let step = 0; step < steps; step++) {
    const now = settings.at(-1) as ExposureSetting;
    settings.push(nextSetting(now, seenOf(brightnessOf(light, now, gainStops)), LIMITS));
  }
  return settings;
}

describe('a step of exposure', () => {
  it.each([
    { what: 'far too bright', light: 5_000 },
    { what: 'too bright', light: 400 },
    { what: 'too dark', light: 40 },
    { what: 'far too dark', light: 4 },
  ])('brings plates that are $what to where they are read well, and stays there', ({ light }) => {
    const settings = settle(light, { exposureMs: 1, gainShare: 0 });
    const last = settings.at(-1) as ExposureSetting;
    // As far as the shortest exposure and the whole gain go.
    const reachable = Math.min(Math.max(150, brightnessOf(light, { exposureMs: 0.1, gainShare: 0 })), 255);
    expect(Math.min(255, brightnessOf(light, last)) / reachable).toBeGreaterThan(0.8);
    expect(Math.min(255, brightnessOf(light, last)) / reachable).toBeLessThan(1.2);
    expect(settings.at(-2)).toBe(last);
  });

  it('settles whatever a camera’s gain is worth', () => {
    for (const gainStops of [1.5, 5, 12]) {
      const settings = settle(8, { exposureMs: 1, gainShare: 0.9 }, gainStops, 80);
      const brightness = settings.slice(-5).map((each) => Math.min(255, brightnessOf(8, each, gainStops)));
      const most = Math.min(150, brightnessOf(8, { exposureMs: 2, gainShare: 1 }, gainStops));
      for (const value of brightness) expect(value / most).toBeGreaterThan(0.75);
      for (const value of brightness) expect(value / most).toBeLessThan(1.3);
    }
  });

  it('uses exposure before gain, and gives gain back first', () => {
    for (const setting of settle(10, { exposureMs: 0.2, gainShare: 0 })) {
      if (setting.gainShare > 0) expect(setting.exposureMs).toBe(2);
    }
    const down = settle(300, { exposureMs: 2, gainShare: 0.8 });
    for (const setting of down) if (setting.exposureMs < 2) expect(setting.gainShare).toBe(0);
  });

  it('never leaves what is allowed', () => {
    for (const light of [0.001, 1, 1_000_000]) {
      for (const { exposureMs, gainShare } of settle(light, { exposureMs: 2, gainShare: 1 }).slice(1)) {
        expect(exposureMs).toBeGreaterThanOrEqual(0.1);
        expect(exposureMs).toBeLessThanOrEqual(2);
        expect(gainShare).toBeGreaterThanOrEqual(0);
        expect(gainShare).toBeLessThanOrEqual(1);
      }
    }
    expect(within({ exposureMs: 33, gainShare: 0.5 }, LIMITS)).toEqual({ exposureMs: 2, gainShare: 0.5 });
    expect(within({ exposureMs: 1, gainShare: 0.5 }, { ...LIMITS, hasGain: false }).gainShare).toBe(0);
  });

  it('leaves alone what is right, and what too few plates say', () => {
    const now = { exposureMs: 1, gainShare: 0.2 };
    for (const brightness of [135, 150, 170]) expect(nextSetting(now, seenOf(brightness), LIMITS)).toBe(now);
    const few = { ...seenOf(20), plates: seenOf(20).plates.slice(0, LEAST_PLATES - 1) };
    expect(nextSetting(now, few, LIMITS)).toBe(now);
  });

  it('with alternating frames looks at the brighter half', () => {
    const now = { exposureMs: 1, gainShare: 0.2 };
    const plates = [40, 40, 40, 40, 40, 150, 150, 150].map((brightness) => ({
      brightness,
      saturatedShare: 0,
    }));
    const seen = { plates, isAlternating: true, blindMs: 0 };
    expect(nextSetting(now, seen, LIMITS)).toBe(now);
    expect(nextSetting(now, { ...seen, isAlternating: false }, LIMITS).exposureMs).toBeGreaterThan(1);
    const dim = plates.map((plate) => ({ ...plate, brightness: plate.brightness / 2 }));
    expect(nextSetting(now, { ...seen, plates: dim }, LIMITS).exposureMs).toBeGreaterThan(1);
  });
});

describe('while no plate is seen', () => {
  const now = { exposureMs: 1, gainShare: 0 };
  const blind = (brightness: number, saturatedShare = 0): ExposureSeen => ({
    plates: [],
    isAlternating: false,
    blindMs: 90_000,
    picture: { brightness, saturatedShare, contrast: 50 },
  });

  it('the picture decides: a glaring one is made darker, a black one brighter, but not noisy', () => {
    expect(nextSetting(now, blind(220), LIMITS).exposureMs).toBeLessThan(1);
    expect(nextSetting(now, blind(100, 0.4), LIMITS).exposureMs).toBeLessThan(1);
    expect(nextSetting(now, blind(10), LIMITS).exposureMs).toBeGreaterThan(1);
    let setting: ExposureSetting = now;
    for (let step = 0; step < 100; step++) setting = nextSetting(setting, blind(5), LIMITS);
    expect(setting.exposureMs).toBe(2);
    expect(setting.gainShare).toBeLessThan(0.5);
  });

  it('nothing is changed by a picture that is neither, nor before a minute has passed', () => {
    expect(nextSetting(now, blind(90), LIMITS)).toBe(now);
    expect(nextSetting(now, { ...blind(220), blindMs: 20_000 }, LIMITS)).toBe(now);
  });
});
