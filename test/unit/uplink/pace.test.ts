import { describe, expect, it } from 'vitest';
import { Pace, type Parcel } from '../../../src/uplink/pace.js';

/**
 * The pace against links as they are: a queue that empties at some rate, and a delay there and back.
 * Time is virtual.
 */
interface LinkShape {
  readonly bytesPerSecond: number;
  readonly delayMs: number;
}

const FAST = { bytesPerSecond: 10_000_000, delayMs: 2 };
/** 32 kbit/s. */
const THIN = { bytesPerSecond: 4_000, delayMs: 100 };
const SATELLITE = { bytesPerSecond: 1_000_000, delayMs: 2_000 };

class SimulatedLink {
  shape: LinkShape;
  nowMono = 0;
  acknowledgedBytes = 0;
  /** Of each message from being sent to its acknowledgement, milliseconds. */
  readonly tookMs: number[] = [];
  readonly #pace: Pace;
  #freeMono = 0;
  readonly #onTheWay: { readonly parcel: Parcel; readonly answerMono: number }[] = [];

  constructor(pace: Pace, shape: LinkShape) {
    this.#pace = pace;
    this.shape = shape;
  }

  /** Sends messages of one size whenever the pace lets one go, for so long. */
  sendFor(ms: number, bytes: number): void {
    const untilMono = this.nowMono + ms;
    for (;;) {
      while (this.#pace.fits(bytes, 0)) this.#send(bytes);
      const next = this.#onTheWay[0];
      if (next === undefined || next.answerMono > untilMono) break;
      this.#onTheWay.shift();
      this.nowMono = next.answerMono;
      this.tookMs.push(this.nowMono - next.parcel.sentMono);
      this.acknowledgedBytes += next.parcel.bytes;
      this.#pace.acknowledged(next.parcel, this.nowMono);
    }
    this.nowMono = untilMono;
  }

  #send(bytes: number): void {
    this.#freeMono = Math.max(this.nowMono, this.#freeMono) + (bytes / this.shape.bytesPerSecond) * 1000;
    const parcel = this.#pace.sent(bytes, this.nowMono);
    this.#onTheWay.push({ parcel, answerMono: this.#freeMono + this.shape.delayMs });
  }

  /** Something else is ahead: what an earlier connection left in the modem. */
  occupy(bytes: number): void {
    this.#freeMono = Math.max(this.nowMono, this.#freeMono) + (bytes / this.shape.bytesPerSecond) * 1000;
  }

  rateFrom(bytesBefore: number, ms: number): number {
    return ((this.acknowledgedBytes - bytesBefore) / ms) * 1000;
  }
}

function linkOf(shape: LinkShape): { pace: Pace; link: SimulatedLink } {
  const pace = new Pace(1_000);
  return { pace, link: new SimulatedLink(pace, shape) };
}

describe('what may be on its way at once', () => {
  it('is little to begin with, but always one message', () => {
    const pace = new Pace(1_000);
    expect(pace.fits(500_000, 0)).toBe(true);
    pace.sent(3_000, 0);
    expect(pace.fits(1_000, 0)).toBe(true);
    expect(pace.fits(2_000, 0)).toBe(false);
  });

  it('counts what the connection still holds, whoever put it there', () => {
    const pace = new Pace(1_000);
    expect(pace.fits(1_000, 3_000)).toBe(true);
    expect(pace.fits(1_000, 4_000)).toBe(false);
  });

  it('doubles in a round trip while acknowledgements come in time, up to a bound', () => {
    const { pace, link } = linkOf(FAST);
    const limits: number[] = [];
    for (let trip = 0; trip < 8; trip++) {
      link.sendFor(FAST.delayMs + 1, 1_000);
      limits.push(pace.limitBytes);
    }
    expect(limits[1]).toBeGreaterThanOrEqual(2 * 4_096);
    link.sendFor(1_000, 1_000);
    expect(pace.limitBytes).toBe(262_144);
  });

  it('does not grow while nothing is held back by it', () => {
    const { pace, link } = linkOf(FAST);
    for (let index = 0; index < 100; index++) {
      const parcel = pace.sent(500, link.nowMono + index * 100);
      pace.acknowledged(parcel, link.nowMono + index * 100 + 3);
    }
    expect(pace.limitBytes).toBe(4_096);
  });
});

