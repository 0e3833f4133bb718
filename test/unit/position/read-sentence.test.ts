import { describe, expect, it } from 'vitest';
import { sentence } from '../../../scripts/src/patrol/nmea-text.js';
import { readSentence } from '../../../src/position/nmea/read-sentence.js';
import { repeatable } from '../../support/repeatable.js';

/** What one sentence of NMEA 0183 says, and which are not believed. */

const read = (content: string) => readSentence(sentence(content).trimEnd());
const WHERE = '5443.20000,N,00218.60000,E';
const PLACE = { latitudeDeg: 54.72, longitudeDeg: 2.31 };
const rmcFields = `GNRMC,120000.00,A,${WHERE},20.0,45.0,231126,,,A`;
const ggaFields = `GPGGA,120000.00,${WHERE},1,08,0.9,12.0,M,45.0,M,,`;
const rmc = (
  change: Partial<Record<'time' | 'status' | 'where' | 'knots' | 'course' | 'date' | 'mode', string>>,
) => {
  const { time, status, where, knots, course, date, mode } = {
    time: '120000.00',
    status: 'A',
    where: WHERE,
    knots: '20.0',
    course: '45.0',
    date: '231126',
    mode: 'A',
    ...change,
  };
  return read(`GNRMC,${time},${status},${where},${knots},${course},${date},,,${mode}`);
};
const gga = (quality: string, where = WHERE, satellites = '08', hdop = '0.9') =>
  read(`GPGGA,120000.00,${where},${quality},${satellites},${hdop},12.0,M,45.0,M,,`);

describe('a sentence', () => {
  it('RMC gives place, speed, course and the moment', () => {
    expect(rmc({})).toEqual({
      kind: 'place',
      epoch: '120000',
      place: { latitudeDeg: expect.closeTo(54.72, 6), longitudeDeg: expect.closeTo(2.31, 6) },
      details: {
        speedMetresPerSecond: expect.closeTo(10.289, 3),
        courseDeg: 45,
        gpsAtMs: Date.UTC(2026, 10, 23, 12),
      },
    });
  });

  it('GGA gives place, HDOP and satellites of the same moment, however its time is written', () => {
    expect(gga('1')).toMatchObject({ kind: 'place', epoch: '120000', details: { hdop: 0.9, satellites: 8 } });
    expect(rmc({ time: '120000' })).toMatchObject({ epoch: '120000' });
  });

  it('GSA and VTG give details', () => {
    expect(read('GNGSA,A,3,02,05,,,,,,,,,,,1.8,1.1,1.4')).toEqual({
      kind: 'details',
      details: { hdop: 1.1 },
    });
    expect(read('GPVTG,90.0,T,,M,10.0,N,18.52,K,A')).toEqual({
      kind: 'details',
      details: { speedMetresPerSecond: expect.closeTo(5.144, 3), courseDeg: 90 },
    });
  });

  it.each(['GN', 'GP', 'GL', 'GA', 'GB', 'BD'])('is understood from talker %s', (talker) => {
    expect(read(`${talker}GGA,120000,${WHERE},1,08,0.9,12.0,M,45.0,M,,`)).toMatchObject({ kind: 'place' });
  });

  it('south and west are negative', () => {
    expect(rmc({ where: '3351.00000,S,15112.00000,W' })).toMatchObject({
      place: { latitudeDeg: expect.closeTo(-33.85, 6), longitudeDeg: expect.closeTo(-151.2, 6) },
    });
  });

  it.each(['GPGSV,1,1,00', 'GPTXT,01,01,02,ANTENNA', 'PUBX,40,GLL,0', 'AIVDM,1', 'GPGLL,,,,,120000,V'])(
    '%s is sound, and says nothing that matters',
    (content) => expect(read(content)).toEqual({ kind: 'other' }),
  );
});

describe('no fix', () => {
  it.each([
    ['RMC void', () => rmc({ status: 'V' })],
    ['RMC void without anything', () => rmc({ status: 'V', where: ',,,', knots: '', course: '', mode: 'N' })],
    ['RMC by dead reckoning', () => rmc({ mode: 'E' })],
    ['RMC set by hand', () => rmc({ mode: 'M' })],
    ['RMC simulated', () => rmc({ mode: 'S' })],
    ['GGA without one', () => gga('0', ',,,', '00', '99.99')],
    ['GGA by dead reckoning', () => gga('6')],
    ['GGA simulated', () => gga('8')],
  ])('is what %s says, at its moment', (_, said) =>
    expect(said()).toEqual({ kind: 'void', epoch: '120000' }),
  );

  it('is also said by a receiver that does not know the time', () => {
    expect(read('GPRMC,,V,,,,,,,,,,N')).toEqual({ kind: 'void' });
  });
});

