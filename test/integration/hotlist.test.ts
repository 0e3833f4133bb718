import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSchema, type HotlistConfig, hotlistSchema } from '../../src/config/schema.js';
import { NO_CONFUSIONS } from '../../src/domain/confusion.js';
import type { PlateRead } from '../../src/domain/read.js';
import { foldVrm } from '../../src/domain/vrm.js';
import { systemClock } from '../../src/lib/clock.js';
import { createLogger, type Logger } from '../../src/lib/log.js';
import { Hotlist } from '../../src/matching/hotlist.js';
import { ListStore } from '../../src/matching/list-store/list-store.js';
import type { News } from '../../src/matching/sync/protocol.js';
import type { SyncFault } from '../../src/matching/sync/status.js';
import { listTopicOf, parseListTopic } from '../../src/uplink/topics.js';
import { Uplink } from '../../src/uplink/uplink.js';
import { groupsOf } from '../support/groups.js';
import { ListOutbox } from '../support/list-outbox.js';
import { type ListOwner, listOwner, type PublishedPackage } from '../support/list-owner.js';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.js';
import { startRelay } from '../support/relay.js';
import { vrmOf } from '../support/reports.js';
import { keyFileIn, keyIn } from '../support/storage-key.js';

/**
 * The hotlist as the daemon has it: matching here, the keeper in its thread (the built one), and what
 * an owner publishes at a real broker.
 */
const KEEPER = resolve(import.meta.dirname, '../../dist/src/matching/sync/keeper-worker.js');
const PREFIX = 'anpr/lists';
const silent = createLogger('silent');
const NOTHING = new ListOutbox([]);
/** As in the field, in a tenth of a second what takes minutes there. */
const TIMING = { withinMs: 700, soonMs: 50, laterFirstMs: 300, laterMostMs: 600 };

let folder: string;
let path: string;
let broker: Mosquitto;
let publisher: MqttClient;
let owner: ListOwner;
let faults: SyncFault[];
let news: { listId: string; news: News }[];
let undo: (() => Promise<unknown>)[];

beforeEach(async () => {
  if (!existsSync(KEEPER)) throw new Error(`${KEEPER} is not built: npm run build:ts`);
  folder = mkdtempSync(join(tmpdir(), 'anprd-hotlist-'));
  path = join(folder, 'hotlist.db');
  undo = [];
  faults = [];
  news = [];
  owner = listOwner('stolen');
  broker = await startMosquitto();
  undo.push(() => broker.remove());
  publisher = await connectAsync(broker.url, { reconnectPeriod: 50 });
  publisher.on('error', () => undefined);
  undo.push(() => publisher.endAsync(true));
});

afterEach(async () => {
  for (const step of undo.reverse()) await step();
  rmSync(folder, { recursive: true, force: true });
});

interface Unit {
  readonly hotlist: Hotlist;
  readonly uplink: Uplink;
  stop(): Promise<void>;
}

/** A device's lists and its connection, wired as device.ts wires them. */
async function startUnit(
  options: Partial<HotlistConfig> & { url?: string; entry?: URL; log?: Logger } = {},
): Promise<Unit> {
  const { url = broker.url, entry = pathToFileURL(KEEPER), log = silent, ...changed } = options;
  const lists = [{ id: 'stolen', publicKeys: [owner.publicKey] }];
  const config = { ...hotlistSchema.parse({ path, reloadSeconds: 0.1, lists }), ...changed };
  const mqtt = {
    ...configSchema.parse({}).mqtt,
    urls: [url],
    reconnectFirstSeconds: 0.05,
    reconnectMostSeconds: 0.2,
  };
  const uplink = new Uplink({ config: mqtt, unitId: 'unit-7', outbox: NOTHING, clock: systemClock, log });
  const hotlist = new Hotlist({
    config,
    key: keyIn(folder),
    keyFile: keyFileIn(folder),
    clock: systemClock,
    log,
    onWanted: (wanted) =>
      uplink.setSubscriptions(wanted.map(({ listId, name }) => listTopicOf(PREFIX, listId, name))),
    onNews: (listId, about) => news.push({ listId, news: about }),
    onFault: (fault) => faults.push(fault),
    timing: TIMING,
    keeperEntry: entry,
  });
  uplink.onMessage((topic, payload) => {
    const wanted = parseListTopic(PREFIX, topic);
    if (wanted !== undefined) hotlist.take(wanted, payload);
  });
  await hotlist.start(NO_CONFUSIONS);
  uplink.start();
  hotlist.linkChanged(true);
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= uplink.stop().then(() => hotlist.stop());
    return stopping;
  };
  undo.push(stop);
  return { hotlist, uplink, stop };
}