describe('a link of 32 kbit/s', () => {
  it('is kept busy, and nothing waits for much longer than a second', () => {
    const { link } = linkOf(THIN);
    link.sendFor(60_000, 1_200);
    expect(link.rateFrom(0, 60_000)).toBeGreaterThan(0.95 * THIN.bytesPerSecond);
    expect(Math.max(...link.tookMs)).toBeLessThan(1_000 + (2 * 1_200) / 4 + THIN.delayMs);
  });

  it('is known to be too slow for a picture, and quick enough for a read', () => {
    const { pace, link } = linkOf(THIN);
    expect(pace.isSlowFor(25_000)).toBe(false);
    link.sendFor(10_000, 1_200);
    expect(pace.bytesPerSecond).toBeGreaterThan(3_000);
    expect(pace.bytesPerSecond).toBeLessThan(6_000);
    expect([pace.isSlowFor(25_000), pace.isSlowFor(1_200)]).toEqual([true, false]);
  });

  it('is certain to be too slow for a picture, but one that is only somewhat slow is not, by small messages', () => {
    const { pace, link } = linkOf(THIN);
    link.sendFor(10_000, 1_200);
    expect(pace.isSlowByHearsay(25_000)).toBe(false);
    const { pace: other, link: better } = linkOf({ bytesPerSecond: 14_000, delayMs: 60 });
    better.sendFor(600, 1_000);
    expect([other.isSlowFor(90_000), other.isSlowByHearsay(90_000)]).toEqual([true, false]);
    expect([other.isSlowFor(40_000), other.isSlowByHearsay(40_000)]).toEqual([true, true]);
    better.sendFor(60_000, 20_000);
    expect([other.isSlowFor(40_000), other.isSlowByHearsay(40_000)]).toEqual([true, false]);
  });

  it('is not taken for a quick one because something else held its first messages up', () => {
    const { pace, link } = linkOf(THIN);
    link.occupy(16_000);
    for (let second = 0; second < 40; second++) {
      link.sendFor(1_000, second % 2 === 0 ? 1_300 : 600);
      expect(pace.bytesPerSecond ?? 0).toBeLessThan(2 * THIN.bytesPerSecond);
    }
    expect(pace.isSlowFor(25_000)).toBe(true);
  });

  it('is noticed when the car drives out of good coverage, and again when it is back', () => {
    const { pace, link } = linkOf(FAST);
    link.sendFor(5_000, 1_200);
    expect(pace.isSlowFor(25_000)).toBe(false);
    link.shape = THIN;
    // What was on its way has to get through first.
    link.sendFor(90_000, 1_200);
    const before = link.tookMs.length;
    link.sendFor(30_000, 1_200);
    expect(Math.max(...link.tookMs.slice(before))).toBeLessThan(2_000);
    expect(pace.isSlowFor(25_000)).toBe(true);
    link.shape = FAST;
    link.sendFor(10_000, 1_200);
    expect(pace.isSlowFor(25_000)).toBe(false);
    expect(pace.limitBytes).toBe(262_144);
  });
});

describe('a link with a long delay', () => {
  it('is not taken for a slow one', () => {
    const { pace, link } = linkOf(SATELLITE);
    link.sendFor(60_000, 1_200);
    const before = link.acknowledgedBytes;
    link.sendFor(60_000, 1_200);
    // All that the bound allows in a round trip.
    expect(link.rateFrom(before, 60_000)).toBeGreaterThan(0.9 * (262_144 / 2.3));
    expect(pace.isSlowFor(25_000)).toBe(false);
  });

  it('is recovered from when the delay comes in the middle', () => {
    const { pace, link } = linkOf({ bytesPerSecond: 1_000_000, delayMs: 50 });
    link.sendFor(5_000, 1_200);
    link.shape = SATELLITE;
    link.sendFor(120_000, 1_200);
    expect(pace.delayMs).toBeGreaterThan(1_500);
    expect(pace.limitBytes).toBeGreaterThan(100_000);
    link.shape = FAST;
    link.sendFor(5_000, 1_200);
    expect(pace.delayMs).toBeLessThan(100);
  });
});

describe('what never arrives', () => {
  it('makes room again, and a new connection begins as the first did', () => {
    const { pace, link } = linkOf(FAST);
    link.sendFor(1_000, 1_200);
    const parcel = pace.sent(250_000, link.nowMono);
    pace.lost(parcel);
    pace.restart();
    expect([pace.limitBytes, pace.bytesPerSecond, pace.delayMs]).toEqual([4_096, undefined, 0]);
  });
});
