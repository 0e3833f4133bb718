import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consumeAmqp } from '../../scripts/src/consumer/amqp-source.js';
import { chainReports, isWhole } from '../../scripts/src/consumer/chains.js';
import { Committer, type Take } from '../../scripts/src/consumer/committer.js';
import { ConsumerStore } from '../../scripts/src/consumer/store.js';
import { type Authority, foundAuthority, type Identity } from '../../scripts/src/fleet/certificates.js';
import { MemoryStore } from '../../scripts/src/fleet/memory-store.js';
import { type RabbitCluster, startRabbitCluster, whyNoRabbitmq } from '../../scripts/src/fleet/rabbitmq.js';
import { configSchema } from '../../src/config/schema.js';
import { systemClock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/lib/log.js';
import { onvifTopicOf, TOPICS, type TopicName, topicOf } from '../../src/uplink/topics.js';
import { Uplink } from '../../src/uplink/uplink.js';
import { notaryOf } from '../support/notary.js';
import { matchOf, passageOf } from '../support/reports.js';

/** A real cluster of three nodes with config/rabbitmq, as the engine of a whole fleet. */

const UNITS = ['unit-1', 'unit-2', 'unit-3', 'unit-4', 'unit-5'];
const QUEUES = ['anpr.hits', 'anpr.reads', 'anpr.images', 'anpr.others'];
const PASSAGES_EACH = 40;
/** Of the cluster. */
const START_MS = 120_000;

const without = whyNoRabbitmq();
if (without !== undefined)
  process.stderr.write(`the tests of the RabbitMQ cluster are skipped: ${without}\n`);

describe.skipIf(without !== undefined)(
  `RabbitMQ${without === undefined ? '' : `, skipped: ${without}`}`,
  () => {
    let folder: string;
    let authority: Authority;
    let cluster: RabbitCluster;
    let store: ConsumerStore;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'anprd-rabbitmq-'));
      authority = await foundAuthority(join(folder, 'certificates'));
      cluster = await startRabbitCluster(join(folder, 'cluster'), authority, UNITS);
      store = new ConsumerStore({ path: join(folder, 'received.db') });
    }, START_MS);

    afterAll(async () => {
      store?.close();
      await cluster?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    async function consume(take: Take) {
      return consumeAmqp({
        urls: cluster.consumerUrls,
        ...(await authority.client('consumer')),
        queues: QUEUES,
        take,
      });
    }

    async function until(condition: () => boolean, withinMs = 45_000): Promise<void> {
      for (const untilMs = Date.now() + withinMs; !condition(); ) {
        if (Date.now() > untilMs) throw new Error(`not in ${withinMs} ms: ${condition}`);
        await systemClock.sleep(20);
      }
    }

    /** By id, how often it was delivered. */
    function received(): Map<string, number> {
      const rows = store.database.prepare('SELECT id, deliveries FROM events').raw().all();
      return new Map(rows as [string, number][]);
    }

    it('loses nothing when a node is killed in mid-stream, and devices fail over to the others', async () => {
      const committed = new Set<string>();
      const consumers = [await consume(new Committer(store).take), await consume(new Committer(store).take)];
      const devices = await Promise.all(
        UNITS.map(async (unitId, index) => {
          const memory = new MemoryStore({
            notary: notaryOf(unitId),
            unitId,
            onCommitted: ({ id }) => committed.add(id),
          });
          const first = index % cluster.deviceUrls.length;
          const urls = [...cluster.deviceUrls.slice(first), ...cluster.deviceUrls.slice(0, first)];
          const quick = { reconnectFirstSeconds: 0.1, reconnectMostSeconds: 1, answerSeconds: 5 };
          const uplink = new Uplink({
            config: { ...configSchema.parse({}).mqtt, ...(await authority.client(unitId)), ...quick, urls },
            unitId,
            outbox: memory.outbox,
            clock: systemClock,
            log: createLogger('silent'),
          });
          uplink.start();
          return { memory, uplink };
        }),
      );
      const commit = (number: number) => {
        for (const { memory, uplink } of devices) {
          const isHit = number % 8 === 0;
          memory.commit(passageOf('AB12CDE'), isHit ? matchOf('AB12CDE', 'stolen') : undefined, Date.now());
          uplink.wake();
        }
      };
      for (let number = 0; number < PASSAGES_EACH; number++) {
        commit(number);
        if (number === PASSAGES_EACH / 2) {
          // In mid-stream: some of it has been received, and some not.
          await until(() => received().size > committed.size / 4);
          await cluster.kill(0);
        }
        await systemClock.sleep(20);
      }
      await until(() => {
        const there = received();
        return [...committed].every((id) => there.has(id));
      });
      for (const { memory, uplink } of devices) {
        memory.putHealth(Date.now());
        uplink.wake();
      }
      await until(() => devices.every(({ memory }) => memory.outbox.waiting().health.items === 0));
      for (const { uplink } of devices) await uplink.stop();
      for (const consumer of consumers) await consumer.close();

      expect(committed.size).toBe(UNITS.length * (3 * PASSAGES_EACH + PASSAGES_EACH / 8));
      const reports = chainReports(store.database);
      expect(reports.map(({ source }) => source)).toEqual(UNITS.map((unitId) => `urn:anprd:${unitId}`));
      expect(reports.filter((report) => !isWhole(report))).toEqual([]);
      const preferredTheKilled = devices.filter((_, index) => index % cluster.deviceUrls.length === 0);
      for (const { uplink } of preferredTheKilled) {
        expect(uplink.snapshot().link).toMatchObject({ protocolVersion: 4 });
        expect(uplink.snapshot().link.broker.index).toBeGreaterThan(0);
      }
    });

    it('gives what a consumer took and did not acknowledge to the next one', async () => {
      const taken: string[] = [];
      const dying = await consume(({ topic }) => {
        taken.push(topic);
        return new Promise(() => undefined);
      });
      const device = await deviceClient(await authority.client('unit-1'), cluster.deviceUrls[1] as string);
      const text = JSON.stringify({ specversion: '1.0' });
      await device.publishAsync('anpr/unit-1/hit', text, { qos: 1 });
      await until(() => taken.includes('anpr.unit-1.hit'));
      await dying.close();
      const again: string[] = [];
      const next = await consume(async ({ topic }) => {
        again.push(topic);
      });
      await until(() => again.includes('anpr.unit-1.hit'));
      await next.close();
      await device.endAsync(true);
    });

    it('brings every topic of a device to a queue, those that no queue asked for too', async () => {
      const own = { topicPrefix: 'anpr', unitId: 'unit-2' };
      const topics = [
        ...Object.keys(TOPICS).map((name) => topicOf(name as TopicName, own)),
        onvifTopicOf('onvif', 'unit-2', 'cam-1'),
      ];
      const taken = new Set<string>();
      const consumer = await consume(async ({ topic }) => {
        taken.add(topic);
      });
      const device = await deviceClient(await authority.client('unit-2'), cluster.deviceUrls[1] as string);
      for (const topic of topics) await device.publishAsync(topic, '{}', { qos: 1 });
      await until(() => topics.every((topic) => taken.has(topic.replaceAll('/', '.'))));
      await device.endAsync(true);
      await consumer.close();
    });

    it('throws a device out that publishes in the name of another', async () => {
      const taken: string[] = [];
      const consumer = await consume(async ({ topic }) => {
        taken.push(topic);
      });
      const device = await deviceClient(await authority.client('unit-1'), cluster.deviceUrls[1] as string);
      let closed = false;
      device.on('close', () => {
        closed = true;
      });
      device.publish('anpr/unit-2/hit', '{}', { qos: 1 }, () => undefined);
      await until(() => closed);
      const honest = await deviceClient(await authority.client('unit-3'), cluster.deviceUrls[1] as string);
      await honest.publishAsync('anpr/unit-3/hit', '{}', { qos: 1 });
      await until(() => taken.includes('anpr.unit-3.hit'));
      expect(taken.filter((topic) => topic.startsWith('anpr.unit-2.'))).toEqual([]);
      await honest.endAsync(true);
      await consumer.close();
    });

    it('lets nobody in without a certificate of its authority', async () => {
      const { caFile } = await authority.client('unit-1');
      const bare = connect(cluster.deviceUrls[1] as string, {
        ca: readFileSync(caFile),
        protocolVersion: 4,
        reconnectPeriod: 0,
      });
      bare.on('error', () => undefined);
      let connected = false;
      bare.on('connect', () => {
        connected = true;
      });
      await new Promise<void>((resolve) => bare.once('close', () => resolve()));
      expect(connected).toBe(false);
    });
  },
);

async function deviceClient(identity: Identity, url: string): Promise<MqttClient> {
  const client = connect(url, {
    ca: readFileSync(identity.caFile),
    cert: readFileSync(identity.certificateFile),
    key: readFileSync(identity.keyFile),
    protocolVersion: 4,
    reconnectPeriod: 0,
  });
  client.on('error', () => undefined);
  await new Promise((resolve) => client.once('connect', resolve));
  return client;
}