/** The blobs first, so that whoever reads the manifest finds them. */
async function retain({ envelope, blobs }: PublishedPackage, listId = 'stolen'): Promise<void> {
  const put = (name: string, bytes: Uint8Array) =>
    publisher.publishAsync(listTopicOf(PREFIX, listId, name), Buffer.from(bytes), { qos: 1, retain: true });
  for (const [name, bytes] of blobs) await put(name, bytes);
  await put('manifest', envelope);
}

function readOf(text: string): PlateRead {
  const vrm = vrmOf(text);
  const characters = [...vrm].map((character) => ({ character, probability: 0.999, alternatives: [] }));
  return { vrm, matchKey: foldVrm(vrm), probability: 0.99, characters, lines: [vrm] };
}

/** What the lists say of a mark: list, revision in force, and what its row says. */
function matched({ hotlist }: Unit, text: string): string[] {
  const match = hotlist.match(readOf(text), Date.now());
  return (match?.entries ?? []).map(({ list, entry }) => `${list.id} ${list.revision}: ${entry.reason}`);
}

const listOfUnit = ({ hotlist }: Unit, id = 'stolen') =>
  hotlist.snapshot().lists.find((list) => list.id === id);
const revisionOf = (unit: Unit, id?: string) => listOfUnit(unit, id)?.inForce?.revision;

const isCurrent = (unit: Unit, revision: number) =>
  revisionOf(unit) === revision && listOfUnit(unit)?.sync?.state === 'current';

async function until(unit: Unit, condition: () => boolean, withinMs = 20_000): Promise<void> {
  const untilMs = Date.now() + withinMs;
  while (!condition()) {
    if (Date.now() > untilMs) {
      throw new Error(
        `not in time: ${condition}; ${JSON.stringify(unit.hotlist.snapshot())} ${JSON.stringify(faults)}`,
      );
    }
    await systemClock.sleep(10);
  }
}

const manyMarks = (count: number, prefix = 'M') =>
  Array.from({ length: count }, (_, index) => `${prefix}${index.toString(36).toUpperCase()}`);

describe('a list that its owner publishes', () => {
  it('comes by itself, then by what changed, and is matched', async () => {
    owner.change(['AB12CDE', ...manyMarks(8_000)]);
    await retain(owner.publish());
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    expect(matched(unit, 'AB12CDE')).toEqual(['stolen 1: revision 1']);
    const { bytes } = unit.uplink.snapshot().inbound;

    owner.change(['CD34EFG'], ['AB12CDE']);
    const second = owner.publish({ snapshotAt: 1 });
    await retain(second);
    await until(unit, () => isCurrent(unit, 2));
    expect(matched(unit, 'AB12CDE')).toEqual([]);
    expect(matched(unit, 'CD34EFG')).toEqual(['stolen 2: revision 2']);
    // What came is the manifest and the change: in proportion to it, not to the list.
    const change = second.envelope.length + (second.manifest.deltas[0]?.bytes ?? 0);
    expect(unit.uplink.snapshot().inbound.bytes - bytes).toBe(change);
    expect(change).toBeLessThan(bytes / 30);
    expect(listOfUnit(unit)).toMatchObject({
      inForce: { owner: 'a force', level: 'force', origin: 'signed', isMatched: true, isOverAge: false },
      sync: { state: 'current' },
    });
    expect(faults).toEqual([]);
  });

  it('is confirmed by a heartbeat: its age counts from there, and nothing of it is fetched', async () => {
    owner.change(['AB12CDE']);
    await retain(owner.publish({ issuedAtMs: Date.now() - 60_000 }));
    const unit = await startUnit({ maximumAgeHours: 0.01 });
    await until(unit, () => isCurrent(unit, 1));
    expect(listOfUnit(unit)?.inForce).toMatchObject({ isOverAge: true });
    expect(unit.hotlist.match(readOf('AB12CDE'), Date.now())?.lists).toMatchObject([{ isOverAge: true }]);
    const { messages } = unit.uplink.snapshot().inbound;
    await retain({ ...owner.publish({ issuedAtMs: Date.now() }), blobs: new Map() });
    await until(unit, () => listOfUnit(unit)?.inForce?.isOverAge === false);
    expect(unit.uplink.snapshot().inbound.messages).toBe(messages + 1);
  });

  it('is caught up with after a week without a link, by what changed alone', async () => {
    owner.change(['AB12CDE', ...manyMarks(8_000)]);
    await retain(owner.publish());
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    await unit.stop();
    for (let hour = 0; hour < 100; hour++) owner.change([`A${hour}`], hour > 5 ? [`A${hour - 5}`] : []);
    await retain(owner.publish({ snapshotAt: 1 }));
    const back = await startUnit();
    // Until it has caught up it matches what it has.
    expect(matched(back, 'AB12CDE')).toEqual(['stolen 1: revision 1']);
    await until(back, () => isCurrent(back, 101));
    expect(matched(back, 'A99')).toEqual(['stolen 101: revision 101']);
    expect(matched(back, 'A20')).toEqual([]);
    // The manifest, and of each hour a table and a blob.
    expect(back.uplink.snapshot().inbound.messages).toBe(201);
    expect(faults).toEqual([]);
  });

  it('is fetched whole by itself where the deltas do not reach back', async () => {
    owner.change(['AB12CDE']);
    await retain(owner.publish());
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    await unit.stop();
    for (let hour = 0; hour < 5; hour++) owner.change([`A${hour}`]);
    await retain(owner.publish({ snapshotAt: 4 }));
    const back = await startUnit();
    await until(back, () => isCurrent(back, 6));
    expect(matched(back, 'AB12CDE')).toEqual(['stolen 6: revision 1']);
  });
});

