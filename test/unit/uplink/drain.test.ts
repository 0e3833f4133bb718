import { describe, expect, it } from 'vitest';
import type { Lane } from '../../../src/domain/outbox.js';
import {
  advance,
  advanceSeconds,
  answerToTheEnd,
  clock,
  drain,
  drainOf,
  error,
  link,
  outbox,
  reads,
  settle,
} from '../../support/drains.js';

/**
 * What the drain does over time: waits, refusals, a broker that says nothing, a store that fails, a
 * link that is slow or costs money. (The real broker and the real store are in
 * test/integration/uplink.test.ts; each decision by itself is in the tests beside this one.)
 */

describe('the drain', () => {
  it('has no more than its window on the way, and goes on with each answer', async () => {
    drainOf(reads(5));
    await settle();
    expect(link.sequences()).toEqual([1, 2, 3]);
    link.answer(2);
    await settle();
    expect(link.sequences()).toEqual([1, 3, 4]);
    expect(drain.snapshot()).toMatchObject({ inFlight: 3, acknowledged: { reads: 1 } });
  });

  it('respects the broker’s window where that is smaller', async () => {
    link.windowMessages = 2;
    drainOf(reads(5));
    await settle();
    expect(link.sequences()).toEqual([1, 2]);
  });

  it('looks by itself once a second, should a wake-up have been missed', async () => {
    drainOf([]);
    await settle();
    outbox.put('reads');
    await settle();
    expect(link.sequences()).toEqual([]);
    await advanceSeconds(1);
    expect(link.sequences()).toEqual([1]);
  });

  it('gives back what a lost connection took, and sends it again', async () => {
    drainOf(reads(2));
    await settle();
    link.connected = false;
    expect(link.answerAll(error('uplink.connect-failed'))).toEqual([1, 2]);
    await settle();
    expect(outbox.leased.size).toBe(0);
    expect(link.sequences()).toEqual([]);
    link.connected = true;
    drain.connected();
    expect(await answerToTheEnd()).toEqual([1, 2]);
    expect(drain.snapshot()).toMatchObject({ resent: 2, acknowledged: { reads: 2 } });
  });

  it('gives up a connection on which nothing is acknowledged', async () => {
    drainOf(reads(1), { answerSeconds: 15 });
    await advanceSeconds(15);
    expect(link.dropped).toEqual([]);
    await advanceSeconds(2);
    expect(link.dropped[0]).toBe('the broker did not acknowledge a message within 15 s');
  });

  it('parks what the broker refuses by itself, for the longest wait, and goes on with the others', async () => {
    drainOf(reads(6));
    await settle();
    link.answer(1, error('uplink.refused'));
    expect(await answerToTheEnd()).toEqual([2, 3, 4, 5, 6]);
    expect(outbox.ids()).toEqual([1]);
    expect(drain.snapshot()).toMatchObject({ parked: 1, inFlight: 0 });
    await advanceSeconds(59);
    expect(link.sequences()).toEqual([]);
    await advanceSeconds(1);
    expect(await answerToTheEnd()).toEqual([1]);
    expect(outbox.ids()).toEqual([]);
  });

  it('lets a lane rest of which a whole window is parked, and no other', async () => {
    drainOf([...Array<Lane>(10).fill('hits'), ...reads(4)]);
    for (let turn = 0; turn < 10; turn++) {
      await settle();
      for (const sequence of link.sequences()) {
        link.answer(sequence, sequence <= 10 ? error('uplink.refused') : undefined);
      }
    }
    expect(drain.snapshot()).toMatchObject({ inFlight: 0, acknowledged: { hits: 0, reads: 4 } });
    expect(drain.snapshot().parked).toBeLessThan(10);
  });

  it('keeps what cannot be made into a message, and goes on with the others', async () => {
    drainOf(reads(3));
    outbox.damage(2);
    expect(await answerToTheEnd()).toEqual([1, 3]);
    expect(outbox.ids()).toEqual([2]);
  });
});

