import { describe, expect, it } from 'vitest';
import { readReport } from '../../../src/position/gpsd/read-report.js';

/** What one line of gpsd says; lines as gpsd 3.22 and 3.25 write them. */

const TIME = '2026-11-23T12:00:00.000Z';
const tpv = (fields: object) => readReport(JSON.stringify({ class: 'TPV', device: '/dev/gps', ...fields }));
const FIX = { mode: 3, time: TIME, lat: 54.72, lon: 2.31, speed: 12.5, track: 80.1 };

describe('a report', () => {
  it('TPV gives place, moment, speed and course', () => {
    expect(tpv({ ...FIX, ept: 0.005, epx: 3.1, climb: 0, magvar: 0.4 })).toEqual({
      kind: 'place',
      epoch: String(Date.parse(TIME)),
      place: { latitudeDeg: 54.72, longitudeDeg: 2.31 },
      details: { gpsAtMs: Date.parse(TIME), speedMetresPerSecond: 12.5, courseDeg: 80.1 },
    });
  });

  it('TPV in two dimensions, and without a time, is a fix too', () => {
    expect(tpv({ mode: 2, lat: 54.72, lon: 2.31 })).toEqual({
      kind: 'place',
      place: { latitudeDeg: 54.72, longitudeDeg: 2.31 },
      details: {},
    });
  });

  it.each([{ mode: 0 }, { mode: 1 }, { ...FIX, mode: 1 }, { ...FIX, status: 5 }, { ...FIX, status: 8 }, {}])(
    'TPV with %o is no fix: none, by dead reckoning, or simulated',
    (fields) => expect(tpv(fields)).toMatchObject({ kind: 'void' }),
  );

  it('SKY gives HDOP and the satellites that are used, counted where gpsd does not', () => {
    const sky = (fields: object) => readReport(JSON.stringify({ class: 'SKY', ...fields }));
    expect(sky({ hdop: 0.9, nSat: 14, uSat: 9 })).toEqual({
      kind: 'details',
      details: { hdop: 0.9, satellites: 9 },
    });
    expect(sky({ hdop: 0.9, satellites: [{ PRN: 2, used: true }, { PRN: 5, used: false }, null] })).toEqual({
      kind: 'details',
      details: { hdop: 0.9, satellites: 1 },
    });
    expect(sky({ hdop: 99.99 })).toEqual({ kind: 'details', details: {} });
  });

  it.each(['VERSION', 'DEVICES', 'DEVICE', 'WATCH', 'PPS', 'TOFF'])('%s is of gpsd itself', (name) => {
    expect(readReport(JSON.stringify({ class: name }))).toEqual({ kind: 'other' });
  });
});

describe('a report is not believed', () => {
  it.each([
    ['without a place', { mode: 3, time: TIME }],
    ['at latitude 91', { ...FIX, lat: 91 }],
    ['at 0,0', { ...FIX, lat: 0, lon: 0 }],
    ['at a text', { ...FIX, lat: '54.72' }],
    ['at 2,000 m/s', { ...FIX, speed: 2_000 }],
    ['backwards', { ...FIX, speed: -1 }],
    ['with a course of 400 degrees', { ...FIX, track: 400 }],
    ['with a text for a speed', { ...FIX, speed: 'fast' }],
  ])('%s', (_, fields) => expect(tpv(fields)).toBeUndefined());

  it.each(['', '{"class":"TPV"', 'null', '[]', '17', '{}', '{"class":"ERROR","message":"no"}', '\xff\x00'])(
    'as %j',
    (line) => expect(readReport(line)).toBeUndefined(),
  );
});
