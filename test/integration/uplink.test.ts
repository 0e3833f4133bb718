import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MqttConfig } from '../../src/config/link-schema.js';
import { configSchema } from '../../src/config/schema.js';
import type { Passage } from '../../src/domain/passage.js';
import { systemClock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/lib/log.js';
import { RecordStore } from '../../src/store/record-store.js';
import { Uplink } from '../../src/uplink/uplink.js';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js';
import { notaryOf } from '../support/notary.js';
import { startRelay } from '../support/relay.js';
import { matchOf, passageOf } from '../support/reports.js';
import { keyIn } from '../support/storage-key.js';
import { type Received, type Subscriber, subscribe } from '../support/subscriber.js';

const log = createLogger('silent');
const QUALITY = { source: 'ntp', offsetMs: 1 } as const;

let folder: string;
let store: RecordStore;
/** Undone in reverse, whatever became of the test. */
let undo: (() => Promise<unknown>)[];

beforeEach(async () => {
  undo = [];
  folder = mkdtempSync(join(tmpdir(), 'anprd-uplink-'));
  const { store: config } = configSchema.parse({ store: { path: join(folder, 'records.db') } });
  const notary = notaryOf('unit-7');
  store = new RecordStore({ config, key: keyIn(folder), notary, clock: systemClock, log });
  await store.start();
});

afterEach(async () => {
  for (const step of undo.reverse()) await step();
  await store.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function broker(options: Parameters<typeof startMosquitto>[0] = {}): Promise<Mosquitto> {
  const started = await startMosquitto(options);
  undo.push(() => started.remove());
  return started;
}

async function receiver(url: string, options: Parameters<typeof subscribe>[1] = {}): Promise<Subscriber> {
  const subscriber = await subscribe(url, options);
  undo.push(() => subscriber.close());
  return subscriber;
}

function uplinkTo(url: string, options: Partial<MqttConfig> = {}): Uplink {
  const quick = { reconnectFirstSeconds: 0.05, reconnectMostSeconds: 0.4, drainSeconds: 3 };
  const config = { ...configSchema.parse({}).mqtt, urls: [url], ...quick, ...options };
  const uplink = new Uplink({ config, unitId: 'unit-7', outbox: store.outbox, clock: systemClock, log });
  undo.push(() => uplink.stop());
  uplink.start();
  return uplink;
}

/** Reports as the daemon does: the store first, then a nudge for the uplink. */
function report(uplink: Uplink | undefined, vrm: string, options: Partial<Passage> & { hit?: boolean } = {}) {
  const { hit, ...rest } = options;
  const nowMs = Date.now();
  const passage = passageOf(vrm, {
    firstSeenAtMs: nowMs - 300,
    decidedAtMs: nowMs,
    pictures: false,
    ...rest,
  });
  const committed = store.commit({
    passage,
    ...(hit && { match: matchOf(vrm, 'stolen'), matchedAtMs: nowMs }),
    clock: QUALITY,
  });
  uplink?.wake();
  return committed;
}

async function until(condition: () => boolean, withinMs = 20_000): Promise<void> {
  const untilMs = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > untilMs) throw new Error(`not in ${withinMs} ms: ${condition}`);
    await systemClock.sleep(10);
  }
}

/** As a receiver does: the first of each source and id, in order. */
function distinct(messages: readonly Received[]): Received[] {
  const byKey = new Map<string, Received>();
  for (const message of messages) {
    const key = `${message.attributes.source} ${message.attributes.id}`;
    if (!byKey.has(key)) byKey.set(key, message);
  }
  return [...byKey.values()];
}

function waits(): number {
  return Object.values(store.snapshot().lanes).reduce((sum, { items }) => sum + items, 0);
}

describe.each([5, 4] as const)('a record on its way to the broker, MQTT protocol %i', (protocolVersion) => {
  it('arrives as hit, read and pictures, and leaves the outbox', async () => {
    const { url } = await broker();
    const back = await receiver(url, { protocolVersion });
    const uplink = uplinkTo(url, { protocolVersion });
    const passage = passageOf('AB12CDE');
    const { record, hit } = store.commit({ passage, match: matchOf('AB12CDE', 'stolen'), clock: QUALITY });
    uplink.wake();
    await back.until(() => back.of('image').length === 2);
    await until(() => waits() === 0);

    const [first, second] = [back.of('hit')[0], back.of('read')[0]];
    expect(first?.attributes).toMatchObject({
      specversion: '1.0',
      type: 'uk.anpr.hit.v1',
      source: 'urn:anprd:unit-7',
      id: hit?.id,
      recordid: record.id,
    });
    expect(first?.data).toMatchObject({ kind: 'exact', read: { vrm: 'AB12CDE' } });
    expect(second?.attributes).toMatchObject({ type: 'uk.anpr.read.v1', id: record.id, sequence: '2' });
    expect(second?.data).toMatchObject({ vrm: 'AB12CDE', hits: [{ id: hit?.id, stands: true }] });
    const pictures = back.of('image');
    expect(pictures.map(({ attributes }) => attributes.imagekind)).toEqual(['plate-patch', 'overview']);
    expect(Buffer.from(passage.overviewImage?.jpeg ?? []).equals(pictures[1]?.data)).toBe(true);
    expect(back.received.every(({ packet }) => packet.qos === 1 && !packet.topic.includes('AB12CDE'))).toBe(
      true,
    );
    expect(uplink.snapshot()).toMatchObject({
      inFlight: 0,
      acknowledged: { hits: 1, reads: 1, 'hit-images': 2 },
      link: { state: 'connected' },
    });
  });

  it('arrives once by id when the broker is stopped and started in the middle', async () => {
    const running = await broker();
    const before = await receiver(running.url, { protocolVersion });
    const uplink = uplinkTo(running.url, { protocolVersion, windowMessages: 5 });
    const sent: string[] = [];
    for (let index = 0; index < 300; index++) {
      const { record, hit } = report(uplink, `A${index}`, { hit: index % 3 === 0 });
      sent.push(record.id, ...(hit ? [hit.id] : []));
      if (index === 100) await running.stop();
      if (index === 200) await running.start();
      await systemClock.sleep(1);
    }
    await until(() => waits() === 0);
    await until(() => sent.every((id) => before.received.some(({ attributes }) => attributes.id === id)));
    const events = distinct(before.received).filter(({ topic }) => /\/(hit|read)$/.test(topic));
    expect(events.map(({ attributes }) => attributes.id).sort()).toEqual(sent.sort());
    expect(uplink.snapshot().link.connections).toBeGreaterThanOrEqual(2);
  });
});

describe('after an outage', () => {
  it('hits go before reads, in the order in which they were made', async () => {
    const running = await broker();
    const back = await receiver(running.url);
    await running.stop();
    const uplink = uplinkTo(running.url, { windowMessages: 1 });
    for (let index = 0; index < 20; index++) report(uplink, `A${index}`, { hit: index % 4 === 0 });
    await until(() => uplink.snapshot().link.state === 'waiting');
    expect(uplink.snapshot().link.problem).toMatchObject({ code: 'uplink.connect-failed' });
    await running.start();
    await back.until(() => back.of('read').length === 20);
    const kinds = back.received
      .map(({ topic }) => topic.split('/').at(-1))
      .filter((kind) => kind !== 'status');
    expect(kinds).toEqual([...Array(5).fill('hit'), ...Array(20).fill('read')]);
    const sequences = back.of('read').map(({ attributes }) => Number(attributes.sequence));
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
  });

  it('a new hit overtakes what still waits', async () => {
    const running = await broker();
    const back = await receiver(running.url);
    for (let index = 0; index < 200; index++) report(undefined, `A${index}`);
    const uplink = uplinkTo(running.url, { windowMessages: 2 });
    await back.until(() => back.of('read').length > 20);
    report(uplink, 'AB12CDE', { hit: true });
    await back.until(() => back.of('read').length === 201);
    const at = back.received.findIndex(({ topic }) => topic.endsWith('/hit'));
    expect(at).toBeGreaterThan(20);
    expect(at).toBeLessThan(back.received.length - 1);
  });

  it('the time of each hit is known, from camera to acknowledgement', async () => {
    const { url } = await broker();
    const uplink = uplinkTo(url);
    for (let index = 0; index < 3; index++) report(uplink, `A${index}`, { hit: true });
    await until(() => uplink.snapshot().hitLatency.count === 3);
    const { medianMs, worstMs, sinceFirstSeenMedianMs } = uplink.snapshot().hitLatency;
    expect(medianMs).toBeGreaterThan(0);
    expect(worstMs).toBeGreaterThanOrEqual(medianMs as number);
    expect(sinceFirstSeenMedianMs).toBe((medianMs as number) + 300);
  });
});

describe('a metered link', () => {
  const metered = (
    freeInterfaces: string[],
    kilobytesPerHour: MqttConfig['metering']['kilobytesPerHour'],
  ) => ({
    metering: { freeInterfaces, kilobytesPerHour },
  });

  it('carries no picture that it has no budget for, and a free one does', async () => {
    const { url } = await broker();
    const back = await receiver(url);
    store.commit({ passage: passageOf('AB12CDE'), match: matchOf('AB12CDE', 'stolen'), clock: QUALITY });
    const costly = uplinkTo(url, metered(['eth-elsewhere'], { hitImages: 0, readImages: 0 }));
    await until(() => waits() === 2);
    expect(costly.snapshot().meter.shut).toEqual(['hit-images', 'read-images']);
    await costly.stop();
    uplinkTo(url, metered(['lo'], { hitImages: 0, readImages: 0 }));
    await until(() => waits() === 0);
    await back.until(() => back.of('image').length === 2);
  });

  it('counts on where the process before it ended', async () => {
    const { url } = await broker();
    for (let index = 0; index < 20; index++) report(undefined, `A${index}`);
    const before = uplinkTo(url, metered([], { reads: 5 }));
    await until(() => before.snapshot().meter.shut.includes('reads'));
    await before.stop();
    const left = waits();
    const spentBytes = before.snapshot().meter.spentBytes.reads;
    expect(left).toBeGreaterThan(10);
    const after = uplinkTo(url, metered([], { reads: 5 }));
    report(after, 'AB12CDE', { hit: true });
    await until(() => after.snapshot().acknowledged.hits === 1);
    expect(after.snapshot().meter.spentBytes.reads).toBe(spentBytes);
    expect(waits()).toBe(left + 1);
  });
});

describe('the status', () => {
  async function states(back: Subscriber): Promise<string[]> {
    await systemClock.sleep(100);
    return back.of('status').map(({ data }) => data.state);
  }

  it.each([5, 4] as const)(
    'is online, then stopped after a clean stop, retained: protocol %i',
    async (version) => {
      const { url } = await broker();
      const back = await receiver(url, { protocolVersion: version });
      const uplink = uplinkTo(url, { protocolVersion: version });
      await back.until(() => back.of('status').length === 1);
      await uplink.stop();
      await back.until(() => back.of('status').length === 2);
      expect(await states(back)).toEqual(['online', 'stopped']);
      const late = await receiver(url, { protocolVersion: version });
      await late.until(() => late.of('status').length === 1);
      expect(late.of('status')[0]).toMatchObject({ data: { state: 'stopped' }, packet: { retain: true } });
      expect(uplink.snapshot().link.state).toBe('stopped');
    },
  );

  it('is offline when the device vanishes without a word', async () => {
    const running = await broker();
    const back = await receiver(running.url);
    const relay = await startRelay(running.port);
    undo.push(() => relay.close());
    uplinkTo(relay.url, { reconnectFirstSeconds: 60, reconnectMostSeconds: 60 });
    await back.until(() => back.of('status').length === 1);
    relay.cut();
    await back.until(() => back.of('status').length === 2);
    const [birth, will] = back.of('status');
    expect(will?.data).toEqual({ ...birth?.data, state: 'offline' });
  });
});

describe('a stop', () => {
  it('sends what waits first', async () => {
    const { url } = await broker();
    const back = await receiver(url);
    const uplink = uplinkTo(url);
    await back.until(() => back.of('status').length === 1);
    for (let index = 0; index < 200; index++) report(undefined, `A${index}`);
    await uplink.stop();
    expect(waits()).toBe(0);
    await back.until(() => back.of('status').at(-1)?.data.state === 'stopped');
    expect(back.received.at(-1)?.data).toMatchObject({ state: 'stopped' });
    expect(back.of('read')).toHaveLength(200);
  });

  it('does not wait for a broker that is away, or that answers nothing, and loses nothing', async () => {
    const running = await broker();
    const away = uplinkTo('mqtt://127.0.0.1:1');
    report(away, 'AB12CDE');
    await until(() => away.snapshot().link.state === 'waiting');
    await away.stop();
    const frozen = uplinkTo(running.url, { drainSeconds: 0.2 });
    await until(() => frozen.snapshot().link.state === 'connected' && waits() === 0);
    running.freeze();
    report(frozen, 'CD34EFG');
    await until(() => frozen.snapshot().inFlight === 1);
    await frozen.stop();
    running.thaw();
    expect(store.outbox.lease(10)).toHaveLength(1);
  });
});

describe('a broker that refuses', () => {
  const configuration = 'allow_anonymous false\npassword_file {folder}/passwords\nacl_file {folder}/acl';
  /** camera : right-word, as mosquitto_passwd writes it. */
  const passwords =
    'camera:$7$101$mW3NjRd4TsTWDR8n$qZyF51O/WvGrRd6rBGTSOKgfwTVlb94LmZ/OFD6PPvwiIEe3V9r2zESN08/xVFPrYIteJjQCfOgwiOvpVXEvDQ==\n';

  it.each([5, 4] as const)(
    'is named, is asked again slowly, and is used once it lets in: protocol %i',
    async (version) => {
      const acl = 'user camera\ntopic readwrite #\n';
      const running = await broker({ configuration, files: { passwords, acl } });
      const passwordFile = join(folder, 'password');
      writeFileSync(passwordFile, 'wrong-word\n');
      const uplink = uplinkTo(running.url, { protocolVersion: version, username: 'camera', passwordFile });
      report(uplink, 'AB12CDE');
      await until(() => uplink.snapshot().link.state === 'refused');
      const { problem } = uplink.snapshot().link;
      expect(problem).toMatchObject({
        code: 'uplink.refused',
        hint: expect.stringContaining('mqtt.passwordFile'),
      });
      expect(JSON.stringify(problem)).not.toContain('wrong-word');
      // The operator mends the file; nothing is restarted.
      writeFileSync(passwordFile, 'right-word\n');
      await until(() => waits() === 0);
      expect(uplink.snapshot().link).toMatchObject({ state: 'connected', connections: 1 });
    },
  );

  it('a single topic is named, keeps its messages, and does not hold up the others', async () => {
    const acl = 'user camera\ntopic write anpr/unit-7/read\ntopic write anpr/unit-7/status\n';
    const running = await broker({ configuration, files: { passwords, acl } });
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, 'right-word\n');
    const uplink = uplinkTo(running.url, { username: 'camera', passwordFile, windowMessages: 3 });
    for (let index = 0; index < 10; index++) report(uplink, `A${index}`, { hit: index === 0 });
    await until(() => store.snapshot().lanes.reads.items === 0);
    expect(store.snapshot().lanes.hits.items).toBe(1);
    expect(uplink.snapshot()).toMatchObject({
      parked: 1,
      link: { state: 'connected', problem: { code: 'uplink.refused' } },
    });
  });
});

describe('what cannot work', () => {
  it.each([
    ['a password file that is not there', { passwordFile: '/nowhere/password' }, '/nowhere/password'],
    ['a certificate authority that is not there', { caFile: '/nowhere/ca.pem' }, '/nowhere/ca.pem'],
  ])('is a named problem, not a crash: %s', async (_, options, said) => {
    const uplink = uplinkTo('mqtt://127.0.0.1:1', options);
    await until(() => uplink.snapshot().link.problem !== undefined);
    expect(uplink.snapshot().link.problem).toMatchObject({
      code: 'uplink.connect-failed',
      message: expect.stringContaining(said),
    });
  });
});
