import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type MqttConfig, mqttSchema } from '../../src/config/link-schema.js';
import { systemClock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/lib/log.js';
import { MqttSession } from '../../src/uplink/session.js';
import type { MqttSessionOptions } from '../../src/uplink/session-options.js';
import type { Gate } from './gate.js';
import { type Mosquitto, startMosquitto } from './mosquitto.js';
import { type Received, type Subscriber, subscribe } from './subscriber.js';

/** The device's side of a connection, as tests of it begin it: in a hurry, and undone whatever becomes of them. */

/** Undone in reverse, whatever became of the test. */
export let undo: (() => Promise<unknown>)[];
export let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-session-'));
  undo = [async () => rmSync(folder, { recursive: true, force: true })];
});

afterEach(async () => {
  for (const step of undo.reverse()) await step();
});

export async function broker(
  options: string | Parameters<typeof startMosquitto>[0] = {},
): Promise<Mosquitto> {
  const started = await startMosquitto(typeof options === 'string' ? { configuration: options } : options);
  undo.push(() => started.remove());
  return started;
}

export async function gate(starting: Promise<Gate>): Promise<Gate> {
  const started = await starting;
  undo.push(() => started.close());
  return started;
}

export async function receiver(url: string): Promise<Subscriber> {
  const subscriber = await subscribe(url);
  undo.push(() => subscriber.close());
  return subscriber;
}

export const QUICK = { reconnectFirstSeconds: 0.05, reconnectMostSeconds: 0.4 };
export const QUICK_PACE = { watchMs: 20, connectWithinMs: 1_500, returnFirstMs: 300, returnMostMs: 300 };

export function sessionTo(
  urls: string[],
  config: Partial<MqttConfig> = {},
  options: Partial<MqttSessionOptions> = {},
): MqttSession {
  const session = new MqttSession({
    config: { ...mqttSchema.parse({ urls }), ...QUICK, ...config },
    unitId: 'unit-7',
    clock: systemClock,
    log: createLogger('silent'),
    pace: QUICK_PACE,
    ...options,
  });
  undo.push(() => session.stop());
  session.start(() => undefined);
  return session;
}

export async function until(condition: () => boolean, withinMs = 20_000): Promise<void> {
  const untilMs = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > untilMs) throw new Error(`not in ${withinMs} ms: ${condition}`);
    await systemClock.sleep(5);
  }
}

export const isAt = (session: MqttSession, index: number) => () =>
  session.connected && session.snapshot().broker.index === index;

/** As structured events are. */
export const message = (data: string, topic = 'anpr/unit-7/read') => ({
  topic,
  retain: false,
  payload: Buffer.from(JSON.stringify({ data })),
});

export const textOf = ({ packet }: Received): string => JSON.parse(packet.payload.toString()).data;
