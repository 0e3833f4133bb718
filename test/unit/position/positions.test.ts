import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { positionSchema } from '../../../src/config/site-schema.js';
import type { Fix } from '../../../src/domain/position.js';
import type { PositionListener, PositionSource } from '../../../src/position/position-source.js';
import { Positions } from '../../../src/position/positions.js';
import { ManualClock } from '../../support/manual-clock.js';

/** What the rest of the device is told: with and without a receiver, surveyed and carried away. */

const folder = mkdtempSync(join(tmpdir(), 'anprd-positions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const surveyedFile = join(folder, 'surveyed-place');
writeFileSync(surveyedFile, '54.5,3.25\n', { mode: 0o600 });

const BEGAN_AT_MS = Date.UTC(2026, 10, 23, 12);
const SURVEYED = { latitudeDeg: 54.5, longitudeDeg: 3.25 };

function device({ isSurveyed = false, hasReceiver = true, usefulSeconds = 300 }) {
  const clock = new ManualClock(BEGAN_AT_MS);
  let listener: PositionListener | undefined;
  const source: PositionSource = {
    kind: 'serial',
    baudRate: 9_600,
    run: (heard, signal) => {
      listener = heard;
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
    },
  };
  const moves: boolean[] = [];
  const positions = new Positions({
    config: positionSchema.parse({ usefulSeconds, ...(isSurveyed ? { surveyedFile } : {}) }),
    clock,
    log: pino({ level: 'silent' }),
    onMoved: (isMoved) => moves.push(isMoved),
    ...(hasReceiver ? { source } : {}),
  });
  positions.start();
  const hear = (more: Partial<Fix> = {}) => {
    listener?.onSentence(true);
    listener?.onFix({ ...SURVEYED, atMono: clock.monoMs(), ...more });
  };
  return { clock, positions, hear, moves, noFix: (atMono: number) => listener?.onNoFix(atMono) };
}

describe('a device without a receiver and without a survey', () => {
  it('is nowhere', async () => {
    const { positions } = device({ hasReceiver: false });
    expect(positions.at(BEGAN_AT_MS)).toBeUndefined();
    expect(positions.place()).toBeUndefined();
    expect(positions.speed()).toBeUndefined();
    expect(positions.isMoved).toBe(false);
    expect(positions.snapshot()).toMatchObject({ source: 'none', state: 'none' });
    await positions.stop();
  });
});

describe('a device with a receiver', () => {
  it('is nowhere before the first fix, and after the last one for as long as configured', async () => {
    const { positions, clock, hear } = device({ usefulSeconds: 30 });
    expect(positions.at(BEGAN_AT_MS)).toBeUndefined();
    hear();
    clock.advance(30_000);
    expect(positions.at(BEGAN_AT_MS + 30_000)).toMatchObject({
      ...SURVEYED,
      source: 'serial',
      ageMs: 30_000,
    });
    clock.advance(1);
    expect(positions.at(BEGAN_AT_MS + 30_001)).toBeUndefined();
    // For the sun's times, yesterday's place will do.
    expect(positions.place()).toEqual(SURVEYED);
    await positions.stop();
  });

  it('loses a fix that the receiver takes back', async () => {
    const { positions, hear, noFix } = device({});
    hear({ atMono: 0 });
    noFix(0);
    expect(positions.at(BEGAN_AT_MS)).toBeUndefined();
    expect(positions.snapshot().state).toBe('searching');
    await positions.stop();
  });

  it('tells its speed with its age, and none that was not said', async () => {
    const { positions, clock, hear } = device({});
    hear({ speedMetresPerSecond: 7 });
    clock.advance(400);
    expect(positions.speed()).toEqual({ metresPerSecond: 7, ageMs: 400 });
    hear();
    expect(positions.speed()).toBeUndefined();
    await positions.stop();
  });

  it('shows how far the clock is from the satellites, at once after a step and not by one late sentence', async () => {
    const { positions, clock, hear } = device({});
    expect(positions.snapshot()).not.toHaveProperty('clockOffsetMs');
    for (let second = 0; second < 9; second++) {
      hear({ gpsAtMs: clock.nowMs() - 120 - (second === 4 ? 900 : 0) });
      clock.advance(1_000);
    }
    expect(positions.snapshot().clockOffsetMs).toBeCloseTo(120, 6);
    clock.set(clock.nowMs() - 5_000);
    expect(positions.snapshot().clockOffsetMs).toBeCloseTo(-4_880, 6);
    clock.advance(60_000);
    expect(positions.snapshot()).not.toHaveProperty('clockOffsetMs');
    await positions.stop();
  });
});

describe('a fixed cabinet with a receiver', () => {
  const north = (metres: number) => ({ latitudeDeg: SURVEYED.latitudeDeg + metres / 111_195 });

  it('is where it was surveyed, until the receiver says that it was carried away', async () => {
    const { positions, clock, hear, moves } = device({ isSurveyed: true });
    const stay = (seconds: number, metres: number) => {
      for (let second = 0; second < seconds; second++) {
        hear({ ...north(metres), hdop: 1 });
        clock.advance(1_000);
      }
    };
    stay(60, 8);
    expect(positions.at(clock.nowMs())).toEqual({
      ...SURVEYED,
      source: 'surveyed',
      ageMs: 0,
      isInterpolated: false,
    });
    stay(60, 400);
    expect(positions.isMoved).toBe(true);
    expect(positions.at(clock.nowMs() - 1_000)).toMatchObject({ ...north(400), source: 'serial' });
    stay(60, 8);
    expect(positions.at(clock.nowMs())?.source).toBe('surveyed');
    expect(moves).toEqual([true, false]);
    await positions.stop();
  });
});
