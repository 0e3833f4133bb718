import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderClip } from '../../scripts/src/clip/render-clip.js';
import { planTraffic } from '../../scripts/src/clip/traffic.js';
import { freePort } from '../../scripts/src/loopback.js';
import { DriveLog } from '../../scripts/src/patrol/drive-log.js';
import { placeFields } from '../../scripts/src/patrol/nmea-text.js';
import { searchFor } from '../../scripts/src/patrol/place-search.js';
import { PtyReceiver } from '../../scripts/src/patrol/pty-receiver.js';
import { askControlText } from '../../src/control/client.js';
import type { Place } from '../../src/domain/position.js';
import { createCentreKey } from '../../src/governance/centre-key.js';
import { type Daemon, runAnprctl, startDaemon } from '../support/daemon.js';
import { decrypted } from '../support/decrypted.js';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js';
import { deviceKeyFileIn } from '../support/notary.js';
import { type Relay, startRelay } from '../support/relay.js';
import { repeatable } from '../support/repeatable.js';
import { keyFileIn, keyIn } from '../support/storage-key.js';
import { type Subscriber, subscribe } from '../support/subscriber.js';

/**
 * Where the device was is for the centre alone. The daemon drives past vehicles with a receiver on a serial
 * line; then every byte that it wrote or sent is searched for the places where it was.
 *
 * It was surveyed elsewhere, so that it finds that it was moved, which is an event. Both places are at sea.
 */
const SURVEYED: Place = { latitudeDeg: -66.214_35, longitudeDeg: -150.728_91 };
const ROAD: Place = { latitudeDeg: -67.018_24, longitudeDeg: -163.402_67 };

const folder = mkdtempSync(join(tmpdir(), 'anprd-places-'));
/** What the daemon may write to. */
const home = join(folder, 'home');
/** Keys, the surveyed place, and what the centre opens. */
const secrets = join(folder, 'secrets');
const lines = join(folder, 'lines');
const [configPath, socketPath, receiverPath, statementsPath, centreKey] = [
  join(folder, 'anprd.yaml'),
  join(home, 'control.sock'),
  join(folder, 'gps'),
  join(secrets, 'received.ndjson'),
  join(secrets, 'centre.key'),
] as const;

/** The same drive whenever it begins. */
const driveFrom = (beginsAtMs: number) =>
  new DriveLog({
    seed: 'confidential places',
    beginsAtMs,
    stretches: [{ seconds: 900, metresPerSecond: 13, sky: 'open' }],
    from: ROAD,
  });
/** What the receiver says, read back from its sentences. */
const fixes = [...driveFrom(0).text.matchAll(/RMC,[\d.]+,A,(\d\d)([\d.]+),S,(\d{3})([\d.]+),W/g)].map(
  ([, latitude, latitudeMinutes, longitude, longitudeMinutes]): Place => ({
    latitudeDeg: -(Number(latitude) + Number(latitudeMinutes) / 60),
    longitudeDeg: -(Number(longitude) + Number(longitudeMinutes) / 60),
  }),
);
const searches = [searchFor(fixes), searchFor([SURVEYED])];
const formsIn = (bytes: Buffer) => searches.flatMap((search) => search.formsIn(bytes));

/** All that the device wrote or sent, by what it is. */
const written = new Map<string, Buffer>();
const note = (name: string, text: string) =>
  written.set(name, Buffer.concat([written.get(name) ?? Buffer.alloc(0), Buffer.from(text)]));

let broker: Mosquitto;
let relay: Relay;
let centre: Subscriber;
let receiver: PtyReceiver;
let daemon: Daemon;
let metricsPort: number;
const sent: Buffer[] = [];
const stopped = new AbortController();
const logs: string[] = [];

function startUnit(): void {
  daemon = startDaemon(configPath, socketPath);
}

/** What an engineer and a monitor see of it. */
async function askEverything(): Promise<void> {
  note('GET /status', await askControlText(socketPath, '/status'));
  note('GET /metrics', await askControlText(socketPath, '/metrics'));
  note('metrics port', await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text());
  for (const command of [['status'], ['status', '--json'], ['doctor'], ['config', 'show']]) {
    const { stdout, stderr } = await runAnprctl([...command, '--config', configPath]);
    note(`anprctl ${command.join(' ')}`, stdout + stderr);
  }
}

/** A screen of the crew, until the daemon ends. */
function watchHits(): void {
  const asked = request({ socketPath, path: '/hits?profile=stationary' }, (response) => {
    response.on('data', (chunk) => note('GET /hits', String(chunk)));
    response.on('error', () => undefined);
  });
  asked.on('error', () => undefined).end();
}

function post(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, method: 'POST' }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    });
    asked.once('error', reject).end();
  });
}

function filesBelow(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const below = join(path, entry.name);
    if (entry.isDirectory()) return filesBelow(below);
    return entry.isFile() ? [below] : [];
  });
}

const eventKinds = () => new Set(centre.of('event').map(({ data }) => data.kind));
const coreLimitOf = (pid?: number) =>
  /Max core file size\s+(\S+)/.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1];

