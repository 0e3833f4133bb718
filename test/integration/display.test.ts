import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followControl, tellControl } from '../../src/control/crew-client.js';
import { ControlServer } from '../../src/control/server.js';
import type { DisplayMessage } from '../../src/display/messages.js';
import { createLogger } from '../../src/lib/log.js';
import { type DisplayRig, startDisplayRig } from '../support/display-rig.js';
import { heldHitOf } from '../support/held-hits.js';

/** The crew's routes of the control socket, over a real socket. */

let folder: string;
let rig: DisplayRig;
let ending: AbortController;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-display-'));
  ending = new AbortController();
  rig = await startDisplayRig(folder);
});
afterEach(async () => {
  ending.abort();
  await rig.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Follows in the background. */
function follow(path = '/hits', silentAfterMs = 20_000) {
  const told: DisplayMessage[] = [];
  const { signal } = ending;
  const ended = (async () => {
    for await (const message of followControl({ socketPath: rig.socketPath, path, silentAfterMs, signal })) {
      told.push(message as DisplayMessage);
    }
  })();
  ended.catch(() => undefined);
  const until = (is: (message: DisplayMessage) => boolean) =>
    expect.poll(() => told.some(is), { timeout: 20_000 }).toBe(true);
  return { told, ended, until };
}

/** As any tool would ask. */
function ask(method: string, path: string): Promise<{ status: number; body: Record<string, string> }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: rig.socketPath, method, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('a screen that follows', () => {
  it('gets what there is, what changes, and a heartbeat', async () => {
    const before = heldHitOf('AA11AAA', 'STOP');
    rig.display.add(before);
    const { told, until } = follow();
    await until(({ kind }) => kind === 'snapshot');
    const later = heldHitOf('BB22BBB', 'SILENT');
    rig.display.add(later);
    await until((message) => message.kind === 'hit' && message.hit.id === later.hit.id);
    await until(({ kind }) => kind === 'heartbeat');
    expect(told[0]).toMatchObject({
      kind: 'snapshot',
      profile: 'stationary',
      hits: [{ id: before.hit.id, vrm: 'AA11AAA', category: 'stop' }],
    });
  });

  it('gets less where it asks for less', async () => {
    rig.display.add(heldHitOf('AA11AAA', 'STOP'));
    const { told, until } = follow('/hits?profile=driver-moving');
    await until(({ kind }) => kind === 'snapshot');
    expect(JSON.stringify(told)).not.toContain('AA11AAA');
  });

  it('hears that the device stops before its connection ends', async () => {
    const { told, ended, until } = follow();
    await until(({ kind }) => kind === 'snapshot');
    rig.display.announceStop('ignition-off');
    await rig.stop();
    await ended;
    expect(told.at(-1)).toEqual({ kind: 'stopping', reason: 'ignition-off' });
  });

  it('is forgotten when it has gone', async () => {
    const { ended, until } = follow();
    await until(({ kind }) => kind === 'snapshot');
    ending.abort();
    await ended;
    await expect.poll(() => rig.display.snapshot().followers, { timeout: 20_000 }).toBe(0);
  });

  it('is cut off when it reads nothing, before that fills the memory', async () => {
    const socketPath = join(folder, 'talkative.sock');
    let talking: NodeJS.Timeout | undefined;
    let hasEnded = false;
    const server = new ControlServer({
      socketPath,
      snapshot: () => ({}),
      metrics: async () => '',
      log: createLogger('silent'),
      crew: {
        follow: (_, send) => {
          const message = { text: 'X'.repeat(4_000_000) };
          talking = setInterval(() => send(message), 1);
          return () => {
            clearInterval(talking);
            hasEnded = true;
          };
        },
        decide: () => undefined,
        mute: () => undefined,
      },
    });
    await server.start();
    const deaf = connect(socketPath);
    deaf.pause();
    deaf.on('error', () => undefined);
    deaf.write('GET /hits HTTP/1.1\r\nHost: anprd\r\n\r\n');
    await expect.poll(() => hasEnded, { timeout: 20_000 }).toBe(true);
    deaf.destroy();
    await server.stop();
  });

  it('knows when the daemon hangs', async () => {
    const socketPath = join(folder, 'hung.sock');
    const hung = createServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    }).listen(socketPath);
    const following = followControl({ socketPath, path: '/hits', silentAfterMs: 200, signal: ending.signal });
    await expect(following.next()).rejects.toMatchObject({
      code: 'control.unreachable',
      message: expect.stringContaining('nothing was heard for 200 ms'),
    });
    hung.close();
  });
});

