import { describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.js';
import {
  advance,
  advanceSeconds,
  answerToTheEnd,
  drain,
  drainOf,
  error,
  link,
  outbox,
  reads,
  settle,
} from '../../support/drains.js';

/** What the drain does with items of several messages, with a store that fails, and at its stop. */

describe('several messages for an item, several items in a message', () => {
  it('an item leaves the outbox when all that carry it are acknowledged', async () => {
    const renderings = configSchema.parse({ mqtt: { renderings: { compound: { enabled: true } } } }).mqtt
      .renderings;
    drainOf(reads(3), { renderings, windowMessages: 4 });
    await settle();
    expect(link.topics()).toEqual(['read', 'read', 'read', 'compound']);
    link.answerFirst(3);
    await advanceSeconds(1);
    expect(outbox.ids()).toEqual([1, 2, 3]);
    link.answerFirst(1);
    await advanceSeconds(1);
    expect(outbox.ids()).toEqual([]);
  });

  it('they wait for room in the window, and a hit goes before them', async () => {
    const renderings = configSchema.parse({ mqtt: { renderings: { compound: { enabled: true } } } }).mqtt
      .renderings;
    drainOf(reads(2), { renderings, windowMessages: 2 });
    await settle();
    expect(link.topics()).toEqual(['read', 'read']);
    outbox.put('hits');
    drain.wake();
    link.answerFirst(1);
    await settle();
    expect(link.topics()).toEqual(['read', 'hit']);
    link.answerFirst(1);
    await settle();
    expect(link.topics()).toEqual(['hit', 'compound']);
    link.connected = false;
    link.answerAll(error('uplink.connect-failed'));
    await settle();
    expect(outbox.leased.size).toBe(0);
    expect(outbox.ids()).toEqual([1, 2, 3]);
  });
});

describe('the disk', () => {
  it('that fails does not make it send again what the broker has', async () => {
    drainOf(reads(1));
    await settle();
    outbox.failing = true;
    expect(link.answerAll()).toEqual([1]);
    await advanceSeconds(2);
    expect(link.sequences()).toEqual([]);
    outbox.failing = false;
    await advanceSeconds(2);
    expect(outbox.ids()).toEqual([]);
    expect(link.sequences()).toEqual([]);
  });

  it('that is full does not stop hits', async () => {
    drainOf(reads(1));
    outbox.full = true;
    expect(await answerToTheEnd()).toEqual([1]);
    outbox.put('hits');
    drain.wake();
    expect(await answerToTheEnd()).toEqual([2]);
    expect(outbox.ids()).toEqual([1, 2]);
    outbox.full = false;
    await advanceSeconds(2);
    expect(outbox.ids()).toEqual([]);
  });

  it('is written to some hundred acknowledgements at a time', async () => {
    drainOf(reads(1_000), { windowMessages: 20 });
    for (let turn = 0; turn < 100; turn++) {
      await settle();
      link.answerAll();
    }
    expect(outbox.ids()).toEqual([]);
    expect(outbox.writes).toBeLessThan(10);
  });
});

describe('its stop', () => {
  it('goes on until nothing waits', async () => {
    drainOf(reads(4));
    const stopped = drain.stop();
    const order: number[] = [];
    for (let turn = 0; turn < 10; turn++) {
      await advance(20);
      order.push(...link.answerAll());
    }
    await advance(1_000);
    await stopped;
    expect(order).toEqual([1, 2, 3, 4]);
    expect(outbox.ids()).toEqual([]);
  });

  it('lasts no longer than it may, and gives back what is left', async () => {
    drainOf(reads(4));
    let isStopped = false;
    const stopped = drain.stop().then(() => {
      isStopped = true;
    });
    for (let turn = 0; turn < 249; turn++) await advance(20);
    expect(isStopped).toBe(false);
    await advance(20);
    await advance(20);
    await advance(250);
    await stopped;
    expect(outbox.ids()).toHaveLength(4);
    expect(outbox.leased.size).toBe(0);
  });

  it('does not wait for what the meter holds back', async () => {
    drainOf(['read-images'], { metering: { freeInterfaces: [], kilobytesPerHour: { readImages: 0 } } });
    await settle();
    const stopped = drain.stop();
    for (let turn = 0; turn < 20; turn++) await advance(20);
    await stopped;
    expect(outbox.leased.size).toBe(0);
  });
});
