import { describe, expect, it } from 'vitest';
import type { Interfaces } from '../../src/uplink/network.js';
import { joined, startGate } from '../support/gate.js';
import { startRelay } from '../support/relay.js';
import { broker, gate, message, receiver, sessionTo, undo, until } from '../support/sessions.js';

/** Connections that end: cut, given up, silent, or made again because the network is another one. */

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