describe('the lanes', () => {
  it('go in their order, first in first out inside each', async () => {
    drainOf(['health', 'read-images', 'reads', 'hit-images', 'hits', 'reads', 'hits'], { windowMessages: 1 });
    expect(await answerToTheEnd()).toEqual([5, 7, 3, 6, 4, 2, 1]);
  });

  it('let a hit that comes wait for one answer only', async () => {
    drainOf(reads(200));
    await settle();
    outbox.put('hits');
    drain.wake();
    await settle();
    expect(link.sequences()).toEqual([1, 2, 3]);
    link.answer(1);
    await settle();
    expect(link.sequences()).toEqual([2, 3, 201]);
  });

  it('that wait for long send one message all the same', async () => {
    drainOf([...reads(100), 'health'], { windowMessages: 1, starvationSeconds: 5 });
    const order: number[] = [];
    for (let second = 0; second < 10; second++) {
      await advanceSeconds(1);
      order.push(...link.answerAll());
    }
    expect(order.indexOf(101)).toBeGreaterThan(3);
    expect(order.indexOf(101)).toBeLessThan(7);
  });

  it('begin with the hits after an outage, however long the others have waited', async () => {
    drainOf([...reads(5), 'health'], { windowMessages: 1, starvationSeconds: 5 });
    await settle();
    link.connected = false;
    link.answerAll(error('uplink.connect-failed'));
    await advanceSeconds(20);
    outbox.put('hits');
    link.connected = true;
    drain.connected();
    await settle();
    expect(link.sequences()).toEqual([7]);
  });
});

describe('a slow link', () => {
  const manyReads = { windowMessages: 100 };

  it('has no more on its way than it carries while a hit may wait, and a few hits on top', async () => {
    drainOf(reads(100), manyReads);
    await settle();
    const onTheWay = link.sequences().length;
    expect(onTheWay).toBeLessThan(10);
    for (const _ of Array(10)) outbox.put('hits');
    drain.wake();
    await settle();
    const hits = link.sequences().slice(onTheWay);
    expect(hits.slice(0, 2)).toEqual([101, 102]);
    expect(hits.length).toBeLessThan(8);
  });

  it('gets its pictures only now and then', async () => {
    drainOf([...reads(8), 'hit-images', 'hit-images', 'hit-images'], {
      ...manyReads,
      slowLinkImageSeconds: 30,
    });
    // 1,000 bytes a second: what is answered in a second was sent in it.
    const wentAfterSeconds: number[] = [];
    for (let second = 0; second < 150; second++) {
      await advance(1_000);
      const isPicture = link.topics()[0] === 'image';
      if (isPicture) wentAfterSeconds.push(clock.monoMs() / 1000);
      for (let more = 0; isPicture && more < 24; more++) await advance(1_000);
      link.answerFirst(1);
      await settle();
    }
    // The first one tells how slow the link is. They are looked at once a second.
    const gaps = wentAfterSeconds.slice(1).map((at, index) => at - (wentAfterSeconds[index] as number));
    expect(gaps).toHaveLength(2);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(29);
  });

  it('is left for a new connection when it became slow under a hit', async () => {
    drainOf([]);
    await advanceSeconds(20);
    outbox.put('hit-images');
    drain.wake();
    await settle();
    outbox.put('hits');
    drain.wake();
    await advanceSeconds(1);
    expect(link.dropped).toEqual([]);
    await advanceSeconds(0.5);
    expect(link.dropped).toEqual([
      'the link has become slow, and a hit waits behind what was sent before it',
    ]);
    await advanceSeconds(10);
    expect(link.dropped).toHaveLength(1);
    expect(drain.snapshot().dropped).toEqual({ unanswered: 0, 'held-up': 1 });
  });
});

describe('a metered link', () => {
  const metering = { freeInterfaces: ['eth0'], kilobytesPerHour: { readImages: 0, reads: 3 } };

  it('carries hits always, and of the others what their budgets allow, hour by hour', async () => {
    drainOf([...reads(11), 'read-images', 'hits'], { metering });
    expect(await answerToTheEnd()).toEqual([13, 1, 2, 3, 4, 5]);
    expect(drain.snapshot().meter.shut).toEqual(['reads', 'read-images']);
    expect(outbox.leased.size).toBe(0);
    for (let minute = 0; minute < 60; minute++) await advance(60_000);
    expect(await answerToTheEnd()).toEqual([6, 7, 8, 9, 10]);
    expect(outbox.ids()).toEqual([11, 12]);
  });

  it('is none where its network is a free one', async () => {
    link.networkInterface = 'eth0';
    drainOf([...reads(9), 'read-images'], { metering });
    await answerToTheEnd();
    expect(outbox.ids()).toEqual([]);
    expect(drain.snapshot().meter.spentBytes.reads).toBe(0);
  });

  it('counts what is sent again, and keeps the count in the outbox', async () => {
    drainOf(reads(1), { metering });
    await settle();
    link.connected = false;
    link.answerAll(error('uplink.connect-failed'));
    await advanceSeconds(1);
    const once = outbox.metered(Math.floor(clock.nowMs() / 3_600_000)).bytes.reads;
    expect(once).toBeGreaterThan(500);
    link.connected = true;
    drain.connected();
    await answerToTheEnd();
    await advanceSeconds(1);
    expect(outbox.metered(Math.floor(clock.nowMs() / 3_600_000)).bytes.reads).toBe(2 * once);
  });
});
