import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.js';
import type { Outbox, OutboxItem } from '../../../src/domain/outbox.js';
import { DeviceError } from '../../../src/lib/errors.js';
import { createLogger } from '../../../src/lib/log.js';
import { Drain, type Link } from '../../../src/uplink/drain.js';
import type { WireMessage } from '../../../src/uplink/payloads.js';
import { ManualClock } from '../../support/manual-clock.js';
import { passageOf } from '../../support/reports.js';

/**
 * What the drain does over time: waits, refusals, a broker that says nothing, a store that fails.
 * (The real broker and the real store are in test/integration/uplink.test.ts.)
 */

function error(code: 'uplink.refused' | 'uplink.connect-failed' | 'store.write-failed'): DeviceError {
  return new DeviceError(code, { message: 'as the test says', hint: '' });
}

/** A plain list with the behaviour of the outbox. */
class ListOutbox implements Outbox {
  readonly waiting: OutboxItem[];
  readonly leased = new Set<number>();
  failing = false;

  constructor(count: number) {
    this.waiting = Array.from({ length: count }, (_, index) => {
      const passage = passageOf('AB12CDE', { pictures: false });
      const record = { id: passage.id, sequence: index + 1, passage, clock: { source: 'unknown' } } as const;
      return { id: index + 1, lane: 'reads', message: { kind: 'read', record, hits: [] } };
    });
  }

  lease(limit: number): readonly OutboxItem[] {
    if (this.failing) throw error('store.write-failed');
    const items = this.waiting.filter(({ id }) => !this.leased.has(id)).slice(0, limit);
    for (const { id } of items) this.leased.add(id);
    return items;
  }

  ack(ids: readonly number[]): void {
    if (this.failing) throw error('store.write-failed');
    for (const id of ids)
      this.waiting.splice(
        this.waiting.findIndex((item) => item.id === id),
        1,
      );
    this.release(ids);
  }

  release(ids: readonly number[]): void {
    for (const id of ids) this.leased.delete(id);
  }
}

/** A broker in the test's hand: it answers when and how the test says. */
class HandLink implements Link {
  connected = true;
  readonly dropped: string[] = [];
  readonly sent: { readonly sequence: number; answer(error?: DeviceError): void }[] = [];

  publish(message: WireMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      this.sent.push({
        sequence: JSON.parse(message.payload.toString()).sequence,
        answer: (refusal) => (refusal ? reject(refusal) : resolve()),
      });
    });
  }

  drop(reason: string): void {
    this.dropped.push(reason);
  }

  /** Answers everything that was sent since the last time, and says what that was. */
  answerAll(refusal?: DeviceError): number[] {
    const sent = this.sent.splice(0);
    for (const { answer } of sent) answer(refusal);
    return sent.map(({ sequence }) => sequence);
  }
}

let clock: ManualClock;
let link: HandLink;
let outbox: ListOutbox;
let drain: Drain;

function drainOf(count: number): void {
  outbox = new ListOutbox(count);
  const config = {
    ...configSchema.parse({}).mqtt,
    windowMessages: 3,
    reconnectMostSeconds: 60,
    drainSeconds: 5,
  };
  const wire = { topicPrefix: 'anpr', unitId: 'unit-7', protocolVersion: 5 } as const;
  drain = new Drain({ config, wire, outbox, link, clock, log: createLogger('silent') });
  drain.start();
}

/** Lets everything run that is due. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function advance(ms: number): Promise<void> {
  clock.advance(ms);
  await settle();
}

beforeEach(() => {
  clock = new ManualClock();
  link = new HandLink();
});

afterEach(async () => {
  link.connected = false;
  await drain.stop();
});

describe('the drain', () => {
  it('has no more than its window on the way, and goes on with each answer', async () => {
    drainOf(5);
    drain.wake();
    await settle();
    expect(link.sent.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    link.sent[1]?.answer();
    await settle();
    expect(link.sent.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    expect(outbox.waiting.map(({ id }) => id)).toEqual([1, 3, 4, 5]);
    expect(drain.snapshot()).toMatchObject({ inFlight: 3, acknowledged: { read: 1 } });
  });

  it('looks by itself once a second, should a wake-up have been missed', async () => {
    drainOf(1);
    await settle();
    expect(link.sent).toEqual([]);
    await advance(1_000);
    expect(link.sent).toHaveLength(1);
  });

  it('gives back what a lost connection took, and sends it again', async () => {
    drainOf(2);
    drain.wake();
    await settle();
    link.connected = false;
    expect(link.answerAll(error('uplink.connect-failed'))).toEqual([1, 2]);
    await settle();
    expect(outbox.leased.size).toBe(0);
    expect(link.sent).toEqual([]);
    link.connected = true;
    drain.wake();
    await settle();
    expect(link.answerAll()).toEqual([1, 2]);
  });

  it('gives up a connection on which nothing is acknowledged for 30 s', async () => {
    drainOf(1);
    drain.wake();
    await settle();
    for (let second = 0; second < 30; second++) await advance(1_000);
    expect(link.dropped).toEqual([]);
    await advance(1_000);
    expect(link.dropped).toEqual(['the broker did not acknowledge a message within 30 s']);
  });

  it('parks what the broker refuses by itself, for the longest wait, and goes on with the others', async () => {
    drainOf(6);
    drain.wake();
    await settle();
    link.sent.shift()?.answer(error('uplink.refused'));
    await settle();
    while (link.sent.length > 0) {
      link.answerAll();
      await settle();
    }
    expect(outbox.waiting.map(({ id }) => id)).toEqual([1]);
    expect(drain.snapshot()).toMatchObject({ parked: 1, inFlight: 0 });
    for (let second = 0; second < 59; second++) await advance(1_000);
    expect(link.sent).toEqual([]);
    await advance(1_000);
    expect(link.answerAll()).toEqual([1]);
    await settle();
    expect(outbox.waiting).toEqual([]);
  });

  it('stops asking when a whole window is parked', async () => {
    drainOf(10);
    drain.wake();
    for (let turn = 0; turn < 10; turn++) {
      await settle();
      link.answerAll(error('uplink.refused'));
    }
    expect(drain.snapshot()).toMatchObject({ parked: 3, inFlight: 0 });
  });

  it('does not send again what the broker has, while the store cannot note it', async () => {
    drainOf(1);
    drain.wake();
    await settle();
    outbox.failing = true;
    expect(link.answerAll()).toEqual([1]);
    await settle();
    await advance(1_000);
    expect(link.sent).toEqual([]);
    outbox.failing = false;
    await advance(1_000);
    expect(outbox.waiting).toEqual([]);
    expect(link.sent).toEqual([]);
  });
});

describe('its stop', () => {
  it('goes on until nothing waits', async () => {
    drainOf(4);
    const stopped = drain.stop();
    const order: number[] = [];
    for (let turn = 0; turn < 10; turn++) {
      await advance(20);
      order.push(...link.answerAll());
    }
    await advance(1_000);
    await stopped;
    expect(order).toEqual([1, 2, 3, 4]);
    expect(outbox.waiting).toEqual([]);
  });

  it('lasts no longer than it may, and gives back what is left', async () => {
    drainOf(4);
    let isStopped = false;
    const stopped = drain.stop().then(() => {
      isStopped = true;
    });
    for (let turn = 0; turn < 249; turn++) await advance(20);
    expect(isStopped).toBe(false);
    await advance(20);
    await advance(20);
    await stopped;
    expect(outbox.waiting).toHaveLength(4);
    expect(outbox.leased.size).toBe(0);
  });
});
