import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mqttSchema } from '../../src/config/link-schema.js';
import { type Clock, systemClock } from '../../src/lib/clock.js';
import { publicKeyText } from '../../src/lib/ed25519.js';
import { blobNames } from '../../src/matching/package/parts.js';
import type { KeepingRules } from '../../src/matching/publisher/keeping.js';
import { ListContent } from '../../src/matching/publisher/list-content.js';
import { PackageFolder } from '../../src/matching/publisher/package-folder.js';
import { type Published, publish } from '../../src/matching/publisher/publish.js';
import { FolderUpload } from '../../src/matching/publisher/upload.js';
import { entryFromValues } from '../../src/matching/voi-entry.js';
import { publishList, type UploadProgress } from '../../src/uplink/list-publisher.js';
import { only311, startGate } from '../support/gate.js';
import { rowOf } from '../support/groups.js';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js';
import { startRelay } from '../support/relay.js';

const owner = generateKeyPairSync('ed25519').privateKey;
const ownerKey = publicKeyText(owner);
const terms = { list: 'stolen', level: 'force', owner: 'a force', defaultAction: 'STOP' } as const;

let broker: Mosquitto;
let path: string;
let nowMs: number;
beforeEach(async () => {
  broker = await startMosquitto();
  path = mkdtempSync(join(tmpdir(), 'anprd-lists-'));
  nowMs = Date.UTC(2026, 10, 22);
});
afterEach(async () => {
  await broker.remove();
  rmSync(path, { recursive: true });
});

/** A list of so many marks with texts that do not pack, and the revision that came of it. */
async function revision(
  marks: number,
  more: { firstRevision?: number; reason?: string; rules?: KeepingRules; mayShrink?: boolean } = {},
) {
  const content = new ListContent();
  const noise = (index: number) =>
    Array.from({ length: 40 }, (_, at) => (((index * 41 + at) * 2_654_435_761) % 1e9).toString(36)).join('');
  for (let index = 0; index < marks; index++) {
    content.add(entryFromValues(rowOf(`M${index}`, { 6: `${more.reason ?? ''}${noise(index)}` })));
  }
  nowMs += 60_000;
  const { firstRevision, rules, mayShrink } = more;
  return publish({
    folder: new PackageFolder(path),
    terms,
    content,
    privateKey: owner,
    nowMs,
    ...(firstRevision && { firstRevision }),
    ...(rules && { rules }),
    ...(mayShrink && { mayShrink }),
  });
}

/** Waits are a twentieth of what they are: for a broker that keeps nothing, of which nothing is to be had. */
const hurried: Clock = {
  ...systemClock,
  sleep: (delayMs, signal) => systemClock.sleep(delayMs / 20, signal),
};

interface Uploading {
  url?: string;
  urls?: string[];
  protocolVersion?: 'auto' | 4 | 5;
  clock?: Clock;
  resend?: boolean;
  onProgress?: (progress: UploadProgress) => void;
}

function upload(options: Uploading = {}) {
  const { url = broker.url, protocolVersion = 5, clock = systemClock, resend = false } = options;
  const { urls = [url] } = options;
  return publishList({
    config: mqttSchema.parse({
      urls,
      protocolVersion,
      reconnectFirstSeconds: 0.02,
      reconnectMostSeconds: 0.1,
    }),
    topicPrefix: 'anpr/lists',
    list: new FolderUpload(new PackageFolder(path), [ownerKey], 'the broker', { resend }),
    clock,
    ...(options.onProgress && { onProgress: options.onProgress }),
  });
}

