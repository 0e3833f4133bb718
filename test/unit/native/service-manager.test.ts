import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, it } from 'vitest';
import { addon } from '../../../src/native/addon.js';
import { notifyServiceManager } from '../../../src/native/service-manager.js';

describe('notifyServiceManager', () => {
  it.each([
    ['no service manager', undefined],
    ['a kind of address that is not for us', 'vsock:2:1234'],
    ['a socket that nobody has', '/nowhere/notify'],
    ['an abstract one that nobody has', '@anprd-nobody'],
    ['a path that is too long for a socket', `/${'x'.repeat(200)}`],
  ])('says that nobody listens: %s', (_what, address) => {
    expect(notifyServiceManager('READY=1', { NOTIFY_SOCKET: address })).toBe(false);
  });

  it('takes strings and nothing else', () => {
    const call = addon().notifyServiceManager as (...given: unknown[]) => number;
    expect(() => call('/run/x')).toThrow('expected two strings');
    expect(() => call(1, 'READY=1')).toThrow('expected two strings');
  });
});

/** A receiver as the service manager has one; Node itself has no datagram sockets of this kind. */
const RECEIVER = `
import socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1].replace("@", "\\0", 1))
print("bound", flush=True)
receiver.settimeout(20)
print(receiver.recv(4096).decode(), flush=True)`;

describe('what is said to a service manager', () => {
  const folder = mkdtempSync(join(tmpdir(), 'anprd-notify-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['at a path', join(folder, 'notify')],
    ['at an abstract address', `@anprd-test-${process.pid}`],
  ])('arrives in one piece %s', async (_where, address) => {
    const receiver = spawn('python3', ['-c', RECEIVER, address], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: receiver.stdout });
    const received: string[] = [];
    lines.on('line', (line) => received.push(line));
    await once(lines, 'line');
    expect(notifyServiceManager('READY=1\nSTATUS=2 cameras', { NOTIFY_SOCKET: address })).toBe(true);
    await once(receiver, 'close');
    expect(received).toEqual(['bound', 'READY=1', 'STATUS=2 cameras']);
  });
});
