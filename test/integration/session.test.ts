import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.js';
import { closer, only311, speaker, startGate, startWebSocket } from '../support/gate.js';
import {
  broker,
  gate,
  isAt,
  message,
  receiver,
  sessionTo,
  textOf,
  undo,
  until,
} from '../support/sessions.js';

/** The connection to a broker, or to the next one, with real brokers and with what pretends to be one. */

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
