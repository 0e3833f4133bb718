import { describe, expect, it } from 'vitest';
import { DriveLog } from '../../../scripts/src/patrol/drive-log.js';
import { placeFields, sentence } from '../../../scripts/src/patrol/nmea-text.js';
import { readAtRate } from '../../../scripts/src/patrol/wrong-rate.js';
import { metresBetween } from '../../../src/position/place.js';

/** Made-up drives, which the tests of positions and the simulated patrol stand on. */

const OPTIONS = {
  seed: 'a',
  beginsAtMs: Date.UTC(2026, 10, 23, 12),
  stretches: [
    { seconds: 60, metresPerSecond: 15, sky: 'open' },
    { seconds: 20, metresPerSecond: 0, sky: 'open' },
    { seconds: 30, metresPerSecond: 25, sky: 'tunnel' },
  ],
} as const;

describe('a drive', () => {
  const log = new DriveLog(OPTIONS);

  it('is the same for the same seed, and another for another', () => {
    expect(new DriveLog(OPTIONS).text).toBe(log.text);
    expect(new DriveLog({ ...OPTIONS, seed: 'b' }).text).not.toBe(log.text);
  });

  it('speeds up and brakes as a car does, stands at lights, and is where its speed took it', () => {
    expect(log.seconds).toBe(110);
    let metres = 0;
    for (let second = 0; second < log.seconds - 1; second += 0.1) {
      const [here, there] = [log.truthAt(second), log.truthAt(second + 0.1)];
      metres += metresBetween(here.place, there.place);
      expect(Math.abs(there.metresPerSecond - here.metresPerSecond)).toBeLessThan(0.31);
    }
    expect(log.truthAt(50).metresPerSecond).toBe(15);
    expect(log.truthAt(75).metresPerSecond).toBe(0);
    expect(log.truthAt(75).place).toEqual(log.truthAt(78).place);
    expect(metres).toBeGreaterThan(1_000);
    expect(metres).toBeLessThan(60 * 15 + 30 * 25);
  });

  it('bends', () => {
    const courses = Array.from({ length: 40 }, (_, i) => log.truthAt(15 + i).courseDeg);
    expect(Math.max(...courses) - Math.min(...courses)).toBeGreaterThan(5);
  });
});

describe('a sentence', () => {
  it('bears its checksum', () => {
    // The example that is in every description of NMEA 0183.
    expect(sentence('GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,')).toBe(
      '$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n',
    );
  });

  it('writes degrees and minutes, and never sixty of them', () => {
    expect(placeFields({ latitudeDeg: 54.72, longitudeDeg: -2.31 })).toBe('5443.20000,N,00218.60000,W');
    expect(placeFields({ latitudeDeg: -8.999999999, longitudeDeg: 120 })).toBe('0900.00000,S,12000.00000,E');
  });
});

describe('a line that is read at a wrong rate', () => {
  const sent = Buffer.from(sentence('GPGGA,120000,5443.20000,N,00218.60000,E,1,08,0.9,,M,,M,,'));

  it('gives what was sent at the right one', () => {
    expect(Buffer.from(readAtRate(sent, 9_600, 9_600))).toEqual(sent);
    // Clocks of lines may differ by a few per cent.
    expect(Buffer.from(readAtRate(sent, 9_600, 9_800))).toEqual(sent);
  });

  it.each([4_800, 19_200, 38_400, 115_200])('gives other bytes at %i baud', (rate) => {
    const read = Buffer.from(readAtRate(sent, 9_600, rate));
    expect(read.length).toBeGreaterThan(0);
    expect(read.toString('latin1')).not.toContain('GPGGA');
  });
});
