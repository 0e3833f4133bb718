import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FleetBroker } from '../../scripts/src/fleet/broker.js';
import { type Authority, foundAuthority, type Identity } from '../../scripts/src/fleet/certificates.js';
import { startShippedMosquitto } from '../../scripts/src/fleet/mosquitto.js';
import { onvifTopicOf, TOPICS, type TopicName, topicOf } from '../../src/uplink/topics.js';

const UNIT_1 = { topicPrefix: 'anpr', unitId: 'unit-1' };

/** The broker configuration that is shipped (config/mosquitto), in a real Mosquitto. */

let folder: string;
let authority: Authority;
let broker: FleetBroker;
const clients: MqttClient[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-broker-'));
  authority = await foundAuthority(join(folder, 'certificates'));
  broker = await startShippedMosquitto(folder, authority);
});

afterEach(() => {
  for (const client of clients.splice(0)) client.end(true);
});

afterAll(async () => {
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function connectAs(
  name: string,
  options: IClientOptions & { readonly url?: string | undefined } = {},
): Promise<MqttClient> {
  const { url = broker.deviceUrls[0], ...rest } = options;
  const client = await connectAsync(url as string, {
    ...filesOf(await authority.client(name)),
    protocolVersion: 5,
    reconnectPeriod: 0,
    ...rest,
  });
  clients.push(client);
  return client;
}

function filesOf({ caFile, certificateFile, keyFile }: Identity): IClientOptions {
  return { ca: readFileSync(caFile), cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
}

function consumer(): Promise<MqttClient> {
  return connectAs('consumer', { url: broker.consumerUrls[0] });
}

/** Topics in order of arrival. */
async function listen(client: MqttClient, filter: string): Promise<string[]> {
  const topics: string[] = [];
  client.on('message', (topic) => topics.push(topic));
  await client.subscribeAsync(filter, { qos: 1 });
  return topics;
}

async function until(condition: () => boolean): Promise<void> {
  for (const untilMs = Date.now() + 20_000; !condition(); ) {
    if (Date.now() > untilMs) throw new Error(`never came true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const QOS = { qos: 1 } as const;

describe('a device, known by the CN of its certificate', () => {
  it.each([
    ...Object.keys(TOPICS).map((name) => topicOf(name as TopicName, UNIT_1)),
    onvifTopicOf('onvif', 'unit-1', 'cam-1'),
  ])('publishes to its own %s', async (topic) => {
    const heard = await listen(await consumer(), topic);
    const device = await connectAs('unit-1');
    await device.publishAsync(topic, '{}', QOS);
    await until(() => heard.length > 0);
    expect(heard).toEqual([topic]);
  });

  it.each([
    ["another device's topic", 'anpr/unit-2/hit'],
    ['a list', 'anpr/lists/stolen/manifest'],
    ['deeper than one level below its own', 'anpr/unit-1/read/more'],
    ['another prefix', 'elsewhere/unit-1/read'],
    ["another device's ONVIF events", onvifTopicOf('onvif', 'unit-2', 'cam-1')],
  ])('may not publish to %s, and is told so', async (_, topic) => {
    const device = await connectAs('unit-1');
    await expect(device.publishAsync(topic, '{}', QOS)).rejects.toMatchObject({ code: 135 });
  });

  it('reads lists, and neither what others publish nor its own', async () => {
    const device = await connectAs('unit-1');
    const heard = await listen(device, '#');
    const other = await connectAs('unit-2');
    await other.publishAsync('anpr/unit-2/read', '{}', QOS);
    await device.publishAsync('anpr/unit-1/read', '{}', QOS);
    const publisher = await connectAs('list-publisher', { url: broker.consumerUrls[0] });
    await publisher.publishAsync('anpr/lists/stolen/manifest', '{}', { ...QOS, retain: true });
    await until(() => heard.length > 0);
    expect(heard).toEqual(['anpr/lists/stolen/manifest']);
  });

  it('is not pushed off by one that takes its client id', async () => {
    const device = await connectAs('unit-1', { clientId: 'anprd-unit-1' });
    let closed = false;
    device.on('close', () => {
      closed = true;
    });
    const thief = await connectAs('unit-2', { clientId: 'anprd-unit-1' });
    await thief.publishAsync('anpr/unit-2/status', '{}', QOS);
    await device.publishAsync('anpr/unit-1/status', '{}', QOS);
    expect(closed).toBe(false);
  });
});

describe('whoever', () => {
  it('has no certificate is not let in', async () => {
    const { caFile } = await authority.client('unit-1');
    const bare = { ca: readFileSync(caFile), protocolVersion: 5, reconnectPeriod: 0 } as const;
    await expect(connectAsync(broker.deviceUrls[0] as string, bare)).rejects.toThrow();
    await expect(connectAsync(broker.consumerUrls[0] as string, bare)).rejects.toThrow();
  });

  it("has another authority's certificate is not let in", async () => {
    const stranger = await foundAuthority(join(folder, 'stranger'));
    const { ca: _, ...theirs } = filesOf(await stranger.client('unit-1'));
    const ca = readFileSync(authority.caFile);
    const options = { ca, ...theirs, protocolVersion: 5, reconnectPeriod: 0 } as const;
    await expect(connectAsync(broker.deviceUrls[0] as string, options)).rejects.toThrow();
  });
});

describe('the consumer', () => {
  it('may not publish', async () => {
    const client = await consumer();
    await expect(client.publishAsync('anpr/unit-1/read', '{}', QOS)).rejects.toMatchObject({ code: 135 });
  });

  it('finds more than a thousand messages that came while it was away', async () => {
    const options = { url: broker.consumerUrls[0], clientId: 'away', clean: false };
    const session = { ...options, properties: { sessionExpiryInterval: 600 } };
    const before = await connectAs('consumer', session);
    await before.subscribeAsync('anpr/unit-3/read', QOS);
    await before.endAsync();
    const device = await connectAs('unit-3');
    const numbers = Array.from({ length: 1_200 }, (_, index) => index);
    await Promise.all(numbers.map((index) => device.publishAsync('anpr/unit-3/read', String(index), QOS)));
    const heard: number[] = [];
    const { url, ...rest } = session;
    // Not connectAsync: what waits comes at once, and a listener is to be there already.
    const after = connect(url as string, {
      ...filesOf(await authority.client('consumer')),
      protocolVersion: 5,
      reconnectPeriod: 0,
      ...rest,
    });
    clients.push(after);
    after.on('message', (_topic, payload) => heard.push(Number(payload.toString())));
    await until(() => heard.length === numbers.length);
    expect(heard).toEqual(numbers);
  });
});
