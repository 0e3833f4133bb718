import { getTimes } from 'suncalc';
import { describe, expect, it } from 'vitest';
import type { Place } from '../../../src/domain/position.js';
import {
  coarse,
  FIRST_PATIENCE_MS,
  type IlluminationConfig,
  type IlluminationInput,
  type IlluminationState,
  illuminationAfter,
  MOST_PATIENCE_MS,
  OFF_AFTER_MS,
  ON_AFTER_MS,
  startIllumination,
  UNKNOWN_AFTER_MS,
} from '../../../src/gpio/illumination.js';
import { repeatable } from '../../support/repeatable.js';

/** Somewhere in the middle of a cell, so that dusk is that of the place itself. */
const PLACE: Place = { latitudeDeg: 53, longitudeDeg: -1 };
const NOON = Date.UTC(2026, 2, 20, 12);
const MIDNIGHT = Date.UTC(2026, 2, 21, 0);
const MINUTE = 60_000;

interface Moment {
  readonly atMs: number;
  readonly isOn: boolean;
}

/** Asked once a second, as the device asks; `see` may look at whether the light is on. @returns the changes */
function watch(
  options: Partial<IlluminationConfig> & { readonly fromMs: number; readonly forMs: number },
  see: (atMs: number, isOn: boolean) => IlluminationInput,
): Moment[] {
  const config = { illumination: 'auto', ambientDark: 60, ...options } as const;
  let state: IlluminationState = startIllumination(config);
  const changes: Moment[] = [];
  for (let elapsedMs = 0; elapsedMs <= options.forMs; elapsedMs += 1_000) {
    const atMs = options.fromMs + elapsedMs;
    const next = illuminationAfter(state, see(atMs, state.isOn), { atMs, atMono: elapsedMs }, config);
    if (next.isOn !== state.isOn) changes.push({ atMs: elapsedMs, isOn: next.isOn });
    state = next;
  }
  return changes;
}

describe('by the sun', () => {
  const sun = { illumination: 'sun', fromMs: NOON, forMs: 24 * 60 * MINUTE } as const;

  it('is on from dusk to dawn, with one change each', () => {
    const changes = watch(sun, () => ({ place: PLACE }));
    expect(changes.map(({ isOn }) => isOn)).toEqual([true, false]);
    const [on, off] = changes.map(({ atMs }) => NOON + atMs) as [number, number];
    const today = getTimes(new Date(NOON), PLACE.latitudeDeg, PLACE.longitudeDeg);
    const tomorrow = getTimes(new Date(NOON + 24 * 60 * MINUTE), PLACE.latitudeDeg, PLACE.longitudeDeg);
    expect(on).toBeGreaterThan(Number(today.sunset));
    expect(on).toBeLessThan(Number(today.dusk));
    expect(off).toBeGreaterThan(Number(tomorrow.dawn));
    expect(off).toBeLessThan(Number(tomorrow.sunrise));
  });

  it.each([
    ['is on all day in the polar night', Date.UTC(2026, 11, 21, 12), 71, [{ atMs: ON_AFTER_MS, isOn: true }]],
    ['is off all night under the midnight sun', Date.UTC(2026, 5, 21, 12), 71, []],
    [
      'is on all day at the other end of the world then',
      Date.UTC(2026, 5, 21, 12),
      -77,
      [{ atMs: ON_AFTER_MS, isOn: true }],
    ],
  ])('%s', (_what, fromMs, latitudeDeg, expected) => {
    expect(watch({ ...sun, fromMs }, () => ({ place: { latitudeDeg, longitudeDeg: 25 } }))).toEqual(expected);
  });

  it('goes by the picture where there is no place', () => {
    expect(watch({ ...sun, forMs: 10 * MINUTE }, () => ({ pictureBrightness: 20 }))).toEqual([
      { atMs: ON_AFTER_MS, isOn: true },
    ]);
  });

  it('changes at one second for all places of a cell, so that the second tells the cell alone', () => {
    const random = repeatable(6);
    const dusks = Array.from({ length: 20 }, () => {
      const place = { latitudeDeg: 52 + 2 * random(), longitudeDeg: -2 + 2 * random() };
      return watch({ ...sun, forMs: 12 * 60 * MINUTE }, () => ({ place }))[0]?.atMs;
    });
    expect(new Set(dusks).size).toBe(1);
    expect(coarse({ latitudeDeg: 53.99, longitudeDeg: -0.01 })).toEqual(PLACE);
    expect(coarse({ latitudeDeg: -0.5, longitudeDeg: 0.5 })).toEqual({ latitudeDeg: -1, longitudeDeg: 1 });
  });

  it('does not flicker where a receiver stands at the edge of a cell at dusk', () => {
    const random = repeatable(1);
    const changes = watch({ ...sun, forMs: 12 * 60 * MINUTE }, () => ({
      place: { latitudeDeg: 52, longitudeDeg: random() < 0.5 ? -0.0001 : 0.0001 },
    }));
    expect(changes.map(({ isOn }) => isOn)).toEqual([true]);
  });
});