describe('a fetch that is cut short', () => {
  it('goes on after a restart with what is missing, and asks for nothing twice', async () => {
    owner.change(manyMarks(40_000));
    const published = owner.publish();
    const blobs = [...published.blobs];
    const half = Math.floor(blobs.length / 2);
    // Half of the blobs is there; then the device is stopped, and the others come.
    const some = blobs.filter(([name], index) => index < half || name.endsWith('/0'));
    await retain({ ...published, blobs: new Map(some) });
    const unit = await startUnit();
    await until(unit, () => listOfUnit(unit)?.sync?.haveBlobs === some.length);
    await unit.stop();
    await retain(published);
    const back = await startUnit();
    await until(back, () => isCurrent(back, 1));
    expect(back.uplink.snapshot().inbound.messages).toBe(1 + blobs.length - some.length);
  });

  it('goes on when the link breaks again and again', async () => {
    const relay = await startRelay(broker.port);
    undo.push(() => relay.close());
    owner.change(manyMarks(40_000));
    await retain(owner.publish());
    const unit = await startUnit({ url: relay.url });
    const cutting = setInterval(() => relay.cut(), 100);
    await systemClock.sleep(500);
    clearInterval(cutting);
    await until(unit, () => isCurrent(unit, 1));
    expect(unit.uplink.snapshot().link.connections).toBeGreaterThan(1);
    expect(faults).toEqual([]);
  });
});

describe('what a broker should not have', () => {
  beforeEach(async () => {
    owner.change(['AB12CDE']);
    await retain(owner.publish());
  });

  it.each([
    [
      'a manifest of another key',
      async () => {
        const stranger = listOwner('stolen');
        for (const mark of ['XX11XXX', 'XX12XXX']) stranger.change([mark]);
        await retain(stranger.publish());
      },
      'hotlist.signature-invalid',
    ],
    [
      'garbage for a manifest',
      () => retain({ ...owner.publish(), envelope: Buffer.from('garbage') }),
      'hotlist.package-invalid',
    ],
    [
      'an older revision, played back',
      async () => {
        const old = owner.publish();
        owner.change(['CD34EFG']);
        await retain(owner.publish());
        await systemClock.sleep(300);
        await retain(old);
      },
      'hotlist.replayed',
    ],
  ] as const)('is refused, said, and the list stays in force: %s', async (_, spoil, code) => {
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    await spoil();
    await until(unit, () => listOfUnit(unit)?.sync?.refused !== undefined);
    expect(listOfUnit(unit)?.sync?.refused).toMatchObject({
      code,
      hint: expect.stringContaining('in force'),
    });
    expect(matched(unit, 'AB12CDE')).toEqual([`stolen ${owner.revision}: revision 1`]);
    expect(JSON.stringify(faults)).not.toMatch(/AB12CDE|XX11XXX/);
  });

  it('does not come into force when it is blobs, does not spin, and heals', async () => {
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    owner.change(manyMarks(3_000));
    const published = owner.publish();
    const spoiled = new Map([...published.blobs].map(([name]) => [name, Buffer.from(`garbage ${name}`)]));
    await retain({ ...published, blobs: spoiled });
    await until(unit, () => listOfUnit(unit)?.sync?.state === 'held-up');
    const { messages } = unit.uplink.snapshot().inbound;
    await systemClock.sleep(1_500);
    expect(unit.uplink.snapshot().inbound.messages - messages).toBeLessThan(12);
    expect(matched(unit, 'AB12CDE')).toEqual(['stolen 1: revision 1']);
    await retain(published);
    await until(unit, () => isCurrent(unit, 2));
    expect(listOfUnit(unit)?.sync).toMatchObject({ state: 'current' });
    expect(listOfUnit(unit)?.sync?.failing).toBeUndefined();
  });
});

