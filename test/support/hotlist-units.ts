import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, beforeEach } from 'vitest';
import { configSchema, type HotlistConfig, hotlistSchema } from '../../src/config/schema.js';
import { NO_CONFUSIONS } from '../../src/domain/confusion.js';
import type { PlateRead } from '../../src/domain/read.js';
import { foldVrm } from '../../src/domain/vrm.js';
import { systemClock } from '../../src/lib/clock.js';
import { createLogger, type Logger } from '../../src/lib/log.js';
import { Hotlist } from '../../src/matching/hotlist.js';
import type { News } from '../../src/matching/sync/protocol.js';
import type { SyncFault } from '../../src/matching/sync/status.js';
import { listTopicOf, parseListTopic } from '../../src/uplink/topics.js';
import { Uplink } from '../../src/uplink/uplink.js';
import { ListOutbox } from './list-outbox.js';
import { type ListOwner, listOwner, type PublishedPackage } from './list-owner.js';
import { type Mosquitto, startMosquitto } from './mosquitto.js';
import { vrmOf } from './reports.js';
import { keyFileIn, keyIn } from './storage-key.js';

/**
 * The hotlist as the daemon has it: matching here, the keeper in its thread (the built one), and what
 * an owner publishes at a real broker.
 */
export const KEEPER = resolve(import.meta.dirname, '../../dist/src/matching/sync/keeper-worker.js');
export const PREFIX = 'anpr/lists';
export const silent = createLogger('silent');
export const NOTHING = new ListOutbox([]);
/** As in the field, in a tenth of a second what takes minutes there. */
export const TIMING = { withinMs: 700, soonMs: 50, laterFirstMs: 300, laterMostMs: 600 };

export let folder: string;
export let path: string;
export let broker: Mosquitto;
export let publisher: MqttClient;
export let owner: ListOwner;
export let faults: SyncFault[];
export let news: { listId: string; news: News }[];
export let undo: (() => Promise<unknown>)[];

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

export interface Unit {
  readonly hotlist: Hotlist;
  readonly uplink: Uplink;
  stop(): Promise<void>;
}

/** A device's lists and its connection, wired as device.ts wires them. */
export async function startUnit(
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
export async function retain({ envelope, blobs }: PublishedPackage, listId = 'stolen'): Promise<void> {
  const put = (name: string, bytes: Uint8Array) =>
    publisher.publishAsync(listTopicOf(PREFIX, listId, name), Buffer.from(bytes), { qos: 1, retain: true });
  for (const [name, bytes] of blobs) await put(name, bytes);
  await put('manifest', envelope);
}

export function readOf(text: string): PlateRead {
  const vrm = vrmOf(text);
  const characters = [...vrm].map((character) => ({ character, probability: 0.999, alternatives: [] }));
  return { vrm, matchKey: foldVrm(vrm), probability: 0.99, characters, lines: [vrm] };
}

/** What the lists say of a mark: list, revision in force, and what its row says. */
export function matched({ hotlist }: Unit, text: string): string[] {
  const match = hotlist.match(readOf(text), Date.now());
  return (match?.entries ?? []).map(({ list, entry }) => `${list.id} ${list.revision}: ${entry.reason}`);
}

export const listOfUnit = ({ hotlist }: Unit, id = 'stolen') =>
  hotlist.snapshot().lists.find((list) => list.id === id);
export const revisionOf = (unit: Unit, id?: string) => listOfUnit(unit, id)?.inForce?.revision;

export const isCurrent = (unit: Unit, revision: number) =>
  revisionOf(unit) === revision && listOfUnit(unit)?.sync?.state === 'current';

export async function until(unit: Unit, condition: () => boolean, withinMs = 20_000): Promise<void> {
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

export const manyMarks = (count: number, prefix = 'M') =>
  Array.from({ length: count }, (_, index) => `${prefix}${index.toString(36).toUpperCase()}`);
