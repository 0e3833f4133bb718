import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSchema } from '../../src/config/schema.js';
import { systemClock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/lib/log.js';
import { MOST_PAYLOAD_BYTES } from '../../src/uplink/inbound.js';
import { Uplink } from '../../src/uplink/uplink.js';
import { ListOutbox } from '../support/list-outbox.js';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js';

/** What a device hears of a real broker: only what it asked for, again after each connection. */

const log = createLogger('silent');
/** Nothing to send: this is the other direction. */
const NOTHING = new ListOutbox([]);

let undo: (() => Promise<unknown>)[];
let heard: { topic: string; payload: Uint8Array }[];

beforeEach(() => {
  undo = [];
  heard = [];
});

afterEach(async () => {
  for (const step of undo.reverse()) await step();
});

async function broker(options: Parameters<typeof startMosquitto>[0] = {}): Promise<Mosquitto> {
  const started = await startMosquitto(options);
  undo.push(() => started.remove());
  return started;
}

async function owner(url: string): Promise<MqttClient> {
  const client = await connectAsync(url, { reconnectPeriod: 50 });
  client.on('error', () => undefined);
  undo.push(() => client.endAsync(true));
  return client;
}

const retain = (client: MqttClient, topic: string, payload: string | Buffer) =>
  client.publishAsync(topic, payload, { qos: 1, retain: true });

function device(url: string, protocolVersion: 4 | 5 = 5): Uplink {
  const quick = { reconnectFirstSeconds: 0.05, reconnectMostSeconds: 0.4 };
  const config = { ...configSchema.parse({}).mqtt, urls: [url], protocolVersion, ...quick };
  const uplink = new Uplink({ config, unitId: 'unit-7', outbox: NOTHING, clock: systemClock, log });
  undo.push(() => uplink.stop());
  uplink.onMessage((topic, payload) => heard.push({ topic, payload }));
  uplink.start();
  return uplink;
}

async function until(condition: () => boolean): Promise<void> {
  const untilMs = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > untilMs) throw new Error(`not in time: ${condition}; heard ${topics()}`);
    await systemClock.sleep(10);
  }
}

const topics = () => heard.map(({ topic }) => topic);

describe.each([5, 4] as const)('what is listened to, MQTT protocol %i', (protocolVersion) => {
  it('is what was asked for, retained or new, until it is asked for no more', async () => {
    const { url } = await broker();
    const from = await owner(url);
    await retain(from, 'lists/a/manifest', 'first');
    await retain(from, 'lists/b/manifest', 'not asked for');
    const uplink = device(url, protocolVersion);
    uplink.setSubscriptions(['lists/a/manifest']);
    await until(() => heard.length === 1);
    await retain(from, 'lists/a/manifest', 'second');
    await until(() => heard.length === 2);
    uplink.setSubscriptions(['lists/b/manifest']);
    await until(() => heard.length === 3);
    await retain(from, 'lists/a/manifest', 'third');
    await retain(from, 'lists/b/manifest', 'asked for');
    await until(() => heard.length === 4);
    expect(heard.map(({ payload }) => Buffer.from(payload).toString())).toEqual([
      'first',
      'second',
      'not asked for',
      'asked for',
    ]);
    expect(uplink.snapshot().inbound).toEqual({ subscribed: 1, messages: 4, bytes: 33, oversized: 0 });
  });

  it('is asked for again by whoever lets go of it first: the broker then sends what it retains', async () => {
    const { url } = await broker();
    const from = await owner(url);
    await retain(from, 'lists/a/manifest', 'first');
    const uplink = device(url, protocolVersion);
    for (let times = 1; times <= 3; times++) {
      uplink.setSubscriptions(['lists/a/manifest']);
      await until(() => heard.length === times);
      uplink.setSubscriptions([]);
    }
  });

  it('is asked for on every new connection', async () => {
    const running = await broker();
    await retain(await owner(running.url), 'lists/a/manifest', 'first');
    const uplink = device(running.url, protocolVersion);
    uplink.setSubscriptions(['lists/a/manifest']);
    await until(() => heard.length === 1);
    await running.stop();
    await running.start();
    await until(() => heard.length === 2);
    expect(uplink.snapshot().link.connections).toBe(2);
  });

  it('is not what is too large, nor what was taken away', async () => {
    const { url } = await broker();
    const from = await owner(url);
    const uplink = device(url, protocolVersion);
    uplink.setSubscriptions(['lists/a/manifest']);
    await until(() => uplink.snapshot().inbound.subscribed === 1);
    await retain(from, 'lists/a/manifest', Buffer.alloc(MOST_PAYLOAD_BYTES + 1));
    await retain(from, 'lists/a/manifest', '');
    await retain(from, 'lists/a/manifest', 'small');
    await until(() => heard.length === 1);
    expect(heard[0]?.payload).toHaveLength(5);
    expect(uplink.snapshot().inbound.oversized).toBe(1);
    expect(uplink.snapshot().link).toMatchObject({ state: 'connected', connections: 1 });
  });
});

describe('a broker that refuses a subscription', () => {
  const plugin = ['/usr/lib', '/usr/local/lib', '/usr/lib64']
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => [folder, ...readdirSync(folder).map((name) => join(folder, name))])
    .map((folder) => join(folder, 'mosquitto_dynamic_security.so'))
    .find((path) => existsSync(path));
  /** Anybody may say anything and hear what is theirs, but nobody may ask for a thing. */
  const rules = JSON.stringify({
    defaultACLAccess: {
      publishClientSend: true,
      publishClientReceive: true,
      subscribe: false,
      unsubscribe: true,
    },
    anonymousGroup: 'all',
    groups: [{ groupname: 'all', roles: [] }],
  });

  it.skipIf(plugin === undefined).each([5, 4] as const)(
    `is named, with what to do, and the connection goes on: protocol %i${plugin ? '' : ' (pending: Mosquitto has no dynamic security here)'}`,
    async (protocolVersion) => {
      const folder = mkdtempSync(join(tmpdir(), 'anprd-inbound-'));
      undo.push(async () => rmSync(folder, { recursive: true, force: true }));
      const { url } = await broker({
        configuration: `allow_anonymous true\nplugin ${plugin}\nplugin_opt_config_file {folder}/rules.json`,
        files: { 'rules.json': rules },
      });
      const uplink = device(url, protocolVersion);
      uplink.setSubscriptions(['lists/a/manifest']);
      await until(() => uplink.snapshot().link.problem !== undefined);
      expect(uplink.snapshot()).toMatchObject({
        inbound: { subscribed: 0 },
        link: {
          state: 'connected',
          problem: {
            code: 'uplink.refused',
            message: expect.stringContaining('lists/a/manifest'),
            hint: expect.stringContaining('access rules'),
          },
        },
      });
      uplink.setSubscriptions([]);
      await until(() => uplink.snapshot().link.problem === undefined);
    },
  );
});