describe('a crew that decides', () => {
  it('has it recorded, and sees it on every screen', async () => {
    const { hit } = heldHitOf('AA11AAA', 'STOP');
    rig.display.add({ ...heldHitOf('AA11AAA', 'STOP'), hit });
    const { until } = follow();
    await until(({ kind }) => kind === 'snapshot');
    await tellControl(rig.socketPath, `/hits/${hit.id}/confirm`);
    await until((message) => message.kind === 'hit' && message.hit.state === 'confirmed');
    await tellControl(rig.socketPath, `/hits/${hit.id}/reject`);
    await until((message) => message.kind === 'hit' && message.hit.state === 'rejected');
    expect(rig.decisions).toEqual([
      [hit.id, 'hit-confirmed'],
      [hit.id, 'hit-rejected'],
    ]);
  });

  it('is told why it cannot', async () => {
    await expect(
      tellControl(rig.socketPath, '/hits/01990000-0000-7000-8000-000000000000/confirm'),
    ).rejects.toMatchObject({
      code: 'control.refused',
      message: expect.stringContaining('no hit with this id'),
    });
  });

  it('silences the buzzer, and screens know for how long', async () => {
    const { until } = follow();
    await until(({ kind }) => kind === 'snapshot');
    await tellControl(rig.socketPath, '/mute');
    await until((message) => message.kind === 'heartbeat' && message.mutedMs > 200_000);
    expect(rig.mutes.count).toBe(1);
  });
});

describe('a request that is wrong', () => {
  const ID = '01990000-0000-7000-8000-000000000000';
  it.each([
    ['GET', '/hit', 404, 'GET /hits'],
    ['DELETE', '/hits', 405, 'GET /hits'],
    ['GET', `/hits/${ID}/confirm`, 405, 'POST /hits/ID/confirm'],
    ['POST', `/hits/${ID}/forget`, 404, 'POST /hits/ID/confirm or POST /hits/ID/reject'],
    ['POST', '/hits/AA11AAA/confirm', 400, 'a UUID as GET /hits gives it'],
    ['POST', '/hits//confirm', 400, 'a UUID'],
    ['GET', '/hits?profile=driver', 400, 'driver-moving, passenger, stationary'],
    ['GET', '/mute', 405, 'POST /mute'],
    ['POST', '/status', 405, 'GET /status'],
  ])('%s %s is told what was expected', async (method, path, status, expected) => {
    const answer = await ask(method, path);
    expect(answer).toMatchObject({ status, body: { expected: expect.stringContaining(expected) } });
    expect(answer.body.error).toBeTruthy();
  });

  it('of a hit that is not there names how to find one', async () => {
    await expect(ask('POST', `/hits/${ID}/reject`)).resolves.toMatchObject({
      status: 404,
      body: { code: 'display.no-such-hit', hint: expect.stringContaining('anprctl watch') },
    });
  });

  it('of a vehicle that may not be shown is refused', async () => {
    await rig.stop();
    rig = await startDisplayRig(folder, { config: { profile: 'driver-moving' } });
    const held = heldHitOf('AA11AAA', 'STOP');
    rig.display.add(held);
    await expect(ask('POST', `/hits/${held.hit.id}/confirm`)).resolves.toMatchObject({
      status: 409,
      body: { code: 'display.not-shown' },
    });
  });

  it('that is no HTTP at all is answered as well', async () => {
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(rig.socketPath, () => socket.write('confirm everything\n\n'));
      socket.setEncoding('utf8');
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*"expected":"HTTP\/1\.1, such as GET \/status"/s);
  });
});
