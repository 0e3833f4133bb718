import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MqttTap } from '../../scripts/src/soak/mqtt-tap.js';
import { CLEAR_ROAD, openRoad, type Road } from '../../scripts/src/soak/proxy.js';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js';

/** The road between a device and its broker: what its states do to bytes, and what the witness on it sees. */

let server: Server;
let road: Road;
/** What came out at the far end, over all connections. */
let arrived: Buffer[];
let ends: string[];
let farEnds: Socket[];

beforeEach(async () => {
  arrived = [];
  ends = [];
  farEnds = [];
  server = createServer((socket) => {
    farEnds.push(socket);
    socket.on('data', (bytes: Buffer) => arrived.push(bytes));
    socket.on('end', () => ends.push('fin'));
    socket.on('error', () => ends.push('reset'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  road = await openRoad({ brokerPort: (server.address() as { port: number }).port });
});

afterEach(async () => {
  await road.close();
  for (const socket of farEnds) socket.destroy();
  server.close();
});

async function enter(): Promise<Socket> {
  const socket = connect(road.port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Also where it ends with an error. */
function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

const arrivedBytes = () => Buffer.concat(arrived);

describe('the road', () => {
  it('carries bytes in order on a clear road, a slow one and one that changes, and loses none', async () => {
    const socket = await enter();
    const parts = Array.from({ length: 6 }, (_, index) => Buffer.alloc(3_000, index + 1));
    const states = [
      CLEAR_ROAD,
      { newConnections: 'carried', bytesPerSecond: 20_000, bufferBytes: 2_000 },
      { newConnections: 'carried', delayMs: 30 },
      CLEAR_ROAD,
    ] as const;
    for (const [index, part] of parts.entries()) {
      road.set(states[index % states.length] ?? CLEAR_ROAD);
      socket.write(part);
      await delay(10);
    }
    await until(() => arrivedBytes().length >= 18_000);
    expect(arrivedBytes().equals(Buffer.concat(parts))).toBe(true);
    socket.destroy();
  });

  it('ends connections as it is told, and takes new ones', async () => {
    for (const how of ['fin', 'reset'] as const) {
      const socket = await enter();
      socket.write('a');
      await until(() => arrivedBytes().length > 0);
      arrived = [];
      const closed = closeOf(socket);
      road.cut(how);
      await closed;
      await until(() => ends.length > 0);
      expect(ends.splice(0)).toEqual([how]);
    }
  });

  it('goes dead without a word to either end, and never wakes up', async () => {
    const socket = await enter();
    socket.write('before');
    await until(() => arrivedBytes().length > 0);
    road.stall();
    socket.write('into nothing');
    const next = await enter();
    next.write(' and after');
    await until(() => arrivedBytes().length >= 16);
    socket.destroy();
    await delay(50);
    expect(arrivedBytes().toString()).toBe('before and after');
    expect(ends).toEqual([]);
    next.destroy();
  });

  it('resets in the middle of a message', async () => {
    const socket = await enter();
    road.resetMidPacket();
    const closed = closeOf(socket);
    socket.write(Buffer.alloc(1_000, 'm'));
    await closed;
    await until(() => ends.length > 0 || arrivedBytes().length === 500);
    expect(arrivedBytes().length).toBeLessThanOrEqual(500);
  });

  it('refuses, or never answers, while there is no network', async () => {
    road.set({ newConnections: 'refused' });
    const refused = connect(road.port, '127.0.0.1');
    const [error] = await once(refused, 'error');
    expect(error.code).toBe('ECONNREFUSED');
    road.set({ newConnections: 'unanswered' });
    const unanswered = await enter();
    unanswered.write('hello?');
    await delay(50);
    expect(arrived).toEqual([]);
    expect(unanswered.destroyed).toBe(false);
    unanswered.destroy();
    road.set(CLEAR_ROAD);
    const carried = await enter();
    carried.write('hello!');
    await until(() => arrivedBytes().length === 6);
    carried.destroy();
  });
});

describe('the witness on the wire', () => {
  let broker: Mosquitto;
  let tap: MqttTap;
  let watched: Road;

  beforeEach(async () => {
    broker = await startMosquitto();
    tap = new MqttTap();
    watched = await openRoad({ brokerPort: broker.port, watcher: tap });
  });

  afterEach(async () => {
    await watched.close();
    await broker.remove();
  });

  it.each([5, 4] as const)(
    'names what was published and acknowledged by its id, with MQTT %i',
    async (version) => {
      const client = await connectAsync(watched.url, { protocolVersion: version });
      const event = (id: string) =>
        version === 5
          ? { payload: 'x'.repeat(5_000), properties: { contentType: 'text/plain', userProperties: { id } } }
          : { payload: JSON.stringify({ specversion: '1.0', id, data: {} }), properties: {} };
      for (const id of ['one', 'two', 'two']) {
        const { payload, properties } = event(id);
        await client.publishAsync('anpr/unit/hit', payload, { qos: 1, ...(version === 5 && { properties }) });
      }
      await client.endAsync();
      expect([...tap.published]).toEqual([
        ['hit one', 1],
        ['hit two', 2],
      ]);
      expect([...tap.acknowledged]).toEqual(['hit one', 'hit two']);
      expect(tap.counts).toMatchObject({
        published: 3,
        connections: 1,
        olderConnections: version === 5 ? 0 : 1,
      });
    },
  );
});
