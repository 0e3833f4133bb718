import { mkdirSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { askControl, askControlText } from '../../src/control/client.js';
import { ControlServer } from '../../src/control/server.js';
import { createLogger } from '../../src/lib/log.js';
import { NO_CREW } from '../support/display-rig.js';

const running: ControlServer[] = [];

function makeServer(
  socketPath = join(mkdtempSync(join(tmpdir(), 'anprd-')), 'run', 'control.sock'),
  metrics = async () => 'anprd_passages_total 3\n',
) {
  const server = new ControlServer({
    socketPath,
    snapshot: () => ({ unit: 'unit-1' }),
    metrics,
    crew: NO_CREW,
    log: createLogger('silent'),
  });
  running.push(server);
  return { server, socketPath };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

describe('the control socket', () => {
  it('answers with the state of the device', async () => {
    const { server, socketPath } = makeServer();
    await server.start();
    await expect(askControl(socketPath, '/status')).resolves.toEqual({ unit: 'unit-1' });
  });

  it('answers with its counters as text', async () => {
    const { server, socketPath } = makeServer();
    await server.start();
    await expect(askControlText(socketPath, '/metrics')).resolves.toBe('anprd_passages_total 3\n');
  });

  it('says what failed inside and goes on', async () => {
    const { server, socketPath } = makeServer(undefined, async () => {
      throw new Error('no counters');
    });
    await server.start();
    await expect(askControlText(socketPath, '/metrics')).rejects.toThrow(/answer 500.*no counters/);
    await expect(askControl(socketPath, '/status')).resolves.toEqual({ unit: 'unit-1' });
  });

  it('names a request that it does not know', async () => {
    const { server, socketPath } = makeServer();
    await server.start();
    await expect(askControl(socketPath, '/nonsense')).rejects.toThrow(/no such request.*GET \/status/);
    await expect(askControl(socketPath, '//')).rejects.toThrow(/answer 400.*no path.*\/status/);
  });

  it('takes over what a killed daemon left, but never pushes a running one aside', async () => {
    const { server, socketPath } = makeServer();
    await server.start();
    await expect(makeServer(socketPath).server.start()).rejects.toThrow('another anprd is running');
    await server.stop();
    await makeServer(socketPath).server.start();
    await expect(askControl(socketPath, '/status')).resolves.toEqual({ unit: 'unit-1' });
  });

  it('pushes aside none that hangs either', async () => {
    const { server, socketPath } = makeServer();
    const silent = createServer((socket) => socket.resume());
    mkdirSync(dirname(socketPath), { recursive: true });
    await new Promise<void>((resolve) => silent.listen(socketPath, resolve));
    await expect(server.start()).rejects.toThrow('another anprd is running');
    await new Promise((resolve) => silent.close(resolve));
  });

  it('tells what to check when nobody answers', async () => {
    await expect(askControl('/nowhere/control.sock', '/status')).rejects.toMatchObject({
      code: 'control.unreachable',
      hint: expect.stringContaining('systemctl status'),
    });
  });

  it('does not wait for ever on one that hangs', async () => {
    const socketPath = join(mkdtempSync(join(tmpdir(), 'anprd-')), 'hung.sock');
    const hung = createServer(() => {}).listen(socketPath);
    await expect(askControl(socketPath, '/status', 200)).rejects.toThrow('no answer within 200 ms');
    hung.close();
  });
});
