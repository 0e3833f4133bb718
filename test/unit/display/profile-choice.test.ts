import { describe, expect, it } from 'vitest';
import { displaySchema } from '../../../src/config/site-schema.js';
import { ProfileChoice } from '../../../src/display/profile-choice.js';

const SECOND_MS = 1_000;

/** A second a look, as the display beats. @returns the profile after each. */
function profilesOver(
  speeds: readonly (number | undefined | { readonly metresPerSecond: number; readonly ageMs: number })[],
  config: Parameters<typeof displaySchema.parse>[0] = {},
): string[] {
  const choice = new ProfileChoice(displaySchema.parse(config));
  return speeds.map((speed, i) =>
    choice.look(i * SECOND_MS, typeof speed === 'number' ? { metresPerSecond: speed, ageMs: 200 } : speed),
  );
}

const repeated = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);

describe('a display that goes by the speed', () => {
  it('shows more once the vehicle has stood for long enough, and less as soon as it moves', () => {
    const profiles = profilesOver([13, 6, ...repeated(6, 0.2), 3, ...repeated(5, 0)]);
    expect(profiles).toEqual([
      ...repeated(7, 'driver-moving'),
      'stationary',
      ...repeated(6, 'driver-moving'),
    ]);
  });

  it.each([
    ['no fix', undefined],
    ['a fix of before a tunnel', { metresPerSecond: 0, ageMs: 3_001 }],
    ['a fix of the future', { metresPerSecond: 0, ageMs: -1 }],
    ['a speed that is no number', { metresPerSecond: Number.NaN, ageMs: 0 }],
    ['an age that is no number', { metresPerSecond: 0, ageMs: Number.NaN }],
    ['a speed below nothing', { metresPerSecond: -5, ageMs: 0 }],
  ])('takes %s for a moving driver, and counts anew after it', (_, speed) => {
    const stood = repeated(6, 0);
    const profiles = profilesOver([...stood, speed, ...stood]);
    expect(profiles[5]).toBe('stationary');
    expect(profiles.slice(6, 12)).toEqual(repeated(6, 'driver-moving'));
    expect(profiles[12]).toBe('stationary');
  });

  it('goes by the speed, the age and the wait that are configured', () => {
    const slow = repeated(6, { metresPerSecond: 2, ageMs: 5_000 });
    expect(profilesOver(slow)).toEqual(repeated(6, 'driver-moving'));
    const config = { standingMetresPerSecond: 3, freshFixSeconds: 6, standingSeconds: 2 };
    expect(profilesOver(slow, config)).toEqual([
      ...repeated(2, 'driver-moving'),
      ...repeated(4, 'stationary'),
    ]);
  });

  it('does not take a time in which nobody looked for standing', () => {
    const choice = new ProfileChoice(displaySchema.parse({}));
    const stands = { metresPerSecond: 0, ageMs: 0 };
    expect(choice.look(0, stands)).toBe('driver-moving');
    expect(choice.look(60_000, stands)).toBe('driver-moving');
    expect(choice.look(62_000, stands)).toBe('driver-moving');
    expect(choice.look(65_000, stands)).toBe('stationary');
  });
});

describe('a profile that is configured', () => {
  it('passenger: stays, for the driver cannot see it', () => {
    expect(profilesOver([undefined, 30, 0], { profile: 'passenger' })).toEqual(repeated(3, 'passenger'));
  });

  it('driver-moving: stays', () => {
    expect(profilesOver(repeated(9, 0), { profile: 'driver-moving' })).toEqual(repeated(9, 'driver-moving'));
  });

  it('stationary: needs no receiver, but is not believed against one that says that the vehicle moves', () => {
    expect(profilesOver([undefined, 0, 9, 0], { profile: 'stationary' })).toEqual([
      'stationary',
      'stationary',
      'driver-moving',
      'stationary',
    ]);
  });
});