/** What a device that comes now would be given. */
async function retained(): Promise<Map<string, Buffer>> {
  const client = await connectAsync(broker.url, { protocolVersion: 5 });
  const found = new Map<string, Buffer>();
  client.on('message', (topic, payload, { retain }) => {
    if (retain) found.set(topic.replace('anpr/lists/stolen/', ''), payload);
  });
  await client.subscribeAsync('#', { qos: 1 });
  for (let before = -1; before < found.size; ) {
    before = found.size;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await client.endAsync();
  return found;
}

const blobsOf = ({ manifest }: Published) =>
  [manifest.snapshot, ...manifest.deltas].flatMap((part) => [...blobNames(part)]);

async function expectOnBroker(published: Published) {
  const found = await retained();
  expect([...found.keys()].sort()).toEqual(['manifest', ...blobsOf(published)].sort());
  const differing = blobsOf(published).filter(
    (name) => !found.get(name)?.equals(readFileSync(join(path, name))),
  );
  expect(differing).toEqual([]);
  expect(String(found.get('manifest'))).toBe(String(published.envelope));
}

describe('putting a list on a broker', () => {
  it.each([4, 5] as const)('retains every blob and the manifest: MQTT %i', async (protocolVersion) => {
    const published = await revision(5_000);
    const progress: UploadProgress[] = [];
    const done = await upload({ protocolVersion, onProgress: (one) => progress.push(one) });
    expect(done).toMatchObject({
      blobs: published.manifest.snapshot.blobs,
      bytes: published.manifest.snapshot.bytes,
      removed: 0,
    });
    expect(progress.at(-1)).toMatchObject({ blobs: done.blobs, ofBlobs: done.blobs });
    await expectOnBroker(published);
  });

  it('sends of the next revision only what is new, and takes off what is no longer named', async () => {
    const rules = { chainShare: 0.1, deltaShare: 0.2, leastBytes: 1, mostDeltas: 30, apart: 5 };
    await revision(500, { rules });
    await upload();
    const added = await revision(510, { rules });
    expect(added.isNewSnapshot).toBe(false);
    expect(await upload()).toMatchObject({ blobs: 2, bytes: added.manifest.deltas[0]?.bytes, removed: 0 });
    await expectOnBroker(added);
    const other = await revision(500, { reason: 'other', rules });
    expect(other.isNewSnapshot).toBe(true);
    expect(await upload()).toMatchObject({ removed: 4 });
    await expectOnBroker(other);
  });

  it('sends only the manifest where nothing changed', async () => {
    await revision(10);
    await upload();
    const confirmed = await revision(10);
    expect(await upload()).toMatchObject({ blobs: 0, removed: 0 });
    await expectOnBroker(confirmed);
  });

  it('goes on where it was after the link was lost, as often as that happens', async () => {
    const relay = await startRelay(broker.port);
    const published = await revision(20_000);
    const sent = new Set<number>();
    const done = await upload({
      url: relay.url,
      clock: hurried,
      onProgress: ({ blobs }) => {
        if (blobs % 5 === 2 && !sent.has(blobs)) relay.cut();
        sent.add(blobs);
      },
    });
    expect(done.blobs).toBe(published.manifest.snapshot.blobs);
    await expectOnBroker(published);
    await relay.close();
  });

  it('begins anew where the broker lost what it had', async () => {
    await revision(100);
    await upload();
    await broker.stop('SIGKILL');
    await broker.start();
    expect((await retained()).size).toBe(0);
    const published = await revision(110);
    await upload();
    await expectOnBroker(published);
  });

  it('mends blobs that were damaged or lost under its manifest, when told to resend', async () => {
    await revision(100);
    await upload();
    const spoil = async () => {
      const client = await connectAsync(broker.url);
      const put = (name: string, payload: string) =>
        client.publishAsync(`anpr/lists/stolen/${name}`, payload, { retain: true, qos: 1 });
      await put('snapshot/1/0', 'damaged');
      await put('snapshot/1/1', '');
      await client.endAsync();
    };
    await spoil();
    const published = await revision(101);
    expect(await upload()).toMatchObject({ blobs: 2, ofBlobs: 2 });
    const spoilt = await retained();
    expect([String(spoilt.get('snapshot/1/0')), spoilt.has('snapshot/1/1')]).toEqual(['damaged', false]);
    expect(await upload({ resend: true })).toMatchObject({ blobs: 4, ofBlobs: 4, removed: 0 });
    await expectOnBroker(published);
  });

  it('takes off what a killed upload has left of a revision that never was', async () => {
    const relay = await startRelay(broker.port);
    const rules = { chainShare: 0, deltaShare: 0, leastBytes: 1, mostDeltas: 30, apart: 5 };
    await revision(20_000, { rules });
    await expect(
      upload({
        url: relay.url,
        clock: hurried,
        onProgress: ({ blobs }) => {
          if (blobs === 5) throw new Error('killed');
        },
      }),
    ).rejects.toThrow('killed');
    expect((await retained()).size).toBeGreaterThan(4);
    const published = await revision(100, { rules, mayShrink: true });
    await upload();
    await expectOnBroker(published);
    await relay.close();
  });
});

describe('a list that must not go out', () => {
  const refused = { code: 'hotlist.publish-failed' };

  it('is an older one than the broker has', async () => {
    await revision(10, { firstRevision: 7 });
    await upload();
    rmSync(path, { recursive: true });
    nowMs += 60_000;
    await revision(10);
    await expect(upload()).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('the broker has revision 7'),
      hint: expect.stringContaining('--first-revision 8'),
    });
    rmSync(path, { recursive: true });
    const published = await revision(10, { firstRevision: 8 });
    await upload();
    expect((await retained()).get('manifest')).toEqual(published.envelope);
  });

  it('is one of an earlier time, until the next revision sets a clock right that was wrong', async () => {
    const rightMs = nowMs;
    nowMs += 9 * 365 * 86_400_000;
    await revision(10, { firstRevision: 7 });
    await upload();
    nowMs = rightMs + 60_000;
    await expect(revision(10)).rejects.toMatchObject({
      ...refused,
      hint: expect.stringContaining('--first-revision 8'),
    });
    rmSync(path, { recursive: true });
    const published = await revision(10, { firstRevision: 8 });
    await upload();
    expect((await retained()).get('manifest')).toEqual(published.envelope);
  });

  it('is another one of the same revision', async () => {
    await revision(10);
    await upload();
    rmSync(path, { recursive: true });
    await revision(11);
    await expect(upload()).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('with other contents'),
    });
  });

  it('is one whose folder is damaged', async () => {
    await revision(10);
    writeFileSync(join(path, 'snapshot/1/1'), 'x');
    await expect(upload()).rejects.toMatchObject({ code: 'hotlist.package-invalid' });
    expect((await retained()).has('manifest')).toBe(false);
  });

  it('is no hindrance where somebody else retained it', async () => {
    const published = await revision(10);
    const client = await connectAsync(broker.url);
    await client.publishAsync('anpr/lists/stolen/manifest', 'garbage', { retain: true, qos: 1 });
    await client.endAsync();
    await upload();
    await expectOnBroker(published);
  });
});

