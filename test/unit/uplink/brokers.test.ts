import { describe, expect, it } from 'vitest';
import { type AttemptEnd, Brokers, type BrokersOptions } from '../../../src/uplink/brokers.js';
import { repeatable } from '../../support/repeatable.js';

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;

function brokers(count: number, options: Partial<BrokersOptions> = {}): Brokers {
  const urls = Array.from({ length: count }, (_, index) => `mqtt://broker-${index}`);
  const waits = { firstMs: SECOND, mostMs: MINUTE };
  return new Brokers({ urls, protocolVersion: 'auto', ...waits, random: () => 1, ...options });
}

const UNREACHABLE: AttemptEnd = { kind: 'unreachable' };

/** Attempts that all end the same, with the waits before them kept, from `fromMono` on. */
function attempts(of: Brokers, count: number, end: AttemptEnd, fromMono = 0) {
  let nowMono = fromMono;
  return Array.from({ length: count }, () => {
    const { attempt, waitMs } = of.next(nowMono);
    nowMono += waitMs;
    of.ended(attempt, end, nowMono);
    return { index: attempt.index, waitMs, protocolVersion: attempt.protocolVersion };
  });
}

describe('which broker is tried', () => {
  it('is the preferred one, then the next in the list, each again after its own doubling wait', () => {
    const tried = attempts(brokers(3), 9, UNREACHABLE);
    expect(tried.map(({ index }) => index)).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
    expect(tried.map(({ waitMs }) => waitMs)).toEqual([0, 0, 0, 1_000, 0, 0, 2_000, 0, 0]);
  });

  it('is asked no more often than the longest wait allows, with jitter', () => {
    const random = repeatable(7);
    const tried = attempts(brokers(1, { random }), 40, UNREACHABLE);
    const waits = tried.slice(10).map(({ waitMs }) => waitMs);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(MINUTE / 2);
    expect(Math.max(...waits)).toBeLessThanOrEqual(MINUTE);
    expect(new Set(waits).size).toBe(waits.length);
  });

  it('is the next one at once where the first refuses, which is asked again after the longest wait', () => {
    const of = brokers(2);
    of.ended(of.next(0).attempt, { kind: 'refused' }, 0);
    expect(of.next(0)).toMatchObject({ attempt: { index: 1 }, waitMs: 0 });
    of.ended(of.next(0).attempt, { kind: 'refused' }, 0);
    expect(of.next(0)).toMatchObject({ attempt: { index: 0 }, waitMs: MINUTE });
  });

  it('is the same one after a sound connection, after the shortest wait', () => {
    const of = brokers(2);
    attempts(of, 7, UNREACHABLE);
    const { attempt } = of.next(HOUR);
    of.connected(attempt, HOUR);
    of.ended(attempt, { kind: 'lost', sound: true }, 2 * HOUR);
    expect(of.next(2 * HOUR)).toMatchObject({ attempt: { index: attempt.index }, waitMs: SECOND });
  });

  it('is the next one after a connection that was of no use, however often it can be made', () => {
    const of = brokers(2);
    const { attempt } = of.next(0);
    of.connected(attempt, 0);
    of.ended(attempt, { kind: 'lost', sound: false }, SECOND);
    expect(of.next(SECOND)).toMatchObject({ attempt: { index: 1 }, waitMs: 0 });
  });

  it('is the same one at once where this side gave a sound connection up', () => {
    const of = brokers(2, { firstMs: MINUTE });
    const { attempt } = of.next(0);
    of.connected(attempt, 0);
    of.ended(attempt, { kind: 'dropped', sound: true }, SECOND);
    expect(of.next(SECOND)).toMatchObject({ attempt: { index: 0 }, waitMs: 0 });
    of.ended(attempt, { kind: 'dropped', sound: false }, SECOND);
    expect(of.next(SECOND)).toMatchObject({ attempt: { index: 1 }, waitMs: 0 });
  });

  it('need not wait any more when the device has come to another network', () => {
    const of = brokers(1);
    attempts(of, 9, UNREACHABLE);
    expect(of.next(4 * MINUTE).waitMs).toBeGreaterThan(0);
    of.hurry(4 * MINUTE);
    expect(of.next(4 * MINUTE).waitMs).toBe(0);
    of.ended(of.next(4 * MINUTE).attempt, UNREACHABLE, 4 * MINUTE);
    expect(of.next(4 * MINUTE).waitMs).toBe(SECOND);
  });
});