describe('by the picture', () => {
  const ambient = { illumination: 'ambient', fromMs: NOON, forMs: 30 * MINUTE } as const;

  it('does not see a lorry go by, and sees a tunnel', () => {
    const lorry = (atMs: number) => ({ pictureBrightness: (atMs - NOON) % 30_000 < 2_000 ? 5 : 150 });
    expect(watch(ambient, lorry)).toEqual([]);
    const tunnel = (atMs: number) => ({
      pictureBrightness: atMs >= NOON + MINUTE && atMs < NOON + 4 * MINUTE ? 5 : 150,
    });
    expect(watch(ambient, tunnel)).toEqual([
      { atMs: MINUTE + ON_AFTER_MS, isOn: true },
      { atMs: 4 * MINUTE + OFF_AFTER_MS, isOn: false },
    ]);
  });

  it('does not flicker at a brightness about the threshold', () => {
    const random = repeatable(2);
    const dusk = (atMs: number) => ({
      pictureBrightness: 90 - (60 * (atMs - NOON)) / ambient.forMs + 8 * (random() - 0.5),
    });
    expect(watch(ambient, dusk).map(({ isOn }) => isOn)).toEqual([true]);
  });

  it('does not take its own light for day: each trial waits twice as long, up to half an hour', () => {
    const night = { ...ambient, fromMs: MIDNIGHT, forMs: 8 * 60 * MINUTE };
    const changes = watch(night, (_atMs, isOn) => ({ pictureBrightness: isOn ? 140 : 10 }));
    const lit = changes.flatMap(({ atMs, isOn }, index) => {
      const next = changes[index + 1];
      return isOn && next !== undefined ? [next.atMs - atMs] : [];
    });
    const doubled = [1, 2, 4, 8, 16].map((times) => times * FIRST_PATIENCE_MS);
    expect(lit.slice(0, 5)).toEqual(doubled);
    expect(lit.slice(5).every((ms) => ms === MOST_PATIENCE_MS)).toBe(true);
    const darkMs = changes.reduce((sum, { atMs, isOn }) => sum + (isOn ? atMs : -atMs), 0);
    expect(darkMs / night.forMs).toBeLessThan(0.003);
  });

  it('is patient no more after a day', () => {
    const changes = watch({ ...ambient, forMs: 5 * 60 * MINUTE }, (atMs, isOn) => {
      const minute = (atMs - NOON) / MINUTE;
      const isNight = minute < 60 || (minute >= 120 && minute < 125);
      return { pictureBrightness: isNight ? (isOn ? 140 : 10) : 150 };
    });
    const evening = changes.filter(({ atMs }) => atMs >= 120 * MINUTE);
    expect(evening.slice(0, 2)).toEqual([
      { atMs: 120 * MINUTE + ON_AFTER_MS, isOn: true },
      { atMs: 120 * MINUTE + ON_AFTER_MS + FIRST_PATIENCE_MS, isOn: false },
    ]);
  });

  it('goes by the sun where there is no picture', () => {
    const place = () => ({ place: PLACE });
    expect(watch({ ...ambient, fromMs: MIDNIGHT }, place)).toEqual([{ atMs: ON_AFTER_MS, isOn: true }]);
    expect(watch(ambient, place)).toEqual([]);
  });
});

describe('by either', () => {
  const auto = { illumination: 'auto', forMs: 30 * MINUTE } as const;

  it('is on at night however bright its own light makes the picture, without a trial', () => {
    const changes = watch({ ...auto, fromMs: MIDNIGHT }, (_atMs, isOn) => ({
      place: PLACE,
      pictureBrightness: isOn ? 140 : 10,
    }));
    expect(changes).toEqual([{ atMs: ON_AFTER_MS, isOn: true }]);
  });

  it('is on by day in the dark, and off in the light', () => {
    const at = (pictureBrightness: number) => () => ({ place: PLACE, pictureBrightness });
    expect(watch({ ...auto, fromMs: NOON }, at(10))).toEqual([{ atMs: ON_AFTER_MS, isOn: true }]);
    expect(watch({ ...auto, fromMs: NOON }, at(150))).toEqual([]);
  });
});

describe('what is forced, and what is unknown', () => {
  it.each([
    { illumination: 'on', fromMs: NOON, pictureBrightness: 200 },
    { illumination: 'off', fromMs: MIDNIGHT, pictureBrightness: 0 },
  ] as const)('is $illumination whatever sun and picture say', ({ pictureBrightness, ...mode }) => {
    expect(startIllumination({ ...mode, ambientDark: 60 }).isOn).toBe(mode.illumination === 'on');
    expect(watch({ ...mode, forMs: 10 * MINUTE }, () => ({ place: PLACE, pictureBrightness }))).toEqual([]);
  });

  it.each(['auto', 'sun', 'ambient'] as const)(
    'is on after a while in mode %s where nothing is known',
    (mode) => {
      const options = { illumination: mode, fromMs: NOON, forMs: 10 * MINUTE };
      expect(watch(options, () => ({}))).toEqual([{ atMs: UNKNOWN_AFTER_MS, isOn: true }]);
    },
  );
});
