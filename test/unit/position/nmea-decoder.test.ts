import { describe, expect, it } from 'vitest';
import { DriveLog, type Stretch } from '../../../scripts/src/patrol/drive-log.js';
import type { Fix } from '../../../src/domain/position.js';
import { NmeaDecoder } from '../../../src/position/nmea/nmea-decoder.js';
import { metresBetween } from '../../../src/position/place.js';
import { repeatable } from '../../support/repeatable.js';

/** Whole drives through the decoder, as they are and spoilt on the way. */

const BEGINS_AT_MS = Date.UTC(2026, 10, 23, 23, 58);

function drive(seed: string, ...stretches: Stretch[]): DriveLog {
  return new DriveLog({ seed, beginsAtMs: BEGINS_AT_MS, stretches });
}

/** Each second's bytes at its second, as the caller spoils them. */
function hear(log: DriveLog, spoil: (bytes: Buffer) => Buffer = (bytes) => bytes) {
  const fixes = new Map<number, Fix>();
  const counts = { understood: 0, bad: 0 };
  const decoder = new NmeaDecoder({
    onFix: (fix) => fixes.set(fix.atMono, fix),
    onNoFix: (atMono) => fixes.delete(atMono),
    onSentence: (isUnderstood) => {
      counts[isUnderstood ? 'understood' : 'bad']++;
    },
  });
  for (let second = 0; second < log.seconds; second++) {
    decoder.push(spoil(Buffer.from(log.sentencesAt(second).join(''), 'latin1')), second * 1_000);
  }
  const errorsMetres = [...fixes.values()].map((fix) =>
    metresBetween(fix, log.truthAt(fix.atMono / 1_000).place),
  );
  return { fixes: [...fixes.values()], errorsMetres, counts };
}

const OPEN = { seconds: 120, metresPerSecond: 18, sky: 'open' } as const;

describe('a clean drive', () => {
  it('gives a fix a second, where the car was, with all that the receiver says, over midnight', () => {
    const log = drive('clean', OPEN, { ...OPEN, metresPerSecond: 0 });
    const { fixes, errorsMetres, counts } = hear(log);
    expect(fixes).toHaveLength(240);
    expect(Math.max(...errorsMetres)).toBeLessThan(12);
    expect(counts).toEqual({ understood: 240 * 5, bad: 0 });
    fixes.forEach((fix, second) => {
      const truth = log.truthAt(second);
      expect(fix.gpsAtMs).toBe(BEGINS_AT_MS + second * 1_000);
      expect(fix.speedMetresPerSecond).toBeCloseTo(truth.metresPerSecond, 2);
      expect(fix.hdop).toBeGreaterThan(0);
      expect(fix.satellites).toBeGreaterThan(8);
      if (truth.metresPerSecond > 1) expect(fix.courseDeg).toBeCloseTo(truth.courseDeg, 1);
      else if (truth.metresPerSecond < 0.4) expect(fix.courseDeg).toBeUndefined();
    });
  });
});

describe('a tunnel', () => {
  it('gives no fix at all, and least of all 0,0', () => {
    const log = drive('tunnel', OPEN, { seconds: 60, metresPerSecond: 20, sky: 'tunnel' }, OPEN);
    const { fixes, errorsMetres, counts } = hear(log);
    expect(fixes.map(({ atMono }) => atMono / 1_000).filter((at) => at >= 120 && at < 180)).toEqual([]);
    expect(fixes.length).toBeGreaterThan(230);
    expect(Math.max(...errorsMetres)).toBeLessThan(12);
    expect(counts.bad).toBe(0);
  });
});

describe('a town', () => {
  it('gives worse fixes that say so, and misses some', () => {
    const { fixes, errorsMetres } = hear(drive('town', { seconds: 600, metresPerSecond: 9, sky: 'urban' }));
    expect(fixes.length).toBeGreaterThan(500);
    expect(fixes.length).toBeLessThan(600);
    expect(Math.max(...errorsMetres)).toBeGreaterThan(60);
    expect(Math.min(...fixes.map(({ hdop }) => hdop ?? 0))).toBeGreaterThanOrEqual(2);
  });
});

describe('a spoilt line', () => {
  const log = drive('spoilt', OPEN, OPEN, OPEN);

  it('that loses, doubles and changes bytes costs fixes, and never gives a wrong one', () => {
    const random = repeatable(5);
    const { fixes, errorsMetres, counts } = hear(log, (bytes) => {
      const out: number[] = [];
      for (const byte of bytes) {
        const fate = random();
        if (fate < 0.002) continue;
        if (fate < 0.004) out.push(byte);
        out.push(fate > 0.996 ? Math.floor(random() * 256) : byte);
      }
      return Buffer.from(out);
    });
    expect(counts.bad).toBeGreaterThan(100);
    expect(fixes.length).toBeGreaterThan(200);
    expect(Math.max(...errorsMetres)).toBeLessThan(12);
  });

  it('that cuts sentences off in their middle costs what was cut', () => {
    const random = repeatable(6);
    const { fixes, errorsMetres } = hear(log, (bytes) =>
      bytes.subarray(0, Math.floor(random() * bytes.length)),
    );
    expect(fixes.length).toBeGreaterThan(100);
    expect(Math.max(...errorsMetres)).toBeLessThan(12);
  });

  it('that carries noise alone gives nothing', () => {
    const random = repeatable(7);
    const { fixes, counts } = hear(log, (bytes) => bytes.map(() => Math.floor(random() * 256)) as Buffer);
    expect(fixes).toEqual([]);
    expect(counts.understood).toBe(0);
    expect(counts.bad).toBeGreaterThan(1_000);
  });
});
