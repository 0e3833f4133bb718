import {
  appendFileSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MqttConfig, mqttSchema } from '../../src/config/link-schema.js';
import { systemClock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/lib/log.js';
import type { LinkSnapshot } from '../../src/uplink/link-snapshot.js';
import { MqttSession } from '../../src/uplink/session.js';
import { certify } from '../support/certificates.js';
import { type Gate, startSecureWebSocket } from '../support/gate.js';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js';
import { subscribe } from '../support/subscriber.js';

/** Encrypted links: who is let in, whom the device trusts, and certificates that change while it runs. */

const DAY_MS = 86_400_000;

/** Authorities, and certificates as a force gives them out. */
let made: string;
let broker: Mosquitto;
/** A broker whose certificate has a name in it, not an address. */
let named: Mosquitto;
let web: Gate;
/** What the device of a test has. */
let folder: string;
let session: MqttSession | undefined;

beforeAll(async () => {
  made = mkdtempSync(join(tmpdir(), 'anprd-tls-'));
  const authority = 'basicConstraints=critical,CA:TRUE';
  certify(made, 'force', { extension: authority });
  certify(made, 'stranger', { extension: authority });
  certify(made, 'broker', { issuer: 'force', extension: 'subjectAltName=IP:127.0.0.1', days: 45 });
  certify(made, 'named', { issuer: 'force', extension: 'subjectAltName=DNS:broker.example' });
  const client = 'extendedKeyUsage=clientAuth';
  certify(made, 'camera', { issuer: 'force', extension: client, days: 10 });
  certify(made, 'renewed', { issuer: 'force', extension: client, subject: '/CN=camera' });
  certify(made, 'nameless', { issuer: 'force', extension: client, subject: '/O=force' });
  certify(made, 'centre', { issuer: 'force', extension: client });
  certify(made, 'foreign', { issuer: 'stranger', extension: client });
  broker = await startMosquitto({ configuration: listening('broker', 'require_certificate true') });
  named = await startMosquitto({ configuration: listening('named') });
  const plain = await startMosquitto();
  web = await startSecureWebSocket(plain.port, join(made, 'broker'));
  const { close } = web;
  web.close = async () => {
    await close();
    await plain.remove();
  };
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-tls-device-'));
  copyFileSync(file('force.pem'), own('ca.pem'));
  give('camera');
});

afterEach(async () => {
  await session?.stop();
  rmSync(folder, { recursive: true, force: true });
});

afterAll(async () => {
  await Promise.all([broker.remove(), named.remove(), web.close()]);
  rmSync(made, { recursive: true, force: true });
});

const file = (name: string) => join(made, name);
const read = (name: string) => readFileSync(file(name));
const own = (name: string) => join(folder, name);

function listening(name: string, ...more: string[]): string {
  const lines = [
    `cafile ${file('force.pem')}`,
    `certfile ${file(`${name}.pem`)}`,
    `keyfile ${file(`${name}.key`)}`,
  ];
  return [...lines, 'allow_anonymous true', ...more].join('\n');
}

/** Puts a certificate and its key in the device's place for them, each in one step. */
function give(name: string): void {
  for (const kind of ['pem', 'key']) {
    copyFileSync(file(`${name}.${kind}`), own('next'));
    renameSync(own('next'), own(`device.${kind}`));
  }
}

const AUTHORITY = () => ({ caFile: own('ca.pem') });
const OWN = () => ({ ...AUTHORITY(), certificateFile: own('device.pem'), keyFile: own('device.key') });

function sessionWith(config: Partial<MqttConfig>, url = `mqtts://127.0.0.1:${broker.port}`): MqttSession {
  session = new MqttSession({
    config: { ...mqttSchema.parse({ urls: [url], reconnectFirstSeconds: 0.05 }), ...config },
    unitId: 'unit-7',
    clock: systemClock,
    log: createLogger('silent'),
    pace: { watchMs: 20 },
  });
  session.start(() => undefined);
  return session;
}

async function until(condition: (snapshot: LinkSnapshot) => boolean): Promise<LinkSnapshot> {
  const untilMs = Date.now() + 20_000;
  for (;;) {
    const snapshot = session?.snapshot();
    if (snapshot && condition(snapshot)) return snapshot;
    if (Date.now() > untilMs) throw new Error(`not in time: ${condition}; ${JSON.stringify(snapshot)}`);
    await systemClock.sleep(10);
  }
}

const settled = () => until(({ state }) => state !== 'connecting');

describe('a broker that asks for certificates', () => {
  it('lets a device in that has one, and the device knows the broker by its authority', async () => {
    sessionWith(OWN());
    expect(await settled()).toMatchObject({ state: 'connected', networkInterface: 'lo' });
  });

  it('turns a device away that has none, and the device says so', async () => {
    sessionWith(AUTHORITY());
    const { problem } = await until((snapshot) => snapshot.problem !== undefined);
    expect(problem).toMatchObject({
      code: 'uplink.connect-failed',
      hint: expect.stringContaining('mqtt.certificateFile'),
    });
  });

  it('turns a device away whose certificate another authority signed', async () => {
    give('foreign');
    sessionWith(OWN());
    const { problem } = await until((snapshot) => snapshot.problem !== undefined);
    expect(problem?.message).toMatch(/does not take this device's certificate/);
  });
});

describe('a broker that the device does not trust', () => {
  it('is named, with the authority that is lacking', async () => {
    copyFileSync(file('stranger.pem'), own('ca.pem'));
    sessionWith(OWN());
    expect(await settled()).toMatchObject({
      state: 'waiting',
      problem: {
        code: 'uplink.connect-failed',
        message: expect.stringContaining('certificate'),
        hint: expect.stringContaining('mqtt.caFile'),
      },
    });
  });

  it('is one with another name in its certificate, unless that is the name asked for', async () => {
    const url = `mqtts://127.0.0.1:${named.port}`;
    sessionWith(AUTHORITY(), url);
    const { problem } = await settled();
    expect(problem).toMatchObject({
      message: expect.stringContaining('for another name'),
      hint: expect.stringContaining('mqtt.serverName'),
    });
    await session?.stop();
    sessionWith({ ...AUTHORITY(), serverName: 'broker.example' }, url);
    expect(await settled()).toMatchObject({ state: 'connected' });
  });

  it('is one that does not speak TLS where the device does, or that is not asked to', async () => {
    const plain = await startMosquitto();
    try {
      sessionWith(OWN(), `mqtts://127.0.0.1:${plain.port}`);
      expect((await until(({ problem }) => problem !== undefined)).connections).toBe(0);
      await session?.stop();
      sessionWith(OWN(), plain.url);
      expect((await until(({ problem }) => problem !== undefined)).problem).toMatchObject({
        message: expect.stringContaining('without TLS'),
        hint: expect.stringContaining('mqtts://'),
      });
    } finally {
      await session?.stop();
      await plain.remove();
    }
  });
});

describe('a WebSocket over TLS', () => {
  it('checks the broker too, and shows its certificate', async () => {
    sessionWith(AUTHORITY(), web.url);
    const { certificates } = await until(({ state }) => state === 'connected');
    expect(certificates.map(({ of }) => of)).toEqual(['authority', 'broker']);
    await session?.stop();
    copyFileSync(file('stranger.pem'), own('ca.pem'));
    sessionWith(AUTHORITY(), web.url);
    expect((await settled()).problem?.hint).toContain('mqtt.caFile');
  });

  it('asks for a server name where one is set', async () => {
    sessionWith({ ...AUTHORITY(), serverName: 'broker.example' }, web.url);
    expect((await settled()).problem?.message).toContain('for another name');
  });
});

describe('the certificates of a link', () => {
  it('are shown with their ends, and as expiring 30 days before', async () => {
    sessionWith(OWN());
    const { certificates } = await until(({ state }) => state === 'connected');
    const days = Object.fromEntries(
      certificates.map(({ of, notAfterMs }) => [of, Math.round((notAfterMs - Date.now()) / DAY_MS)]),
    );
    expect(days).toEqual({ device: 10, authority: 60, broker: 45 });
    const expiring = certificates.filter((one) => one.expiring).map(({ of }) => of);
    expect(expiring).toEqual(['device']);
  });

  it('are renewed without a restart, and what is on its way arrives', async () => {
    const running = sessionWith(OWN());
    await until(({ state }) => state === 'connected');
    const receiver = await subscribe(`mqtts://127.0.0.1:${broker.port}`, {
      tls: { ca: read('force.pem'), cert: read('camera.pem'), key: read('camera.key') },
    });
    try {
      const sent = Array.from({ length: 20 }, (_, index) =>
        running.publish({
          topic: 'anpr/unit-7/read',
          retain: false,
          payload: Buffer.from(JSON.stringify({ data: index })),
        }),
      );
      give('renewed');
      await Promise.all(sent);
      const { certificates, problem } = await until(
        ({ connections, state }) => connections === 2 && state === 'connected',
      );
      expect(certificates.find(({ of }) => of === 'device')?.expiring).toBe(false);
      expect(problem).toBeUndefined();
      await receiver.until(() => receiver.of('read').length === 20);
      expect(new Set(receiver.of('status').map(({ data }) => data.state))).toEqual(new Set(['online']));
    } finally {
      await receiver.close();
    }
  });

  it('are renewed where the broker takes client ids from them, without the device pushing itself off', async () => {
    const strict = ['use_identity_as_username true', 'use_username_as_clientid true'];
    const one = await startMosquitto({
      configuration: listening('broker', 'require_certificate true', ...strict),
    });
    const url = `mqtts://127.0.0.1:${one.port}`;
    const receiver = await subscribe(url, {
      tls: { ca: read('force.pem'), cert: read('centre.pem'), key: read('centre.key') },
    });
    try {
      sessionWith(OWN(), url);
      await until(({ state }) => state === 'connected');
      give('renewed');
      await until(({ connections, state }) => connections >= 2 && state === 'connected');
      await receiver.until(() => receiver.of('status').length >= 2);
      expect(receiver.of('status').map(({ data }) => data.state)).toEqual(['online', 'online']);
      expect(session?.snapshot()).toMatchObject({ state: 'connected', connections: 2 });
    } finally {
      await session?.stop();
      await receiver.close();
      await one.remove();
    }
  });

  it('that are not let in are given up for those before, and the fault is named', async () => {
    const one = await startMosquitto({
      configuration: listening('broker', 'require_certificate true', 'use_identity_as_username true'),
    });
    try {
      const running = sessionWith(OWN(), `mqtts://127.0.0.1:${one.port}`);
      await until(({ state }) => state === 'connected');
      // Signed by the authority, and of nobody that the broker could know.
      give('nameless');
      const { certificateProblem } = await until(
        (snapshot) => snapshot.certificateProblem !== undefined && snapshot.state === 'connected',
      );
      expect(certificateProblem?.message).toMatch(/are not used, those before are: .* does not /);
      expect(running.snapshot()).toMatchObject({ connections: 2 });
      // Also when the link is made again.
      running.drop('tried');
      await until(({ connections, state }) => connections === 3 && state === 'connected');
      give('renewed');
      await until((snapshot) => snapshot.certificateProblem === undefined && snapshot.connections === 4);
    } finally {
      await session?.stop();
      await one.remove();
    }
  });

  it('that are wrong break nothing: the link goes on, also when it is made again, and the fault is named', async () => {
    const running = sessionWith(OWN());
    await until(({ state }) => state === 'connected');
    writeFileSync(own('device.pem'), 'half a certif');
    const { certificateProblem } = await until((snapshot) => snapshot.certificateProblem !== undefined);
    expect(certificateProblem?.message).toContain(own('device.pem'));
    expect(running.snapshot()).toMatchObject({ state: 'connected', connections: 1 });
    running.drop('tried');
    await until(({ connections, state }) => connections === 2 && state === 'connected');
    give('renewed');
    await until((snapshot) => snapshot.certificateProblem === undefined && snapshot.connections === 3);
  });

  it('that the broker does not take are not used while the link that has the old ones goes on', async () => {
    const running = sessionWith(OWN());
    await until(({ state }) => state === 'connected');
    give('foreign');
    const { certificateProblem } = await until((snapshot) => snapshot.certificateProblem !== undefined);
    expect(certificateProblem?.message).toMatch(
      /are not used, those before are: .* does not take this device's certificate/,
    );
    expect(running.snapshot()).toMatchObject({ state: 'connected', connections: 1 });
    give('renewed');
    await until((snapshot) => snapshot.certificateProblem === undefined && snapshot.connections === 2);
  });

  it('that were only touched change nothing', async () => {
    sessionWith(OWN());
    await until(({ state }) => state === 'connected');
    appendFileSync(own('device.pem'), '');
    give('camera');
    await systemClock.sleep(200);
    expect(session?.snapshot()).toMatchObject({ state: 'connected', connections: 1 });
  });

  it('that come while the device waits are tried at once', async () => {
    give('foreign');
    sessionWith({ ...OWN(), reconnectFirstSeconds: 60 });
    await until(({ retriesAtMs }) => retriesAtMs !== undefined);
    give('renewed');
    await until(({ state }) => state === 'connected');
  });
});