describe('the protocol version', () => {
  it.each(['no-version', 'silent'] as const)(
    'is 4 at once after an end of kind %s, and is remembered',
    (kind) => {
      const of = brokers(2);
      of.ended(of.next(0).attempt, { kind }, 0);
      const again = of.next(0);
      expect(again).toMatchObject({ attempt: { index: 0, protocolVersion: 4 }, waitMs: 0 });
      of.connected(again.attempt, 0);
      of.ended(again.attempt, { kind: 'lost', sound: true }, MINUTE);
      expect(of.next(2 * MINUTE).attempt).toMatchObject({ index: 0, protocolVersion: 4 });
      expect(of.attemptAt(1, MINUTE).protocolVersion).toBe(5);
      expect(of.next(2 * HOUR).attempt.protocolVersion).toBe(5);
    },
  );

  it('stays 5 where 5 was spoken before and a patchy link ended an attempt without an answer', () => {
    const of = brokers(1);
    of.connected(of.next(0).attempt, 0);
    of.ended(of.next(0).attempt, { kind: 'lost', sound: true }, MINUTE);
    const tried = attempts(of, 7, { kind: 'silent' }, MINUTE);
    // Five in a row are believed: the broker may have been replaced.
    expect(tried.map(({ protocolVersion }) => protocolVersion)).toEqual([5, 5, 5, 5, 5, 4, 5]);
  });

  it('is 5 again where 4 did not help, and the waits count', () => {
    const tried = attempts(brokers(1), 6, { kind: 'silent' });
    expect(tried.map(({ protocolVersion }) => protocolVersion)).toEqual([5, 4, 5, 4, 5, 4]);
    expect(tried.map(({ waitMs }) => waitMs)).toEqual([0, 0, 1_000, 0, 2_000, 0]);
  });

  it.each([4, 5] as const)('that is fixed to %i stays', (protocolVersion) => {
    const tried = attempts(brokers(1, { protocolVersion }), 4, { kind: 'no-version' });
    expect(new Set(tried.map((attempt) => attempt.protocolVersion))).toEqual(new Set([protocolVersion]));
    expect(tried[1]?.waitMs).toBe(MINUTE);
  });
});

it('a broker that retains nothing is asked at once without a retained will, and once only', () => {
  const of = brokers(1);
  const { attempt } = of.next(0);
  expect(attempt.mayRetain).toBe(true);
  of.ended(attempt, { kind: 'no-retain' }, 0);
  const again = of.next(0);
  expect(again).toMatchObject({ attempt: { mayRetain: false }, waitMs: 0 });
  of.ended(again.attempt, { kind: 'no-retain' }, 0);
  expect(of.next(0).waitMs).toBe(MINUTE);
});

describe('the way back to a better broker', () => {
  function onSecond(): Brokers {
    const of = brokers(3);
    of.ended(of.next(0).attempt, UNREACHABLE, 0);
    of.connected(of.next(0).attempt, 0);
    return of;
  }

  it('is looked for after five minutes on a lesser one, and then less and less often', () => {
    const of = onSecond();
    const second = of.attemptAt(1, 0);
    expect(of.betterThan(second, 4 * MINUTE)).toEqual([]);
    expect(of.betterThan(second, 5 * MINUTE).map(({ index }) => index)).toEqual([0]);
    of.looked(5 * MINUTE);
    expect(of.betterThan(second, 14 * MINUTE)).toEqual([]);
    expect(of.betterThan(second, 15 * MINUTE)).toHaveLength(1);
    of.looked(15 * MINUTE);
    expect(of.betterThan(second, 30 * MINUTE)).toHaveLength(1);
  });

  it('is not put off by a link that breaks every minute', () => {
    const of = onSecond();
    const second = of.attemptAt(1, 0);
    for (let minute = 1; minute < 5; minute++) {
      of.ended(second, { kind: 'lost', sound: true }, minute * MINUTE);
      of.connected(second, minute * MINUTE);
    }
    expect(of.betterThan(second, 5 * MINUTE)).toHaveLength(1);
  });

  it('leads to the one that answered, and on to the next where that was a mistake', () => {
    const of = onSecond();
    const second = of.attemptAt(1, 0);
    of.looked(5 * MINUTE);
    of.ended(second, { kind: 'left', to: 0 }, 5 * MINUTE);
    expect(of.next(5 * MINUTE)).toMatchObject({ attempt: { index: 0 }, waitMs: 0 });
    of.ended(of.next(5 * MINUTE).attempt, UNREACHABLE, 5 * MINUTE);
    expect(of.next(5 * MINUTE)).toMatchObject({ attempt: { index: 1 }, waitMs: 0 });
  });

  it('is taken at longer intervals while the first broker does not stay, and at the first one once it did', () => {
    const of = onSecond();
    const [first, second] = [of.attemptAt(0, 0), of.attemptAt(1, 0)];
    let nowMono = 0;
    /** Back to the first broker, which stays so long; @returns minutes until the next look. */
    const returned = (staysMs: number) => {
      of.looked(nowMono);
      of.ended(second, { kind: 'left', to: 0 }, nowMono);
      of.connected(first, nowMono);
      nowMono += staysMs;
      of.ended(first, { kind: 'lost', sound: false }, nowMono);
      of.connected(second, nowMono);
      let minutes = 0;
      while (of.betterThan(second, nowMono + minutes * MINUTE).length === 0) minutes++;
      nowMono += minutes * MINUTE;
      return minutes;
    };
    expect([returned(MINUTE), returned(MINUTE), returned(HOUR)]).toEqual([15, 15, 5]);
  });
});
