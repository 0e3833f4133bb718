import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MqttConfig, mqttSchema } from '../../src/config/link-schema.js';
import { systemClock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/lib/log.js';
import type { Interfaces } from '../../src/uplink/network.js';
import { MqttSession } from '../../src/uplink/session.js';
import type { MqttSessionOptions } from '../../src/uplink/session-options.js';
import { closer, type Gate, joined, only311, speaker, startGate, startWebSocket } from '../support/gate.js';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js';
import { startRelay } from '../support/relay.js';
import { type Received, type Subscriber, subscribe } from '../support/subscriber.js';

/** The connection to a broker, or to the next one, with real brokers and with what pretends to be one. */

/** Undone in reverse, whatever became of the test. */
let undo: (() => Promise<unknown>)[];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-session-'));
  undo = [async () => rmSync(folder, { recursive: true, force: true })];
});

afterEach(async () => {
  for (const step of undo.reverse()) await step();
});

async function broker(options: string | Parameters<typeof startMosquitto>[0] = {}): Promise<Mosquitto> {
  const started = await startMosquitto(typeof options === 'string' ? { configuration: options } : options);
  undo.push(() => started.remove());
  return started;
}

async function gate(starting: Promise<Gate>): Promise<Gate> {
  const started = await starting;
  undo.push(() => started.close());
  return started;
}

async function receiver(url: string): Promise<Subscriber> {
  const subscriber = await subscribe(url);
  undo.push(() => subscriber.close());
  return subscriber;
}

const QUICK = { reconnectFirstSeconds: 0.05, reconnectMostSeconds: 0.4 };
const QUICK_PACE = { watchMs: 20, connectWithinMs: 1_500, returnFirstMs: 300, returnMostMs: 300 };

function sessionTo(
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

async function until(condition: () => boolean, withinMs = 20_000): Promise<void> {
  const untilMs = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > untilMs) throw new Error(`not in ${withinMs} ms: ${condition}`);
    await systemClock.sleep(5);
  }
}

const isAt = (session: MqttSession, index: number) => () =>
  session.connected && session.snapshot().broker.index === index;

/** As structured events are. */
const message = (data: string, topic = 'anpr/unit-7/read') => ({
  topic,
  retain: false,
  payload: Buffer.from(JSON.stringify({ data })),
});

const textOf = ({ packet }: Received): string => JSON.parse(packet.payload.toString()).data;

describe('a list of brokers', () => {
  it('is gone through until one can be had, and says which and why not the first', async () => {
    const silent = await gate(startGate(closer));
    const running = await broker();
    const session = sessionTo(['mqtt://camera:secret@127.0.0.1:1', silent.url, running.url]);
    await until(() => session.connected);
    const { broker: used, problem } = session.snapshot();
    expect(problem).toBeUndefined();
    expect(used).toMatchObject({
      index: 2,
      name: running.url,
      firstProblem: { code: 'uplink.connect-failed', message: expect.stringContaining('nothing listens') },
    });
    expect(JSON.stringify(session.snapshot())).not.toContain('secret');
  });

  it('is left for the next when the broker stops, and gone back to when the first has returned', async () => {
    const [first, second] = [await broker(), await broker()];
    const back = await receiver(second.url);
    const session = sessionTo([first.url, second.url]);
    await until(isAt(session, 0));
    await first.stop();
    await until(isAt(session, 1));
    await session.publish(message('at the second'));
    await first.start();
    await until(isAt(session, 0));
    expect(session.snapshot()).toMatchObject({ state: 'connected', connections: 3 });
    expect(session.snapshot().broker).not.toHaveProperty('firstProblem');
    await back.until(() => back.of('status').at(-1)?.data.state === 'stopped');
    expect(back.of('status').map(({ data }) => data.state)).toEqual(['online', 'stopped']);
  });

  it('is gone back in without losing what is on its way', async () => {
    const [first, second] = [await broker(), await broker()];
    const backs = [await receiver(first.url), await receiver(second.url)];
    await first.stop();
    const session = sessionTo([first.url, second.url]);
    await until(isAt(session, 1));
    let isOver = false;
    const taken: string[] = [];
    const failed: string[] = [];
    const sending = (async () => {
      for (let count = 0; !isOver; count++) {
        await session.publish(message(`${count}`)).then(
          () => taken.push(`${count}`),
          () => failed.push(`${count}`),
        );
        await systemClock.sleep(2);
      }
    })();
    await first.start();
    await until(isAt(session, 0));
    await until(() => backs[0]?.received.some(({ topic }) => topic.endsWith('/read')) ?? false);
    isOver = true;
    await sending;
    const arrived = () => backs.flatMap((back) => back.of('read').map(textOf));
    await until(() => taken.every((count) => arrived().includes(count)));
    // What failed was refused while there was no connection, and not lost half way.
    expect(failed.filter((count) => arrived().includes(count))).toEqual([]);
  });

  it('is not gone back in while the first takes connections and does not answer', async () => {
    const second = await broker();
    const mute = await gate(startGate(speaker()));
    const session = sessionTo([mute.url, second.url]);
    await until(isAt(session, 1));
    const { connections } = mute;
    await until(() => mute.connections > connections + 1);
    expect(session.snapshot()).toMatchObject({ state: 'connected', connections: 1, broker: { index: 1 } });
  });
});

