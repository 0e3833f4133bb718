import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { MqttConfig } from '../../src/config/link-schema.js';
import { configSchema } from '../../src/config/schema.js';
import { systemClock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/lib/log.js';
import { MqttSession } from '../../src/uplink/session.js';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js';

let folder: string;
let broker: Mosquitto;
let session: MqttSession | undefined;

/** A key and a certificate in the folder, signed by itself or by `issuer`. */
function certify(name: string, issuer: string | undefined, extension: string): void {
  const file = (suffix: string) => join(folder, `${name}.${suffix}`);
  const subject = ['-subj', `/CN=${name}`, '-nodes', '-newkey', 'rsa:2048', '-keyout', file('key')];
  writeFileSync(file('ext'), extension);
  if (issuer === undefined) {
    const self = ['-x509', '-days', '2', '-out', file('pem'), '-addext', extension];
    execFileSync('openssl', ['req', ...subject, ...self], { stdio: 'pipe' });
    return;
  }
  execFileSync('openssl', ['req', ...subject, '-out', file('csr')], { stdio: 'pipe' });
  const by = [
    '-CA',
    join(folder, `${issuer}.pem`),
    '-CAkey',
    join(folder, `${issuer}.key`),
    '-CAcreateserial',
  ];
  const signed = ['-in', file('csr'), '-days', '2', '-extfile', file('ext'), '-out', file('pem')];
  execFileSync('openssl', ['x509', '-req', ...by, ...signed], { stdio: 'pipe' });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-tls-'));
  certify('force', undefined, 'basicConstraints=critical,CA:TRUE');
  certify('stranger', undefined, 'basicConstraints=critical,CA:TRUE');
  certify('broker', 'force', 'subjectAltName=IP:127.0.0.1');
  certify('camera', 'force', 'extendedKeyUsage=clientAuth');
  const files = { cafile: 'force.pem', certfile: 'broker.pem', keyfile: 'broker.key' };
  const lines = Object.entries(files).map(([option, name]) => `${option} ${join(folder, name)}`);
  broker = await startMosquitto({
    configuration: [...lines, 'require_certificate true', 'allow_anonymous true'].join('\n'),
  });
});

afterEach(async () => {
  await session?.stop();
});

afterAll(async () => {
  await broker.remove();
  rmSync(folder, { recursive: true, force: true });
});

function sessionWith(files: Partial<MqttConfig>): MqttSession {
  const url = `mqtts://127.0.0.1:${broker.port}`;
  const config = { ...configSchema.parse({}).mqtt, urls: [url], ...files };
  session = new MqttSession({ config, unitId: 'unit-7', clock: systemClock, log: createLogger('silent') });
  session.start(() => undefined);
  return session;
}

async function settled(of: MqttSession): Promise<ReturnType<MqttSession['snapshot']>> {
  const untilMs = Date.now() + 10_000;
  while (of.snapshot().state === 'connecting' && Date.now() < untilMs) await systemClock.sleep(10);
  return of.snapshot();
}

describe('a broker that asks for certificates', () => {
  it('lets a device in that has one, and the device knows the broker by its authority', async () => {
    const camera = { certificateFile: join(folder, 'camera.pem'), keyFile: join(folder, 'camera.key') };
    const snapshot = await settled(sessionWith({ caFile: join(folder, 'force.pem'), ...camera }));
    expect(snapshot).toMatchObject({ state: 'connected' });
  });

  it('is not trusted where another authority was expected', async () => {
    const camera = { certificateFile: join(folder, 'camera.pem'), keyFile: join(folder, 'camera.key') };
    const snapshot = await settled(sessionWith({ caFile: join(folder, 'stranger.pem'), ...camera }));
    expect(snapshot).toMatchObject({
      state: 'waiting',
      problem: { code: 'uplink.connect-failed', message: expect.stringContaining('certificate') },
    });
  });

  it('turns a device away that has none, and the device says so', async () => {
    const snapshot = await settled(sessionWith({ caFile: join(folder, 'force.pem') }));
    expect(snapshot).toMatchObject({ state: 'waiting', problem: { code: 'uplink.connect-failed' } });
  });
});