describe('a sentence is not believed', () => {
  const good = sentence(`GNRMC,120000,A,${WHERE},20.0,45.0,231126,,,A`).trimEnd();

  it('without a checksum, or with a wrong one', () => {
    expect(readSentence(good)).toMatchObject({ kind: 'place' });
    expect(readSentence(good.slice(0, -3))).toBeUndefined();
    expect(readSentence(`${good.slice(0, -1)}${good.endsWith('0') ? '1' : '0'}`)).toBeUndefined();
  });

  it('with any one character changed', () => {
    for (let i = 0; i < good.length; i++) {
      for (const character of '0N*,$~') {
        if (character === good[i]) continue;
        expect(readSentence(good.slice(0, i) + character + good.slice(i + 1))).toBeUndefined();
      }
    }
  });

  it.each([
    ['latitude 91', { where: '9100.00000,N,00218.60000,E' }],
    ['longitude 181', { where: '5443.20000,N,18100.00000,E' }],
    ['60 minutes', { where: '5460.00000,N,00218.60000,E' }],
    ['0,0, which is what some write who do not know', { where: '0000.00000,N,00000.00000,E' }],
    ['no north or south', { where: '5443.20000,,00218.60000,E' }],
    ['no east or west', { where: '5443.20000,N,00218.60000,' }],
    ['letters for digits', { where: '54A3.20000,N,00218.60000,E' }],
    ['half a place', { where: '5443.20000,N,,' }],
    ['no place at all, and yet a fix', { where: ',,,' }],
    ['2,000 knots', { knots: '2000.0' }],
    ['backwards', { knots: '-3.0' }],
    ['no number for a speed', { knots: 'x' }],
    ['a course of 400 degrees', { course: '400.0' }],
    ['25 hours', { time: '250000.00' }],
    ['no time', { time: '' }],
  ])('with %s', (_, change) => expect(rmc(change)).toBeUndefined());

  it.each([
    ['a negative HDOP', () => gga('1', WHERE, '08', '-1')],
    ['1,000 satellites', () => gga('1', WHERE, '1000')],
    ['half a satellite', () => gga('1', WHERE, '8.5')],
    ['a quality that nobody knows', () => gga('12')],
    ['too few fields', () => read(`GNRMC,120000,A,${WHERE}`)],
    ['a mode that nobody knows', () => rmc({ mode: '?' })],
  ])('with %s', (_, said) => expect(said()).toBeUndefined());
});

describe('whatever stands under a right checksum', () => {
  it('is a place on the globe at a speed of roads, or nothing; and never an error', () => {
    const random = repeatable(11);
    const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)] as T;
    const odd = [
      '',
      '0',
      '-1',
      '9'.repeat(40),
      'NaN',
      '1e9',
      'Infinity',
      '.',
      'A',
      'N',
      'W',
      '00000.0',
      '12..3',
      ' ',
    ];
    const types = ['RMC', 'GGA', 'GSA', 'VTG', 'GSV', 'XXX', 'toString', '__proto__'];
    const usual = [
      '120000',
      'A',
      '5443.2',
      'N',
      '00218.6',
      'E',
      '20.0',
      '45.0',
      '231126',
      '1',
      '08',
      '0.9',
      'T',
      'K',
      'M',
    ];
    let taken = 0;
    for (let i = 0; i < 30_000; i++) {
      const base = pick([rmcFields, ggaFields]).split(',');
      const fields = base.map((field) => (random() < 0.06 ? pick([...odd, ...usual]) : field));
      if (random() < 0.1) fields[0] = `GP${pick(types)}`;
      if (random() < 0.05) fields.length = Math.floor(random() * fields.length) + 1;
      const said = read(fields.join(','));
      if (said?.kind !== 'place') continue;
      taken++;
      expect(Math.abs(said.place.latitudeDeg)).toBeLessThanOrEqual(90);
      expect(Math.abs(said.place.longitudeDeg)).toBeLessThanOrEqual(180);
      for (const value of Object.values(said.details)) expect(Number.isFinite(value)).toBe(true);
      expect(said.details.speedMetresPerSecond ?? 0).toBeLessThanOrEqual(150);
      expect(said.details.speedMetresPerSecond ?? 0).toBeGreaterThanOrEqual(0);
      expect(said.details.hdop ?? 1).toBeGreaterThan(0);
    }
    expect(taken).toBeGreaterThan(5_000);
  });
});

describe('what is not known is left out', () => {
  it('a date that cannot be, or none, gives no time', () => {
    for (const date of ['', '000000', '321326', '2311']) {
      const said = rmc({ date });
      expect(said).toMatchObject({ kind: 'place' });
      expect(said).not.toHaveProperty('details.gpsAtMs');
    }
  });

  it('an HDOP of 99.99 means none', () => {
    expect(gga('1', WHERE, '03', '99.99')).toMatchObject({ details: { satellites: 3 } });
    expect(gga('1', WHERE, '03', '99.99')).not.toHaveProperty('details.hdop');
  });

  it('a receiver that stands gives no course', () => {
    expect(rmc({ knots: '0.01', course: '' })).not.toHaveProperty('details.courseDeg');
  });

  it('keeps the place exact', () => {
    const said = rmc({});
    expect(said?.kind === 'place' && said.place.latitudeDeg).toBeCloseTo(PLACE.latitudeDeg, 9);
  });
});
