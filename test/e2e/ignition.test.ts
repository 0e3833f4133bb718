import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Daemon, startDaemon } from '../support/daemon.js';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js';
import { deviceKeyFileIn } from '../support/notary.js';
import { temporaryFolder } from '../support/recordings.js';
import { keyFileIn } from '../support/storage-key.js';
import { type Subscriber, subscribe } from '../support/subscriber.js';

/** A car that is switched off: the daemon tells it, stops cleanly, and is there again when the car is. */

const LINE = 5;
const PATIENCE = { timeout: 60_000 };

let folder: string;
let broker: Mosquitto;
let centre: Subscriber;
let daemon: Daemon;

beforeEach(async () => {
  folder = temporaryFolder();
  for (const name of ['lines', 'pictures']) mkdirSync(join(folder, name));
  broker = await startMosquitto();
  centre = await subscribe(broker.url);
});
afterEach(async () => {
  await daemon.stop('SIGKILL');
  await centre.close();
  await broker.remove();
  rmSync(folder, { recursive: true, force: true });
});

const turn = (isOn: boolean) => writeFileSync(join(folder, 'lines', `gpio${LINE}`), isOn ? '1' : '0');

/** Starts in a car that is switched on, and switches it off. */
async function drive(env: NodeJS.ProcessEnv): Promise<void> {
  turn(true);
  const configPath = join(folder, 'anprd.yaml');
  const socketPath = join(folder, 'control.sock');
  const configuration = {
    unit: { id: 'unit-e2e' },
    cameras: [{ id: 'cam-1', source: { kind: 'pictures', folder: join(folder, 'pictures') } }],
    hotlist: { path: join(folder, 'hotlist.db') },
    storage: { keyFile: keyFileIn(folder) },
    evidence: { keyFile: deviceKeyFileIn(folder) },
    store: { path: join(folder, 'records.db') },
    control: { socketPath },
    lines: {
      board: { kind: 'simulated', folder: join(folder, 'lines') },
      ignition: { line: LINE },
      ignitionOffSeconds: 0,
    },
    mqtt: { urls: [broker.url], reconnectMostSeconds: 1 },
  };
  writeFileSync(configPath, JSON.stringify(configuration));
  daemon = startDaemon(configPath, socketPath, env);
  await daemon.until(
    ({ uplink, lines }) => uplink.link.state === 'connected' && lines.isIgnitionOn === true,
    60_000,
  );
  turn(false);
}

const isToldAndStopped = async () => {
  await expect
    .poll(() => centre.of('event').map(({ data }) => data.kind), PATIENCE)
    .toEqual(['ignition-off']);
  await expect.poll(() => daemon.log(), PATIENCE).toContain('"ignition-off","msg":"stopping"');
};

describe('ignition off', () => {
  it('ends the daemon where nobody would start it again', async () => {
    await drive({ NOTIFY_SOCKET: undefined });
    await isToldAndStopped();
    await expect.poll(() => daemon.ended(), PATIENCE).toBe(0);
  }, 180_000);

  it('is waited out below a service manager: with all closed, until the car is switched on', async () => {
    await drive({ NOTIFY_SOCKET: join(folder, 'notify') });
    await isToldAndStopped();
    await expect.poll(() => centre.of('status').at(-1)?.data.state, PATIENCE).toBe('stopped');
    // It closes this last of all.
    await expect.poll(() => daemon.status().catch(() => 'away'), PATIENCE).toBe('away');
    expect([daemon.ended(), daemon.log().includes('"stopped"')]).toEqual([undefined, false]);
    turn(true);
    await expect.poll(() => daemon.ended(), PATIENCE).toBe(0);
  }, 180_000);

  it('is waited out no longer than until the service is stopped', async () => {
    await drive({ NOTIFY_SOCKET: join(folder, 'notify') });
    await isToldAndStopped();
    expect(await daemon.stop()).toBe(0);
  }, 180_000);
});