describe('matching while a list is taken over', () => {
  it('sees one revision or the next, never a mix, and is not held up', async () => {
    const marks = manyMarks(30_000);
    owner.change(marks);
    await retain(owner.publish());
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    // Every row of the next snapshot is another one, and every second mark is gone.
    owner.change(
      marks.filter((_, index) => index % 2 === 0),
      marks.filter((_, index) => index % 2 === 1),
    );
    await retain(owner.publish());
    const [kept, gone] = [marks[20_000] as string, marks[20_001] as string];
    const seen: string[] = [];
    await until(unit, () => {
      const now = JSON.stringify([matched(unit, kept), matched(unit, gone)]);
      if (seen.at(-1) !== now) seen.push(now);
      return revisionOf(unit) === 2;
    });
    expect(seen.map((text) => JSON.parse(text))).toEqual([
      [['stolen 1: revision 1'], ['stolen 1: revision 1']],
      [['stolen 2: revision 2'], []],
    ]);
  });

  it('says which keys are new, for reads that passed before', async () => {
    owner.change(['AB12CDE', 'CD34EFG']);
    await retain(owner.publish());
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    // A delta, then a snapshot in its place.
    owner.change(['EF56GHJ'], ['AB12CDE']);
    await retain(owner.publish({ snapshotAt: 1 }));
    await until(unit, () => isCurrent(unit, 2));
    owner.change(['GH78JKL']);
    owner.change(['JK90LMN']);
    await retain(owner.publish());
    await until(unit, () => isCurrent(unit, 4));
    await until(unit, () => news.length === 3);
    expect(news.map((one) => one.news)).toEqual([
      { kind: 'all' },
      { kind: 'keys', since: 1, keys: ['EF56GHJ'] },
      { kind: 'keys', since: 2, keys: ['GH78JKL', 'JK90LMN'] },
    ]);
  });
});

describe('lists that come and go', () => {
  it('are several, each of its own owner; one that is not configured is not even asked for', async () => {
    const other = listOwner('insurance');
    owner.change(['AB12CDE']);
    other.change(['AB12CDE']);
    await retain(owner.publish());
    await retain(other.publish(), 'insurance');
    await retain(listOwnerWith('unknown').publish(), 'unknown');
    const unit = await startUnit({
      lists: [
        { id: 'stolen', publicKeys: [owner.publicKey] },
        { id: 'insurance', publicKeys: [other.publicKey] },
      ],
    });
    await until(unit, () => matched(unit, 'AB12CDE').length === 2);
    expect(unit.hotlist.snapshot().lists.map(({ id }) => id)).toEqual(['insurance', 'stolen']);
  });

  function listOwnerWith(id: string): ListOwner {
    const made = listOwner(id);
    made.change(['AB12CDE']);
    return made;
  }

  it('are not matched any more when they are taken out of the configuration, and the status says so', async () => {
    owner.change(['AB12CDE']);
    await retain(owner.publish());
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    await unit.stop();
    const without = await startUnit({ lists: [] });
    expect(matched(without, 'AB12CDE')).toEqual([]);
    await until(without, () => listOfUnit(without)?.inForce?.isMatched === false);
    expect(without.hotlist.snapshot().detail).toContain('does not name what is held (stolen)');
    expect(without.hotlist.snapshot()).toMatchObject({ state: 'missing', markCount: 0 });
  });

  it('are followed when anprctl imports them into the file, beside what is synced', async () => {
    owner.change(['AB12CDE']);
    await retain(owner.publish());
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    await importLocal(['CD34EFG']);
    await until(unit, () => revisionOf(unit, 'local') === 1);
    expect(matched(unit, 'CD34EFG')).toEqual(['local 1: imported']);
    expect(matched(unit, 'AB12CDE')).toEqual(['stolen 1: revision 1']);
  });
});

