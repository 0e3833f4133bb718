import { describe, expect, it } from 'vitest';
import type { Fix } from '../../../src/domain/position.js';
import { FixTrack } from '../../../src/position/fix-track.js';

/** Where it was at a moment, out of what was heard before and after it. */

const fix = (atMono: number, latitudeDeg: number, more: Partial<Fix> = {}): Fix => ({
  atMono,
  latitudeDeg,
  longitudeDeg: 2.31,
  ...more,
});
const trackOf = (...fixes: Fix[]) => {
  const track = new FixTrack();
  for (const one of fixes) track.put(one);
  return track;
};
const USEFUL_MS = 300_000;

describe('a moment', () => {
  it('between two fixes lies on the way between them, and as far as the nearer one is its age', () => {
    const track = trackOf(
      fix(1_000, 54, { speedMetresPerSecond: 10, courseDeg: 350, hdop: 0.8, satellites: 11 }),
      fix(2_000, 54.0004, { speedMetresPerSecond: 14, courseDeg: 30, hdop: 1.2, satellites: 9 }),
    );
    expect(track.at(1_250, USEFUL_MS, 'serial')).toEqual({
      latitudeDeg: expect.closeTo(54.0001, 9),
      longitudeDeg: 2.31,
      source: 'serial',
      ageMs: 250,
      isInterpolated: true,
      speedMetresPerSecond: 11,
      courseDeg: 0,
      hdop: 1.2,
      satellites: 9,
    });
  });

  it('after the newest fix is at that fix, and its age tells', () => {
    const track = trackOf(fix(1_000, 54), fix(2_000, 54.0004, { gpsAtMs: 7, courseDeg: 30 }));
    expect(track.at(2_700, USEFUL_MS, 'gpsd')).toEqual({
      latitudeDeg: 54.0004,
      longitudeDeg: 2.31,
      courseDeg: 30,
      source: 'gpsd',
      ageMs: 700,
      isInterpolated: false,
    });
  });

  it('before the first fix is at that fix', () => {
    expect(trackOf(fix(5_000, 54)).at(4_000, USEFUL_MS, 'serial')).toMatchObject({
      latitudeDeg: 54,
      ageMs: 1_000,
    });
  });

  it('in a tunnel is at the end of it that is nearer in time: what lies between is not guessed', () => {
    const track = trackOf(fix(0, 54), fix(60_000, 54.02));
    expect(track.at(20_000, USEFUL_MS, 'serial')).toMatchObject({
      latitudeDeg: 54,
      ageMs: 20_000,
      isInterpolated: false,
    });
    expect(track.at(45_000, USEFUL_MS, 'serial')).toMatchObject({ latitudeDeg: 54.02, ageMs: 15_000 });
  });

  it('too far from every fix is nowhere', () => {
    expect(trackOf().at(0, USEFUL_MS, 'serial')).toBeUndefined();
    expect(trackOf(fix(0, 54)).at(1_001, 1_000, 'serial')).toBeUndefined();
    expect(trackOf(fix(0, 54)).at(1_000, 1_000, 'serial')).toBeDefined();
  });

  it('across the date line is between its two sides', () => {
    const track = trackOf(
      fix(0, 54, { longitudeDeg: 179.9999 }),
      fix(1_000, 54, { longitudeDeg: -179.9999 }),
    );
    expect(Math.abs(track.at(500, USEFUL_MS, 'serial')?.longitudeDeg ?? 0)).toBeCloseTo(180, 9);
  });
});

describe('a fix', () => {
  it('told again takes the place of the one before', () => {
    const track = trackOf(fix(1_000, 54), fix(1_000, 54, { hdop: 0.9 }));
    expect(track.newest).toEqual(fix(1_000, 54, { hdop: 0.9 }));
    track.withdraw(1_000);
    expect(track.newest).toBeUndefined();
  });

  it('that was withdrawn leaves those before it', () => {
    const track = trackOf(fix(1_000, 54), fix(2_000, 55));
    track.withdraw(1_500);
    expect(track.newest?.atMono).toBe(2_000);
    track.withdraw(2_000);
    expect(track.newest?.atMono).toBe(1_000);
  });

  it('older than the newest one is not taken', () => {
    expect(trackOf(fix(2_000, 54), fix(1_000, 55)).newest?.atMono).toBe(2_000);
  });

  it('is kept for minutes, and the newest for ever', () => {
    const track = new FixTrack();
    for (let second = 0; second <= 3_600; second++) track.put(fix(second * 1_000, 54 + second / 1e5));
    expect(track.at(3_100_500, 1_000, 'serial')).toMatchObject({ isInterpolated: true });
    expect(track.at(1_000_000, 1_000, 'serial')).toBeUndefined();
    expect(track.at(90_000_000, 86_400_000, 'serial')).toMatchObject({ ageMs: 86_400_000 });
  });
});

describe('a receiver that tells fixes without end', () => {
  it('has the newest of them kept, and no more than any receiver tells in the time that counts', () => {
    const track = new FixTrack();
    for (let n = 0; n < 20_000; n++) track.put(fix(n, 54));
    expect(track.at(19_999, USEFUL_MS, 'gpsd')).toMatchObject({ ageMs: 0 });
    expect(track.at(10_000, USEFUL_MS, 'gpsd')).toMatchObject({ ageMs: 0 });
    const { ageMs } = track.at(0, USEFUL_MS, 'gpsd') ?? {};
    expect(ageMs).toBeGreaterThan(7_500);
  });
});
