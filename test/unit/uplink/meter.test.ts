import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.js';
import { LANE_NAMES, type Lane, type MeteredHour } from '../../../src/domain/outbox.js';
import { Meter, wireBytes } from '../../../src/uplink/meter.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** 10:00 on some day. */
const TEN = Date.UTC(2026, 10, 20, 10);

type Limits = Partial<Record<'total' | 'reads' | 'hitImages' | 'readImages' | 'health', number>>;

function noBytes(): Record<Lane, number> {
  return { hits: 0, reads: 0, 'hit-images': 0, 'read-images': 0, health: 0 };
}

/** Keeps what it is told, as the outbox does. */
class Book {
  readonly hours = new Map<number, Record<Lane, number>>();

  readonly load = (hour: number): MeteredHour => ({ hour, bytes: this.hours.get(hour) ?? noBytes() });

  store(meter: Meter): void {
    for (const noted of meter.unstored()) {
      const bytes = this.hours.get(noted.hour) ?? noBytes();
      for (const lane of LANE_NAMES) bytes[lane] += noted.bytes[lane];
      this.hours.set(noted.hour, bytes);
      meter.stored(noted);
    }
  }
}

function meterOf(kilobytesPerHour: Limits, book = new Book(), freeInterfaces: string[] = []): Meter {
  const config = configSchema.parse({ mqtt: { metering: { kilobytesPerHour, freeInterfaces } } }).mqtt
    .metering;
  return new Meter({ config, load: book.load });
}

function open(meter: Meter): Lane[] {
  return LANE_NAMES.filter((lane) => meter.isOpen(lane));
}

describe('a budget of bytes', () => {
  it('is none unless one is set', () => {
    const meter = meterOf({});
    meter.advance(TEN, 0);
    for (const lane of LANE_NAMES) meter.charge(lane, 1e12);
    expect(open(meter)).toEqual(LANE_NAMES);
  });

  it('shuts a lane when the lane has spent its own, by at most the last message', () => {
    const meter = meterOf({ readImages: 50 });
    meter.advance(TEN, 0);
    meter.charge('read-images', 49_999);
    expect(meter.isOpen('read-images')).toBe(true);
    meter.charge('read-images', 25_000);
    expect(open(meter)).toEqual(['hits', 'reads', 'hit-images', 'health']);
  });

  it('of 0 sends nothing of a lane', () => {
    const meter = meterOf({ readImages: 0, hitImages: 0 });
    meter.advance(TEN, 0);
    expect(open(meter)).toEqual(['hits', 'reads', 'health']);
  });

  it('in total counts hits, and shuts everything but hits', () => {
    const meter = meterOf({ total: 100 });
    meter.advance(TEN, 0);
    meter.charge('hits', 100_000);
    expect(open(meter)).toEqual(['hits']);
    expect(meter.snapshot(true)).toMatchObject({
      sinceMs: TEN,
      spentBytes: { hits: 100_000 },
      limitBytes: { total: 100_000 },
      shut: ['reads', 'hit-images', 'read-images', 'health'],
    });
  });

  it('begins anew with the next hour of the clock', () => {
    const meter = meterOf({ reads: 1 });
    meter.advance(TEN + 59 * MINUTE, 0);
    meter.charge('reads', 1_000);
    meter.advance(TEN + 60 * MINUTE - 1, MINUTE - 1);
    expect(meter.isOpen('reads')).toBe(false);
    meter.advance(TEN + 60 * MINUTE, MINUTE);
    expect(meter.isOpen('reads')).toBe(true);
  });
});

