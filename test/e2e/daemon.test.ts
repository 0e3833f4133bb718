import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ClipTruth, renderClip } from '../../scripts/src/clip/render-clip.js';
import { planTraffic } from '../../scripts/src/clip/traffic.js';
import type { DeviceSnapshot } from '../../src/device-snapshot.js';
import { foldVrm, type Vrm } from '../../src/domain/vrm.js';
import { expectContract } from '../support/contract.js';
import { type Daemon, runAnprctl, startDaemon } from '../support/daemon.js';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js';
import { deviceKeyFileIn } from '../support/notary.js';
import { keyFileIn } from '../support/storage-key.js';
import { type Subscriber, subscribe } from '../support/subscriber.js';

/**
 * The daemon on a clip as on a camera, with the real models, a real broker and a hotlist that every
 * second vehicle is on. What must hold whatever happens meanwhile: every expected hit arrives, once.
 */
const folder = mkdtempSync(join(tmpdir(), 'anprd-e2e-'));
const clipPath = join(folder, 'clip.avi');
const configPath = join(folder, 'anprd.yaml');
const hotlistPath = join(folder, 'hotlist.csv');
let truth: ClipTruth;
let wanted: readonly Vrm[];

beforeAll(async () => {
  truth = await renderClip(clipPath, { seed: 'e2e', vehicles: planTraffic('e2e', 8) });
  wanted = truth.vehicles.filter((_, index) => index % 2 === 0).map(({ vrm }) => vrm);
  const rows = wanted.map((vrm) => `${vrm},STOP,test entry`);
  writeFileSync(hotlistPath, ['vrm,action,reason', ...rows, 'ZZ99ZZZ,STOP,drives elsewhere'].join('\n'));
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

let run = 0;
let broker: Mosquitto;
let centre: Subscriber;
let daemon: Daemon;

/** A device of its own for each test, with nothing of the last one's. */
async function startDevice(): Promise<void> {
  const home = join(folder, `run-${++run}`);
  broker = await startMosquitto();
  centre = await subscribe(broker.url);
  writeFileSync(
    configPath,
    JSON.stringify({
      unit: { id: 'unit-e2e' },
      cameras: [{ id: 'cam-1', source: { kind: 'file', path: clipPath, pace: 'fast' } }],
      hotlist: { path: join(folder, `hotlist-${run}.db`) },
      storage: { keyFile: keyFileIn(folder) },
      evidence: { keyFile: deviceKeyFileIn(folder) },
      store: { path: join(home, 'records.db') },
      control: { socketPath: join(home, 'control.sock') },
      mqtt: {
        urls: [broker.url],
        reconnectMostSeconds: 1,
        renderings: { onvif: { enabled: true }, compound: { enabled: true } },
      },
      health: { reportSeconds: 2 },
    }),
  );
  const imported = await runAnprctl([
    'hotlist',
    'import',
    hotlistPath,
    '--list',
    'local',
    '--config',
    configPath,
  ]);
  expect(imported, imported.stderr).toMatchObject({ exitCode: 0 });
  daemon = startDaemon(configPath, join(home, 'control.sock'));
}

const camera = (snapshot: DeviceSnapshot) => snapshot.cameras[0]?.vision;
const waiting = ({ store }: DeviceSnapshot) =>
  Object.values(store?.lanes ?? { unknown: { items: 1 } }).reduce((sum, { items }) => sum + items, 0);
const framesAtLeast = (share: number) => (snapshot: DeviceSnapshot) =>
  (camera(snapshot)?.framesProcessed ?? 0) >= share * truth.frameCount;
const isDelivered = (snapshot: DeviceSnapshot) =>
  camera(snapshot)?.state === 'ended' &&
  snapshot.uplink.link.state === 'connected' &&
  waiting(snapshot) === 0;

/** What the centre has, after the clip has been played to its end and all of it was sent. */
async function finish(): Promise<DeviceSnapshot> {
  const snapshot = await daemon.until(isDelivered, 180_000);
  expect(await daemon.stop()).toBe(0);
  await endRun();
  return snapshot;
}

/** Whatever was published in a test is as config/asyncapi.yaml says. */
async function endRun(): Promise<void> {
  await centre.close();
  await broker.remove();
  expectContract(centre.received, { retainAsPublished: centre.retainAsPublished });
}

function expectEveryHitOnce(): void {
  const hits = centre.of('hit');
  const marks = hits.map(({ data }) => foldVrm(data.read.vrm)).sort();
  expect(marks).toEqual(wanted.map(foldVrm).sort());
  expect(new Set(hits.map(({ attributes }) => attributes.id)).size).toBe(hits.length);
}

/** Each vehicle gives one read; a clip of clear pictures lets all of them be right. */
function expectOneReadEach(): void {
  const reads = centre.of('read');
  expect(new Set(reads.map(({ attributes }) => attributes.id)).size).toBe(reads.length);
  const marks = reads.flatMap(({ data }) => (data.vrm === undefined ? [] : [foldVrm(data.vrm)]));
  expect(marks.sort()).toEqual(truth.vehicles.map(({ vrm }) => foldVrm(vrm)).sort());
}

function expectNoMarkInClear(): void {
  for (const { vrm } of truth.vehicles) {
    expect(daemon.log()).not.toContain(vrm);
    for (const { topic } of centre.received) expect(topic).not.toContain(vrm);
  }
}

describe('the daemon on a clip', () => {
  beforeEach(startDevice, 60_000);

  it('delivers every expected hit exactly once, one read a vehicle, and its pictures', async () => {
    const snapshot = await finish();
    expectEveryHitOnce();
    expectOneReadEach();
    expectNoMarkInClear();
    const kinds = new Set(centre.received.map(({ topic }) => topic.split('/')[2]));
    expect([...kinds].sort()).toEqual(['compound', 'health', 'hit', 'image', 'onvif-ej', 'read', 'status']);
    expect(camera(snapshot)).toMatchObject({
      framesProcessed: truth.frameCount,
      framesDropped: 0,
      restarts: 0,
    });

    const patches = centre.of('image').filter(({ attributes }) => attributes.imagekind === 'plate-patch');
    const overviews = centre.of('image').filter(({ attributes }) => attributes.imagekind === 'overview');
    for (const { data } of patches) expect(data.length).toBeLessThanOrEqual(3_072);
    for (const { data } of overviews) expect(data.length).toBeLessThanOrEqual(25_600);
    const recordsOf = (images: typeof patches) =>
      new Set(images.map(({ attributes }) => attributes.recordid)).size;
    expect(recordsOf(patches)).toBe(truth.vehicles.length);
    expect(recordsOf(overviews)).toBe(truth.vehicles.length);

    const { hitLatency } = snapshot.uplink;
    expect(hitLatency.count).toBe(wanted.length);
    const statuses = centre.of('status').map(({ data }) => data.state);
    expect(statuses).toEqual(['online', 'stopped']);
  }, 240_000);

  it('holds what it has while the broker is away for half of the clip', async () => {
    await daemon.until(framesAtLeast(0.25), 120_000);
    await broker.stop();
    const held = await daemon.until(framesAtLeast(0.75), 120_000);
    expect(held.uplink.link.state).not.toBe('connected');
    await broker.start();
    await finish();
    expectEveryHitOnce();
    expectOneReadEach();
  }, 300_000);

  it('loses nothing and repeats nothing when the vision process is killed', async () => {
    const before = await daemon.until(framesAtLeast(0.4), 120_000);
    process.kill(camera(before)?.pid as number, 'SIGKILL');
    const killedAtMs = Date.now();
    await daemon.until(
      (snapshot) => camera(snapshot)?.state === 'running' && (camera(snapshot)?.restarts ?? 0) === 1,
      20_000,
    );
    // The bar for a replacement is 5 s, on a machine that is not also running a test suite.
    expect(Date.now() - killedAtMs).toBeLessThan(15_000);
    await finish();
    expectEveryHitOnce();
    expectOneReadEach();
  }, 300_000);

  it('gives back what was committed when the daemon itself is killed', async () => {
    await broker.stop();
    const before = await daemon.until((snapshot) => snapshot.passages.hits >= 2, 120_000);
    expect(before.uplink.acknowledged.hits).toBe(0);
    expect(await daemon.stop('SIGKILL')).toBe('SIGKILL');
    await broker.start();
    const home = join(folder, `run-${run}`);
    daemon = startDaemon(configPath, join(home, 'control.sock'));
    await centre.until(() => centre.of('hit').length >= 2, 60_000);
    const marks = new Set(centre.of('hit').map(({ data }) => foldVrm(data.read.vrm)));
    for (const mark of marks) expect(wanted.map(foldVrm)).toContain(mark);
    expect(await daemon.stop()).toBe(0);
    await endRun();
  }, 300_000);
});
