import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DriveLog } from '../../scripts/src/patrol/drive-log.js';
import { PtyReceiver } from '../../scripts/src/patrol/pty-receiver.js';
import { systemClock } from '../../src/lib/clock.js';
import { GpsdSource } from '../../src/position/gpsd/gpsd-source.js';
import type { PositionSource } from '../../src/position/position-source.js';
import { SerialSource } from '../../src/position/serial-source.js';

/** A receiver in the hands of a test, and the source that listens to it. */
export interface ReceiverRig {
  readonly source: PositionSource;
  /** Speaks these seconds of a drive, the last one not included; faster than they passed. */
  speak(log: DriveLog, from: number, until: number): Promise<void>;
  spoil(bytes: Uint8Array): Promise<void>;
  leave(): Promise<void>;
  comeBack(): Promise<void>;
  end(): Promise<void>;
}

const SILENT_AFTER_MS = 20_000;
const BAUD_RATE = 115_200;

function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** Why there can be none here; undefined where there can. */
export const WITHOUT = {
  pty: has('socat') ? undefined : 'socat (a Debian package) is not installed',
  gpsd: has('socat') && has('gpsd') ? undefined : 'gpsd and socat (Debian packages) are not both installed',
};

export async function serialRig(): Promise<ReceiverRig> {
  const folder = mkdtempSync(join(tmpdir(), 'anprd-gps-'));
  const path = join(folder, 'gps');
  const plugIn = () => PtyReceiver.plugIn({ path, baudRate: BAUD_RATE });
  let receiver = await plugIn();
  return {
    source: new SerialSource({
      device: path,
      baudRate: BAUD_RATE,
      silentAfterMs: SILENT_AFTER_MS,
      clock: systemClock,
    }),
    speak: async (log, from, until) => {
      for (let second = from; second < until; second++) {
        await receiver.say(log.sentencesAt(second).join(''));
        // The pause between two moments is when a driver that has just opened begins to listen.
        await systemClock.sleep(150);
      }
    },
    spoil: (bytes) => receiver.say(bytes),
    leave: () => receiver.unplug(),
    comeBack: async () => {
      receiver = await plugIn();
    },
    end: async () => {
      await receiver.unplug();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** gpsd's side of its protocol, as far as one client sees it. */
export async function gpsdProtocolRig(): Promise<ReceiverRig> {
  const clients = new Set<Socket>();
  const serve = async (port: number): Promise<Server> => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('{"class":"VERSION","release":"3.25","proto_major":3,"proto_minor":15}\r\n');
      socket.once('data', (text) => {
        if (String(text).startsWith('?WATCH={"enable":true,"json":true}')) clients.add(socket);
      });
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  let server = await serve(0);
  const { port } = server.address() as AddressInfo;
  const write = async (text: string | Uint8Array) => {
    while (clients.size === 0) await systemClock.sleep(5);
    for (const client of clients) client.write(text);
    await systemClock.sleep(5);
  };
  const leave = async () => {
    for (const client of clients) client.destroy();
    clients.clear();
    server.close();
    await once(server, 'close');
  };
  return {
    source: new GpsdSource({ host: '127.0.0.1', port, silentAfterMs: SILENT_AFTER_MS, clock: systemClock }),
    speak: async (log, from, until) => {
      for (let second = from; second < until; second++) await write(reportsOf(log, second));
    },
    spoil: (bytes) => write(bytes),
    leave,
    comeBack: async () => {
      server = await serve(port);
    },
    end: async () => {
      if (server.listening) await leave();
    },
  };
}

function reportsOf(log: DriveLog, second: number): string {
  const { place, metresPerSecond, courseDeg, sky } = log.truthAt(second);
  const time = new Date(log.beginsAtMs + second * 1_000).toISOString();
  const fix =
    sky === 'tunnel'
      ? { mode: 1 }
      : {
          mode: 3,
          lat: place.latitudeDeg,
          lon: place.longitudeDeg,
          speed: metresPerSecond,
          track: courseDeg,
        };
  const reports = [
    { class: 'TPV', device: '/dev/gps', time, ...fix },
    { class: 'SKY', device: '/dev/gps', hdop: 0.9, nSat: 14, uSat: 9 },
  ];
  return reports.map((report) => `${JSON.stringify(report)}\r\n`).join('');
}

/** gpsd itself, on a receiver that speaks on a pseudo terminal. */
export async function gpsdRig(): Promise<ReceiverRig> {
  const folder = mkdtempSync(join(tmpdir(), 'anprd-gpsd-'));
  const path = join(folder, 'gps');
  // gpsd runs as a user of its own.
  spawnSync('chmod', ['755', folder]);
  const receiver = await PtyReceiver.plugIn({ path, baudRate: BAUD_RATE });
  const port = await freePort();
  const start = async (): Promise<ChildProcess> => {
    // In the foreground, without waiting for a client, and writing nothing to the receiver.
    const gpsd = spawn('gpsd', ['-N', '-n', '-b', '-S', String(port), path], { stdio: 'ignore' });
    while (!(await answers(port))) await systemClock.sleep(20);
    return gpsd;
  };
  let gpsd = await start();
  const leave = async () => {
    if (gpsd.exitCode !== null || gpsd.signalCode !== null) return;
    gpsd.kill('SIGTERM');
    await once(gpsd, 'exit');
  };
  return {
    source: new GpsdSource({ host: '127.0.0.1', port, silentAfterMs: SILENT_AFTER_MS, clock: systemClock }),
    // It takes a pause for the end of what belongs together.
    speak: async (log, from, until) => {
      for (let second = from; second < until; second++) {
        await receiver.say(log.sentencesAt(second).join(''));
        await systemClock.sleep(300);
      }
    },
    spoil: (bytes) => receiver.say(bytes),
    leave,
    comeBack: async () => {
      gpsd = await start();
    },
    end: async () => {
      await leave();
      await receiver.unplug();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