describe('the protocol version, left to the device', () => {
  it('is 5 where the broker speaks it', async () => {
    const session = sessionTo([(await broker()).url]);
    await until(() => session.connected);
    expect(session.protocolVersion).toBe(5);
  });

  it.each([
    ['closes the connection', undefined],
    ['answers as 3.1.1 does', Buffer.from([0x20, 2, 0, 1])],
    ['answers as 5 does', Buffer.from([0x20, 3, 0, 132, 0])],
  ])('is 3.1.1 where the broker %s, in the will and the status too', async (_, refusal) => {
    const running = await broker();
    const back = await receiver(running.url);
    const old = await gate(startGate(only311(running.port, refusal)));
    const session = sessionTo([old.url], { reconnectFirstSeconds: 30, reconnectMostSeconds: 60 });
    await until(() => session.connected);
    expect(session.protocolVersion).toBe(4);
    expect(session.snapshot()).toMatchObject({ protocolVersion: 4, state: 'connected' });
    expect(session.snapshot().problem).toBeUndefined();
    await session.publish(message('hello'));
    await back.until(() => back.of('status').length === 1);
    expect(back.of('status')[0]?.packet.properties?.contentType).toBeUndefined();
    expect(old.connections).toBe(2);
    await old.close();
    await back.until(() => back.of('status').length === 2);
    expect(back.of('status')[1]).toMatchObject({ data: { state: 'offline' } });
    expect(back.of('status')[1]?.packet.properties?.contentType).toBeUndefined();
    undo.splice(undo.length - 2, 1);
  });

  it('that is fixed is not departed from', async () => {
    const old = await gate(startGate(only311((await broker()).port, Buffer.from([0x20, 3, 0, 132, 0]))));
    const session = sessionTo([old.url], { protocolVersion: 5 });
    await until(() => session.snapshot().problem !== undefined);
    expect(session.snapshot().problem).toMatchObject({
      code: 'uplink.refused',
      message: expect.stringContaining('version of MQTT'),
      hint: expect.stringContaining('mqtt.protocolVersion'),
    });
  });
});

describe('a WebSocket', () => {
  it.each([5, 4] as const)('carries the same: protocol %i', async (protocolVersion) => {
    const running = await broker();
    const web = await gate(startWebSocket(running.port));
    const back = await receiver(running.url);
    const session = sessionTo([web.url], { protocolVersion });
    await until(() => session.connected);
    expect(session.snapshot()).toMatchObject({ networkInterface: 'lo', broker: { name: web.url } });
    await session.publish(message('x'.repeat(100_000)));
    await back.until(() => back.of('read').length === 1);
    expect(session.unsentBytes).toBe(0);
    await session.stop();
    await back.until(() => back.of('status').at(-1)?.data.state === 'stopped');
  });

  it('that is answered something else is named', async () => {
    const web = await gate(startWebSocket((await broker()).port));
    const session = sessionTo([web.url.replace('/mqtt', '/elsewhere')]);
    await until(() => session.snapshot().problem !== undefined);
    expect(session.snapshot().problem?.message).toContain('404');
  });
});

describe('what listens where a broker was expected', () => {
  it.each([
    ['takes connections and says nothing', speaker(), 'no answer within 1.5 s'],
    ['closes connections', closer, 'closed the connection without an answer to MQTT 3.1.1'],
    [
      'speaks nonsense',
      speaker(Buffer.from('SSH-2.0-OpenSSH_9.2p1\r\n'.repeat(20))),
      'no connection to the broker',
    ],
    ['says that it is busy', speaker(Buffer.from([0x20, 3, 0, 137, 0])), 'Server busy'],
  ])('and %s is named, and asked again', async (_, meet, said) => {
    const there = await gate(startGate(meet));
    const session = sessionTo([there.url]);
    await until(() => session.snapshot().problem?.message.includes(said) ?? false);
    expect(session.snapshot().problem?.code).toBe('uplink.connect-failed');
    await until(() => there.connections > 4);
    expect(session.connected).toBe(false);
  });

  it.each(['ws', 'wss', 'mqtts'])('and says nothing ends the attempt under %s too', async (scheme) => {
    const there = await gate(startGate(speaker()));
    const session = sessionTo([there.url.replace('mqtt', scheme)]);
    await until(() => session.snapshot().problem?.message.includes('no answer within') ?? false);
    await until(() => there.connections > 1);
  });

  it('may be nothing at all: a name that nobody knows, a port where nobody is', async () => {
    const unknown = sessionTo(['mqtt://no-such-broker.invalid:1883']);
    const nobody = sessionTo(['mqtt://127.0.0.1:1']);
    await until(() => unknown.snapshot().problem !== undefined && nobody.snapshot().problem !== undefined);
    expect(unknown.snapshot().problem?.message).toMatch(/DNS/);
    expect(nobody.snapshot().problem?.message).toMatch(/nothing listens there/);
    await until(() => nobody.snapshot().retriesAtMs !== undefined);
  });
});