beforeAll(async () => {
  for (const path of [home, secrets, lines]) mkdirSync(path);
  const clip = join(folder, 'clip.avi');
  const vehicles = planTraffic('confidential places', 4);
  const truth = await renderClip(clip, { seed: 'confidential places', vehicles, framesPerSecond: 12 });
  const listed = join(folder, 'hotlist.csv');
  writeFileSync(
    listed,
    ['vrm,action,reason', ...truth.vehicles.map(({ vrm }) => `${vrm},STOP,test`)].join('\n'),
  );
  const surveyedFile = join(secrets, 'surveyed');
  writeFileSync(surveyedFile, `${SURVEYED.latitudeDeg}, ${SURVEYED.longitudeDeg}\n`, { mode: 0o600 });
  [broker, metricsPort] = [await startMosquitto(), await freePort()];
  relay = await startRelay(broker.port, (chunk) => sent.push(chunk));
  centre = await subscribe(broker.url);
  receiver = await PtyReceiver.plugIn({ path: receiverPath });
  const device = { kind: 'serial', device: receiverPath, baudRate: 9_600 };
  writeFileSync(
    configPath,
    JSON.stringify({
      unit: { id: 'unit-e2e' },
      cameras: [{ id: 'cam-1', source: { kind: 'file', path: clip, pace: 'fast' } }],
      hotlist: { path: join(home, 'hotlist.db') },
      storage: { keyFile: keyFileIn(secrets) },
      evidence: { keyFile: deviceKeyFileIn(secrets) },
      store: { path: join(home, 'records.db') },
      control: { socketPath },
      position: { receiver: device, surveyedFile, centrePublicKey: createCentreKey(centreKey) },
      display: { profile: 'passenger' },
      lines: { board: { kind: 'simulated', folder: lines }, tamper: { line: 4 } },
      mqtt: { urls: [relay.url], reconnectMostSeconds: 1 },
      health: { reportSeconds: 2, metricsPort },
      log: { level: 'debug' },
    }),
  );
  const imported = await runAnprctl([
    ...['hotlist', 'import', listed, '--list', 'local', '--config', configPath],
  ]);
  expect(imported, imported.stderr).toMatchObject({ exitCode: 0 });
}, 300_000);

afterAll(async () => {
  stopped.abort();
  await daemon?.stop('SIGKILL');
  await receiver?.unplug();
  await centre?.close();
  await relay?.close();
  await broker?.remove();
  rmSync(folder, { recursive: true, force: true });
});

