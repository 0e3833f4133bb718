import { describe, expect, it } from 'vitest';
import { DriveLog } from '../../../scripts/src/patrol/drive-log.js';
import type { Fix, Place } from '../../../src/domain/position.js';
import { MovementWatch } from '../../../src/position/movement-watch.js';
import { NmeaDecoder } from '../../../src/position/nmea/nmea-decoder.js';

/** A cabinet that was moved is told; one whose receiver has a bad day is not. */

const SURVEYED: Place = { latitudeDeg: 54.72, longitudeDeg: 2.31 };
const METRES_NORTH = 1 / 111_195;
const at = (second: number, northMetres: number, hdop = 1): Fix => ({
  ...SURVEYED,
  latitudeDeg: SURVEYED.latitudeDeg + northMetres * METRES_NORTH,
  atMono: second * 1_000,
  hdop,
});
const watching = () => new MovementWatch({ surveyed: SURVEYED, limitMetres: 50 });

describe('a cabinet', () => {
  it('that was carried away is told within half a minute, and when it is back', () => {
    const watch = watching();
    for (let second = 0; second < 60; second++) watch.put(at(second, 3));
    expect(watch.isMoved).toBe(false);
    for (let second = 60; second < 90; second++) watch.put(at(second, 80));
    expect(watch.isMoved).toBe(true);
    for (let second = 90; second < 120; second++) watch.put(at(second, 3));
    expect(watch.isMoved).toBe(false);
  });

  it('is not moved by wild fixes, not even by several in a row', () => {
    const watch = watching();
    for (let second = 0; second < 600; second++) {
      watch.put(at(second, second % 60 >= 40 && second % 60 < 50 ? 5_000 : 3));
      expect(watch.isMoved).toBe(false);
    }
  });

  it('is not moved by fixes that call themselves bad, however many', () => {
    const watch = watching();
    for (let second = 0; second < 600; second++) watch.put(at(second, 300, 8));
    expect(watch.isMoved).toBe(false);
  });

  it('is not moved by a receiver that has just woken', () => {
    const watch = watching();
    for (let second = 0; second < 9; second++) watch.put(at(second, 2_000));
    for (let second = 9; second < 100; second++) watch.put(at(second, 4));
    expect(watch.isMoved).toBe(false);
  });

  it('at the limit is not told again and again', () => {
    const watch = watching();
    let changes = 0;
    for (let second = 0; second < 1_000; second++) {
      const before = watch.isMoved;
      watch.put(at(second, second % 80 < 40 ? 52 : 45));
      if (watch.isMoved !== before) changes++;
    }
    expect(changes).toBe(1);
  });

  it.each(['a', 'b'])('between tall houses stays where it is for an hour (%s)', (seed) => {
    const stretches = [{ seconds: 3_600, metresPerSecond: 0, sky: 'urban' }] as const;
    const log = new DriveLog({ seed, beginsAtMs: Date.UTC(2026, 10, 23), from: SURVEYED, stretches });
    const watch = watching();
    let moved = 0;
    const decoder = new NmeaDecoder({
      onFix: (fix) => watch.put(fix),
      onNoFix: () => undefined,
      onSentence: () => undefined,
    });
    for (let second = 0; second < log.seconds; second++) {
      decoder.push(Buffer.from(log.sentencesAt(second).join('')), second * 1_000);
      if (watch.isMoved) moved++;
    }
    expect(moved).toBe(0);
  });
});