describe('a broker that does not take it', () => {
  async function withBroker(configuration: string, files: Record<string, string> = {}) {
    await broker.remove();
    broker = await startMosquitto({ configuration, files });
  }

  it.each([
    [
      'MQTT 5: its limit of packets, which it says',
      5,
      'max_packet_size 3000',
      'the broker takes 3000 at most',
    ],
    [
      'MQTT 3.1.1: its limit of packets, at which it hangs up',
      4,
      'max_packet_size 3000',
      'before it took snapshot/1/1 of',
    ],
    ['MQTT 5: its limit of messages', 5, 'message_size_limit 3000', 'snapshot/1/1'],
    [
      'MQTT 3.1.1: its limit of messages, of which it says nothing',
      4,
      'message_size_limit 3000',
      'acknowledged snapshot/1/1 of',
    ],
    ['retained messages are switched off', 5, 'retain_available false', 'retains no messages'],
  ] as const)('says what to change: %s', async (_, protocolVersion, line, said) => {
    await withBroker(`allow_anonymous true\n${line}`);
    await revision(300);
    const error = await upload({ protocolVersion, clock: hurried }).catch((thrown) => thrown);
    expect(error).toMatchObject({
      message: expect.stringContaining(said),
      hint: expect.stringMatching(/Mosquitto|broker/),
    });
    expect((await retained()).has('manifest')).toBe(false);
  });

  it.each([4, 5] as const)('says that this user may not: MQTT %i', async (protocolVersion) => {
    await withBroker('allow_anonymous true\nacl_file {folder}/acl', { acl: 'topic read #\n' });
    await revision(10);
    const error = await upload({ protocolVersion, clock: hurried }).catch((thrown) => thrown);
    expect(['uplink.refused', 'hotlist.publish-failed']).toContain(error.code);
  });

  it('goes to the next broker of the list, in the version that it speaks', async () => {
    const old = await startGate(only311(broker.port));
    try {
      const published = await revision(10);
      await upload({ urls: ['mqtt://127.0.0.1:1', old.url], protocolVersion: 'auto' });
      await expectOnBroker(published);
    } finally {
      await old.close();
    }
  });

  it('gives up after a while on a broker that is away', async () => {
    await revision(10);
    await broker.stop();
    await expect(upload({ clock: hurried })).rejects.toMatchObject({ code: 'uplink.connect-failed' });
    expect(readdirSync(path).sort()).toEqual(['manifest', 'snapshot']);
  });
});