describe('the places of a drive', () => {
  it('reach the centre sealed, with every hit, read and event', async () => {
    const drive = driveFrom(1000 * Math.floor(Date.now() / 1000));
    const playing = receiver.play(drive, { signal: stopped.signal });
    startUnit();
    const { cameras } = await daemon.until(
      ({ position, cameras }) => position.state === 'fixed' && cameras[0]?.vision.pid !== undefined,
      60_000,
    );
    // No picture of its memory is left, however it ends.
    for (const pid of [daemon.pid, cameras[0]?.vision.pid]) expect(coreLimitOf(pid)).toBe('0');
    writeFileSync(join(lines, 'gpio4'), '1');
    await centre.until(() => eventKinds().has('moved') && eventKinds().has('tamper-opened'), 60_000);
    await centre.until(() => centre.of('hit').length > 0, 120_000);
    expect(await daemon.stop('SIGKILL')).toBe('SIGKILL');
    logs.push(daemon.log());

    const { length } = centre.of('hit');
    startUnit();
    await centre.until(() => centre.of('hit').length > length && centre.of('read').length > 1, 120_000);
    watchHits();
    expect(await post(`/hits/${centre.of('hit').at(-1)?.data.hitId}/confirm`)).toBe(200);
    await centre.until(() => eventKinds().has('hit-confirmed'), 30_000);
    await askEverything();
    expect(await daemon.stop()).toBe(0);
    logs.push(daemon.log());
    stopped.abort();
    await playing;

    const statements = ['hit', 'read', 'event'].flatMap((kind) => centre.of(kind));
    writeFileSync(statementsPath, statements.map(({ data }) => JSON.stringify(data)).join('\n'));
    const { exitCode, stdout, stderr } = await runAnprctl(['unseal', '--key', centreKey, statementsPath]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const opened = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .map(({ read, position }) => read?.position ?? position);
    expect(opened).toHaveLength(statements.length);
    expect(new Set(opened.map(({ source }) => source))).toContain('serial');
    for (const { latitudeDeg, longitudeDeg, source } of opened) {
      const near = source === 'surveyed' ? [SURVEYED] : fixes;
      const distances = near.map((place) =>
        Math.hypot(place.latitudeDeg - latitudeDeg, (place.longitudeDeg - longitudeDeg) / 2.5),
      );
      expect(Math.min(...distances)).toBeLessThan(0.001);
    }
  }, 400_000);

  it('are nowhere in clear in what it sent, wrote, logged or answered', () => {
    written.set('sent', Buffer.concat(sent));
    written.set('log', Buffer.from(logs.join('\n')));
    for (const file of filesBelow(home)) written.set(relative(home, file), readFileSync(file));
    const database = decrypted(join(home, 'records.db'), keyIn(secrets));
    written.set('records.db, decrypted', Buffer.from(database, 'latin1'));

    // What was searched is what there was: the sealed positions are in it.
    const sealed = centre.of('hit').map(({ data }) => data.read.position.sealed as string);
    for (const name of ['sent', 'records.db, decrypted']) {
      for (const text of sealed) expect(written.get(name)?.includes(text), name).toBe(true);
    }
    expect([...written.keys()]).toEqual(expect.arrayContaining(['records.db', 'hotlist.db']));
    expect(written.get('log')?.toString()).toContain('running');
    expect(written.get('GET /status')?.toString()).toContain('"position"');
    expect(written.get('GET /hits')?.toString()).toContain('"confirmed"');

    const found = [...written].map(([name, bytes]) => [name, formsIn(bytes)] as const);
    expect(found.filter(([, forms]) => forms.length > 0)).toEqual([]);
    const topics = new Set(centre.received.map(({ topic }) => topic.split('/').slice(0, 2).join('/')));
    expect([...topics]).toEqual(['anpr/unit-e2e']);
  });

  it('are found by the same search where the centre has opened them', async () => {
    const { stdout } = await runAnprctl(['unseal', '--key', centreKey, statementsPath]);
    expect(formsIn(readFileSync(statementsPath))).toEqual([]);
    expect(formsIn(Buffer.from(stdout))).toContain('decimals');
  });
});

/** Every form in which a place could have got out, from one of the places where the receiver was. */
describe('the search', () => {
  const random = repeatable(67);
  const noise = (bytes: number) =>
    Buffer.from(Array.from({ length: bytes }, () => Math.floor(256 * random())));
  const amid = (leak: Buffer) =>
    Buffer.concat([noise(20_000 + Math.floor(7 * random())), leak, noise(20_000)]);
  const { latitudeDeg, longitudeDeg } = fixes[Math.floor(fixes.length / 2)] as Place;
  const decimal = (places: number) => `${latitudeDeg.toFixed(places)},${longitudeDeg.toFixed(places)}`;
  const doubles = (bytes: 4 | 8, order: 'LE' | 'BE', ...values: number[]) => {
    const buffer = Buffer.alloc(bytes * values.length);
    const write = bytes === 8 ? (`writeDouble${order}` as const) : (`writeFloat${order}` as const);
    for (const [index, value] of values.entries()) buffer[write](value, bytes * index);
    return buffer;
  };

  it('finds nothing in noise', () => {
    expect(formsIn(noise(200_000))).toEqual([]);
  });

  const leaks: readonly (readonly [string, string, Buffer])[] = [
    ...[2, 3, 4, 5, 6, 7, 12].map(
      (places) => [`${places} decimals`, 'decimals', Buffer.from(decimal(places))] as const,
    ),
    ['JSON', 'decimals', Buffer.from(JSON.stringify({ at: { latitudeDeg, longitudeDeg } }))],
    ['the latitude alone', 'decimals', Buffer.from(`lat=${latitudeDeg}`)],
    ['the longitude alone', 'decimals', Buffer.from(`lon=${longitudeDeg}`)],
    [
      'degrees with letters',
      'decimals without a sign',
      Buffer.from(`${-latitudeDeg.toFixed(4)}° S ${-longitudeDeg.toFixed(4)}° W`),
    ],
    ['a sentence', 'NMEA', Buffer.from(`$GNGLL,${placeFields({ latitudeDeg, longitudeDeg })},`)],
    [
      'half a sentence',
      'one field of NMEA',
      Buffer.from(placeFields({ latitudeDeg, longitudeDeg }).slice(0, 12)),
    ],
    ...[0, 1, 2].flatMap((before) =>
      (['base64', 'base64url'] as const).map((form) => {
        const text = `${'>'.repeat(before)}${decimal(5)}`;
        return [
          `${form} behind ${before} bytes`,
          'base64',
          Buffer.from(Buffer.from(text).toString(form)),
        ] as const;
      }),
    ),
    ['hexadecimal', 'hexadecimal', Buffer.from(Buffer.from(decimal(5)).toString('hex'))],
    ['doubles', 'double, little endian', doubles(8, 'LE', latitudeDeg, longitudeDeg)],
    ['doubles the other way', 'double, big endian', doubles(8, 'BE', longitudeDeg, latitudeDeg)],
    ['floats', 'float, little endian', doubles(4, 'LE', latitudeDeg, longitudeDeg)],
    ['floats the other way', 'float, big endian', doubles(4, 'BE', longitudeDeg, latitudeDeg)],
  ];

  it.each(leaks)('finds %s: %s', (_, form, leak) => {
    expect(formsIn(amid(leak))).toContain(form);
  });
});