describe('networks', () => {
  it('are metered, also when it is not known which one it is, except those that are named', () => {
    const meter = meterOf({}, new Book(), ['eth0', 'wlan0']);
    expect(['eth0', 'wlan0', 'wwan0', undefined].map((name) => meter.isMetered(name))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it('that are free hold nothing back', () => {
    const meter = meterOf({ readImages: 0 });
    meter.advance(TEN, 0);
    expect(meter.snapshot(false).shut).toEqual([]);
  });
});

describe('a restart', () => {
  it('goes on with what was stored, and stores nothing twice', () => {
    const book = new Book();
    const before = meterOf({ reads: 10 }, book);
    before.advance(TEN, 0);
    before.charge('reads', 6_000);
    book.store(before);
    before.charge('reads', 3_000);
    book.store(before);
    book.store(before);
    const after = meterOf({ reads: 10 }, book);
    after.advance(TEN + 5 * MINUTE, 0);
    expect(after.snapshot(true).spentBytes.reads).toBe(9_000);
    after.charge('reads', 1_000);
    expect(after.isOpen('reads')).toBe(false);
  });

  it('is told of each hour by itself', () => {
    const book = new Book();
    const meter = meterOf({}, book);
    meter.advance(TEN, 0);
    meter.charge('reads', 100);
    meter.advance(TEN + HOUR, HOUR);
    meter.charge('hits', 200);
    book.store(meter);
    expect([...book.hours.values()]).toEqual([
      { ...noBytes(), reads: 100 },
      { ...noBytes(), hits: 200 },
    ]);
  });
});

describe('a clock that jumps', () => {
  /** Budgets that could be spent within `minutes` of real time, whatever the wall clock says in each. */
  function budgetsWithin(minutes: number, wallMsAt: (minute: number) => number): number {
    const book = new Book();
    const meter = meterOf({ reads: 10 }, book);
    let spentBytes = 0;
    for (let minute = 0; minute < minutes; minute++) {
      meter.advance(wallMsAt(minute), minute * MINUTE);
      while (meter.isOpen('reads')) {
        meter.charge('reads', 1_000);
        spentBytes += 1_000;
      }
      book.store(meter);
    }
    return spentBytes / 10_000;
  }

  it('none: an hour that was begun, and two more', () => {
    expect(budgetsWithin(120, (minute) => TEN + (minute + 30) * MINUTE)).toBe(3);
  });

  it('forth by an hour every minute gives one budget more at once, and then one an hour', () => {
    expect(budgetsWithin(59, (minute) => TEN + minute * HOUR)).toBe(2);
    expect(budgetsWithin(120, (minute) => TEN + minute * HOUR)).toBeLessThanOrEqual(4);
  });

  it('back by an hour every minute gives none for an hour', () => {
    expect(budgetsWithin(59, (minute) => TEN - minute * HOUR)).toBe(1);
    expect(budgetsWithin(120, (minute) => TEN - minute * HOUR)).toBe(2);
  });

  it('to and fro goes on with what was counted', () => {
    expect(budgetsWithin(59, (minute) => TEN + (minute % 2) * HOUR)).toBe(2);
    expect(budgetsWithin(179, (minute) => TEN + (minute % 2) * HOUR)).toBe(2);
  });

  it('back from a year that was wrong does not stop the meter for as long', () => {
    const meter = meterOf({ reads: 10 });
    meter.advance(Date.UTC(2031, 0), 0);
    meter.charge('reads', 10_000);
    meter.advance(TEN, MINUTE);
    expect(meter.isOpen('reads')).toBe(false);
    meter.advance(TEN + HOUR, HOUR + MINUTE);
    expect(meter.isOpen('reads')).toBe(true);
    expect(meter.snapshot(true).sinceMs).toBe(TEN + HOUR);
  });
});

describe('what a message costs', () => {
  it('is topic, properties, payload, 60 bytes for each of its packets and 80 for the answer', () => {
    const message = { topic: 'anpr/unit-7/read', retain: false, payload: Buffer.alloc(900) };
    expect(wireBytes(message)).toBe(900 + (5 + 2 + 16 + 2) + 60 + 80);
    const withProperties = {
      ...message,
      contentType: 'application/json',
      userProperties: { id: 'x'.repeat(36) },
    };
    expect(wireBytes(withProperties)).toBe(wireBytes(message) + (4 + 1 + 2 + 16) + (1 + 2 + 2 + 2 + 36));
    expect(wireBytes({ ...message, payload: Buffer.alloc(25_000) })).toBe(25_000 + 25 + 19 * 60 + 80);
  });
});