/** Another process that imports: a connection of its own. */
async function importLocal(marks: readonly string[], revision = 1): Promise<void> {
  const store = new ListStore({ path, key: keyIn(folder) });
  store.open();
  const meta = {
    id: 'local',
    level: 'local',
    owner: '',
    revision,
    defaultAction: '',
    origin: 'local',
  } as const;
  await store.replaceList(
    { ...meta, issuedAtMs: Date.now(), takenOverAtMs: Date.now() },
    groupsOf(marks, { 6: 'imported' }),
  );
  store.close();
}

describe('a hotlist that cannot be followed', () => {
  it('is a named state while nothing is there, and is taken up when it comes', async () => {
    const unit = await startUnit({ lists: [] });
    expect(unit.hotlist.snapshot()).toMatchObject({ state: 'missing', markCount: 0 });
    await importLocal(['AB12CDE']);
    await until(unit, () => unit.hotlist.snapshot().state === 'loaded');
    expect(matched(unit, 'AB12CDE')).toHaveLength(1);
  });

  it('costs nothing that is in memory when the file goes missing or bad, and heals', async () => {
    await importLocal(['AB12CDE']);
    const unit = await startUnit({ lists: [] });
    // An operator moves it away, with its log and the log's index.
    const files = ['', '-wal', '-shm'].map(
      (suffix) => [`${path}${suffix}`, `${path}.away${suffix}`] as const,
    );
    for (const [here, away] of files) renameSync(here, away);
    await until(unit, () => unit.hotlist.snapshot().state === 'unreadable');
    expect(unit.hotlist.snapshot().detail).toContain('has gone');
    expect(matched(unit, 'AB12CDE')).toHaveLength(1);
    writeFileSync(path, '');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(unit.hotlist.snapshot()).toMatchObject({ state: 'unreadable', markCount: 1 });
    writeFileSync(path, 'this is no database, but long enough to be read as if it were one');
    await until(unit, () => !unit.hotlist.snapshot().detail.includes('has gone'));
    expect(unit.hotlist.snapshot().state).toBe('unreadable');
    expect(matched(unit, 'AB12CDE')).toHaveLength(1);
    for (const [here, away] of files) renameSync(away, here);
    await until(unit, () => unit.hotlist.snapshot().state === 'loaded');
    expect(matched(unit, 'AB12CDE')).toHaveLength(1);
  });

  it('is told of once, however often it is tried', async () => {
    await importLocal(['AB12CDE']);
    const told: string[] = [];
    const log = new Proxy(silent, {
      get: (target, name) =>
        name === 'error'
          ? (_: unknown, message: string) => told.push(message)
          : Reflect.get(target, name, target),
    });
    const unit = await startUnit({ lists: [], log });
    // Its log stays, so that it opens and only then turns out to be bad.
    renameSync(path, `${path}.away`);
    await until(unit, () => unit.hotlist.snapshot().detail.includes('has gone'));
    writeFileSync(path, Buffer.alloc(100_000, 'no page of a database '));
    await until(unit, () => !unit.hotlist.snapshot().detail.includes('has gone'));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(told.length).toBeGreaterThan(0);
    expect(told).toEqual([...new Set(told)]);
  });

  it('is a named state where the key is another one, and nothing is written over', async () => {
    await importLocal(['AB12CDE']);
    rmSync(keyFileIn(folder));
    const unit = await startUnit();
    expect(unit.hotlist.snapshot()).toMatchObject({
      state: 'unreadable',
      detail: expect.stringMatching(/key/),
    });
    expect(matched(unit, 'AB12CDE')).toEqual([]);
  });

  it('is a named state where the thread that follows it dies, and does not hold up the start', async () => {
    const unit = await startUnit({ entry: new URL('data:text/javascript,throw new Error("it broke")') });
    expect(unit.hotlist.snapshot()).toMatchObject({
      state: 'unreadable',
      detail: expect.stringContaining('died: it broke'),
    });
  });
});