describe("a broker's limits in MQTT 5", () => {
  it('on messages at once are kept, the status included', async () => {
    const session = sessionTo([(await broker('allow_anonymous true\nmax_inflight_messages 2')).url]);
    await until(() => session.connected);
    expect(session.windowMessages).toBe(2);
    await Promise.all(Array.from({ length: 50 }, (_, index) => session.publish(message(`${index}`))));
    expect(session.snapshot()).toMatchObject({ state: 'connected', connections: 1 });
  });

  it('on the size of a message are kept, and what is larger is named', async () => {
    const session = sessionTo([(await broker('allow_anonymous true\nmax_packet_size 5000')).url]);
    await until(() => session.connected);
    await session.publish(message('x'.repeat(4_900)));
    await expect(session.publish(message('x'.repeat(5_000)))).rejects.toMatchObject({
      code: 'uplink.refused',
      message: expect.stringContaining('5000 bytes'),
    });
    await session.publish(message('x'));
    expect(session.snapshot().connections).toBe(1);
  });

  it('on topics are told, the status included, until the topic is let in again', async () => {
    const { url } = await broker({
      configuration: 'allow_anonymous true\nacl_file {folder}/acl',
      files: { acl: 'topic write anpr/unit-7/read\n' },
    });
    const session = sessionTo([url]);
    await until(() => session.snapshot().refusal !== undefined);
    expect(session.snapshot()).toMatchObject({
      state: 'connected',
      refusal: { code: 'uplink.refused', message: expect.stringContaining('anpr/unit-7/status') },
    });
    await session.publish(message('x'));
    expect(session.snapshot().refusal).toBeDefined();
  });

  it('on retained messages are learned: nothing is retained there, the will included', async () => {
    const running = await broker('allow_anonymous true\nretain_available false');
    const back = await receiver(running.url);
    const session = sessionTo([running.url], { reconnectFirstSeconds: 30, reconnectMostSeconds: 60 });
    await until(() => session.connected);
    await back.until(() => back.of('status').length === 1);
    expect(session.snapshot().problem).toBeUndefined();
  });

  it('do not matter where retaining is switched off', async () => {
    const running = await broker();
    const session = sessionTo([running.url], { retain: false });
    await until(() => session.connected);
    await session.publish({ ...message('x', 'anpr/unit-7/status'), retain: true });
    const late = await receiver(running.url);
    await session.publish(message('last'));
    await late.until(() => late.of('read').length === 1);
    expect(late.of('status')).toEqual([]);
  });
});

it('short connections that are of use do not make the waits between them longer', async () => {
  const relay = await startRelay((await broker()).port);
  undo.push(() => relay.close());
  const waits = { reconnectFirstSeconds: 0.02, reconnectMostSeconds: 60 };
  const session = sessionTo([relay.url], waits);
  for (let times = 1; times <= 15; times++) {
    await until(() => session.connected);
    await session.publish(message(`${times}`));
    relay.cut();
    await until(() => !session.connected);
    expect((session.snapshot().retriesAtMs ?? 0) - Date.now()).toBeLessThanOrEqual(20);
  }
});

