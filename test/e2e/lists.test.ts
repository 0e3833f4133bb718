import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ClipTruth, renderClip } from '../../scripts/src/clip/render-clip.js';
import { planTraffic } from '../../scripts/src/clip/traffic.js';
import type { DeviceSnapshot } from '../../src/device-snapshot.js';
import { foldVrm, type Vrm } from '../../src/domain/vrm.js';
import { listTopicOf } from '../../src/uplink/topics.js';
import { expectContract } from '../support/contract.js';
import { type Daemon, startDaemon } from '../support/daemon.js';
import { type ListOwner, listOwner, type PublishedPackage } from '../support/list-owner.js';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js';
import { deviceKeyFileIn } from '../support/notary.js';
import { keyFileIn } from '../support/storage-key.js';
import { type Subscriber, subscribe } from '../support/subscriber.js';

/**
 * The daemon on a clip, with the real models, and a list that its owner publishes at a real broker.
 * Whenever it comes, before a vehicle passes or after, every listed vehicle is told, once.
 */
const folder = mkdtempSync(join(tmpdir(), 'anprd-e2e-lists-'));
const clipPath = join(folder, 'clip.avi');
let truth: ClipTruth;
let listed: readonly Vrm[];

beforeAll(async () => {
  truth = await renderClip(clipPath, { seed: 'e2e', vehicles: planTraffic('e2e', 8) });
  listed = truth.vehicles.filter((_, index) => index % 2 === 0).map(({ vrm }) => vrm);
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

let run = 0;
let broker: Mosquitto;
let centre: Subscriber;
let publisher: MqttClient;
let owner: ListOwner;
let daemon: Daemon;

beforeEach(async () => {
  const home = join(folder, `run-${++run}`);
  const configPath = join(folder, `anprd-${run}.yaml`);
  owner = listOwner('stolen');
  broker = await startMosquitto();
  centre = await subscribe(broker.url);
  publisher = await connectAsync(broker.url);
  writeFileSync(
    configPath,
    JSON.stringify({
      unit: { id: 'unit-e2e' },
      cameras: [{ id: 'cam-1', source: { kind: 'file', path: clipPath, pace: 'fast' } }],
      hotlist: {
        path: join(folder, `hotlist-${run}.db`),
        lists: [{ id: 'stolen', publicKeys: [owner.publicKey], alertFrom: 0.6 }],
      },
      storage: { keyFile: keyFileIn(folder) },
      evidence: { keyFile: deviceKeyFileIn(folder) },
      store: { path: join(home, 'records.db') },
      control: { socketPath: join(home, 'control.sock') },
      mqtt: { urls: [broker.url], reconnectMostSeconds: 1 },
    }),
  );
  daemon = startDaemon(configPath, join(home, 'control.sock'));
}, 60_000);

afterEach(async () => {
  await daemon.stop();
  await publisher.endAsync(true);
  await centre.close();
  await broker.remove();
  // The list itself is among what was received.
  expectContract(centre.received, { retainAsPublished: centre.retainAsPublished });
});

async function publish({ envelope, blobs }: PublishedPackage): Promise<void> {
  const put = (name: string, bytes: Uint8Array) =>
    publisher.publishAsync(listTopicOf('anpr/lists', 'stolen', name), Buffer.from(bytes), {
      qos: 1,
      retain: true,
    });
  for (const [name, bytes] of blobs) await put(name, bytes);
  await put('manifest', envelope);
}

const camera = (snapshot: DeviceSnapshot) => snapshot.cameras[0]?.vision;
const hasRevision = (revision: number) => (snapshot: DeviceSnapshot) =>
  snapshot.hotlist.lists[0]?.inForce?.revision === revision;
const isOver = (snapshot: DeviceSnapshot) =>
  camera(snapshot)?.state === 'ended' &&
  snapshot.recheck.pending.length === 0 &&
  Object.values(snapshot.store?.lanes ?? { unknown: { items: 1 } }).every(({ items }) => items === 0);

/** The newest hit of each listed mark that was told as sure; what is only possible is told besides. */
function sureHits() {
  return centre.of('hit').filter(({ data }) => data.kind !== 'possible');
}

function expectEveryListedVehicleOnce(): void {
  const marks = sureHits()
    .map(({ data }) => foldVrm(data.read.vrm))
    .sort();
  expect(marks).toEqual(listed.map(foldVrm).sort());
}

describe('a list that comes over MQTT while the daemon runs', () => {
  it('is matched at once, and tells late of vehicles that passed before', async () => {
    await daemon.until((snapshot) => snapshot.passages.read >= 2, 120_000);
    owner.change([...listed, 'ZZ99ZZZ']);
    await publish(owner.publish());
    await daemon.until(hasRevision(1), 20_000);
    const snapshot = await daemon.until(isOver, 180_000);
    expectEveryListedVehicleOnce();
    const late = sureHits().filter(({ data }) => data.late);
    expect(late.length).toBeGreaterThan(0);
    expect(late.length).toBeLessThan(listed.length);
    expect(snapshot.recheck.lateHits).toBe(late.length);
    expect(sureHits()[0]?.data).toMatchObject({
      alerts: true,
      entries: [{ action: 'STOP', list: { id: 'stolen', level: 'force', owner: 'a force', revision: 1 } }],
      lists: [{ id: 'stolen', revision: 1, overAge: expect.any(Boolean) }],
    });
    for (const { vrm } of truth.vehicles) expect(daemon.log()).not.toContain(vrm);
  }, 300_000);

  it('tells late of every vehicle when all have passed, and of a mark that a delta brings', async () => {
    owner.change(['ZZ99ZZZ']);
    await publish(owner.publish());
    await daemon.until(isOver, 180_000);
    expect(sureHits()).toEqual([]);
    owner.change(listed);
    await publish(owner.publish({ snapshotAt: 1 }));
    await daemon.until(hasRevision(2), 20_000);
    await daemon.until(isOver, 60_000);
    expectEveryListedVehicleOnce();
    expect(sureHits().every(({ data }) => data.late === true)).toBe(true);
    // Their pictures come with them, for the crew.
    const pictured = new Set(centre.of('image').map(({ attributes }) => attributes.recordid));
    for (const { attributes } of sureHits()) expect(pictured).toContain(attributes.recordid);
  }, 300_000);
});
