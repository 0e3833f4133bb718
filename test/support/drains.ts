import { afterEach, beforeEach } from 'vitest';
import type { MqttConfig } from '../../src/config/link-schema.js';
import { configSchema } from '../../src/config/schema.js';
import type { Lane } from '../../src/domain/outbox.js';
import { DeviceError } from '../../src/lib/errors.js';
import { createLogger } from '../../src/lib/log.js';
import { Drain } from '../../src/uplink/drain.js';
import { Renderer } from '../../src/uplink/renderer.js';
import { HandLink } from './hand-link.js';
import { ListOutbox } from './list-outbox.js';
import { ManualClock } from './manual-clock.js';

/** A drain between a list of items and a link that is answered by hand, in time that a test advances. */

export function error(code: 'uplink.refused' | 'uplink.connect-failed'): DeviceError {
  return new DeviceError(code, { message: 'as the test says', hint: '' });
}

export let clock: ManualClock;
export let link: HandLink;
export let outbox: ListOutbox;
export let drain: Drain;

/** @param lanes of the items that wait, the first is item 1. */
export function drainOf(lanes: readonly Lane[], options: Partial<MqttConfig> = {}): void {
  outbox = new ListOutbox(lanes);
  const config = {
    ...configSchema.parse({}).mqtt,
    windowMessages: 3,
    reconnectMostSeconds: 60,
    drainSeconds: 5,
    ...options,
  };
  const renderer = new Renderer(config);
  drain = new Drain({ config, unitId: 'unit-7', outbox, link, renderer, clock, log: createLogger('silent') });
  drain.start();
  drain.connected();
}

export function reads(count: number): Lane[] {
  return Array<Lane>(count).fill('reads');
}

/** Lets everything run that is due. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export async function advance(ms: number): Promise<void> {
  clock.advance(ms);
  await settle();
}

export async function advanceSeconds(seconds: number): Promise<void> {
  for (let quarter = 0; quarter < seconds * 4; quarter++) await advance(250);
}

/** Answers everything until nothing is sent any more. @returns what was sent, in order. */
export async function answerToTheEnd(): Promise<number[]> {
  const order: number[] = [];
  await settle();
  while (link.sent.length > 0) {
    order.push(...link.answerAll());
    await settle();
  }
  return order;
}

beforeEach(() => {
  clock = new ManualClock();
  link = new HandLink();
});

afterEach(async () => {
  link.connected = false;
  await drain.stop();
});