describe('a connection that is given up', () => {
  it('is made again at once where it was of use, whatever the wait after failures', async () => {
    const { url } = await broker();
    const session = sessionTo([url], { reconnectFirstSeconds: 60, reconnectMostSeconds: 60 });
    await until(() => session.connected);
    await session.publish(message('x'));
    session.drop('stuck');
    await until(() => session.snapshot().connections === 2);
  });

  it('has told before how much the network has not taken yet', async () => {
    const running = await broker();
    const session = sessionTo([running.url], { protocolVersion: 4 });
    await until(() => session.connected);
    expect(session.unsentBytes).toBe(0);
    running.freeze();
    // More than the kernel holds for a connection over the loopback.
    const sent = Array.from({ length: 100 }, () => session.publish(message('x'.repeat(200_000))));
    const ended = Promise.allSettled(sent);
    await until(() => session.unsentBytes > 0);
    session.drop('tried');
    expect((await ended).every(({ status }) => status === 'rejected')).toBe(true);
    expect(session.unsentBytes).toBe(0);
    running.thaw();
  });

  it('rejects what was on its way, and says why', async () => {
    const running = await broker();
    const session = sessionTo([running.url]);
    await until(() => session.connected);
    await session.publish(message('x'));
    running.freeze();
    const waits = session.publish(message('y'));
    session.drop('the broker did not acknowledge a message within 15 s');
    await expect(waits).rejects.toMatchObject({
      code: 'uplink.connect-failed',
      message: expect.stringContaining('within 15 s'),
    });
    await until(() => session.snapshot().problem?.message.includes('no answer within') ?? false);
    running.thaw();
    await until(() => session.connected);
  });
});

it('a broker that has vanished is noticed by its silence, also where nothing is sent', async () => {
  const running = await broker();
  const session = sessionTo([running.url], { keepaliveSeconds: 1 });
  await until(() => session.connected);
  running.freeze();
  await until(() => session.snapshot().problem?.message.includes('Keepalive') ?? false);
  running.thaw();
  await until(() => session.connected);
});

describe('the network of the link', () => {
  const SLOW = { reconnectFirstSeconds: 60, reconnectMostSeconds: 60 };
  /** What leads to the broker of a test is the loopback, under whichever name. */
  const LOOPBACK = '127.0.0.1';

  /** Networks with one address each, which a test can change. */
  function networks(addressOf: Record<string, string>) {
    const put = (now: Record<string, string>): Interfaces =>
      Object.fromEntries(
        Object.entries(now).map(([name, address]) => {
          const rest = { family: 'IPv4' as const, internal: false, netmask: '', mac: '', cidr: null };
          return [name, [{ address, ...rest }]];
        }),
      );
    let now = put(addressOf);
    return { interfaces: () => now, change: (next: Record<string, string>) => (now = put(next)) };
  }

  it('is named, and when it is gone the connection is made again at once, with the same broker', async () => {
    const { interfaces, change } = networks({ wwan0: LOOPBACK });
    const urls = [(await broker()).url, (await broker()).url];
    const session = sessionTo(urls, SLOW, { interfaces });
    await until(() => session.connected);
    expect(session.networkInterface).toBe('wwan0');
    change({ wlan0: '192.0.2.7' });
    await until(() => session.snapshot().connections === 2);
    expect(session.snapshot().broker.index).toBe(0);
  });

  it('that has come up ends the wait for the next attempt', async () => {
    const { interfaces, change } = networks({});
    const running = await broker();
    await running.stop();
    const session = sessionTo([running.url], SLOW, { interfaces });
    await until(() => session.snapshot().retriesAtMs !== undefined);
    expect(session.snapshot().retriesAtMs).toBeGreaterThan(Date.now() + 20_000);
    await running.start();
    change({ wlan0: LOOPBACK });
    await until(() => session.connected);
  });

  it.each([
    ['is changed to where it leads to the broker', { wwan0: '192.0.2.7', wlan0: LOOPBACK }, 2],
    ['is not where the other one still does', { wwan0: LOOPBACK, wlan0: '192.0.2.7' }, 1],
  ])('that has no meter and comes up %s', async (_, after, connections) => {
    const { interfaces, change } = networks({ wwan0: LOOPBACK });
    const running = await broker();
    const back = await receiver(running.url);
    const probes = await gate(startGate(joined(running.port)));
    const metering = { freeInterfaces: ['wlan0'], kilobytesPerHour: {} };
    const session = sessionTo([probes.url], { metering }, { interfaces });
    await until(() => session.connected);
    change(after);
    // One to look, and one to stay.
    await until(() => probes.connections === connections + 1 && session.connected);
    await session.publish(message('x'));
    await back.until(() => back.of('read').length === 1);
    expect(back.of('status').map(({ data }) => data.state)).toEqual(Array(connections).fill('online'));
    expect(session.snapshot().connections).toBe(connections);
  });
});

it('a device of the same id is thought of where the broker closes connections without a word', async () => {
  const { url } = await broker();
  const problems = new Set<string | undefined>();
  const one = sessionTo([url]);
  await until(() => one.connected);
  const other = sessionTo([url]);
  await until(() => {
    problems.add(one.snapshot().problem?.hint);
    return other.snapshot().connections > 2;
  });
  expect([...problems].join()).toContain('unit.id');
});
