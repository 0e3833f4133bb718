import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { configSchema } from '../../../src/config/schema.js';
import { LANE_NAMES } from '../../../src/domain/outbox.js';
import { createDeviceKey, loadDeviceKey } from '../../../src/evidence/device-key.js';
import { DeviceNotary } from '../../../src/evidence/notary.js';
import { systemClock } from '../../../src/lib/clock.js';
import { createLogger } from '../../../src/lib/log.js';
import { openDatabase } from '../../../src/lib/sqlite.js';
import { createStorageKey, loadStorageKey, type StorageKey } from '../../../src/lib/storage-key.js';
import { RecordStore } from '../../../src/store/record-store.js';
import { Renderer } from '../../../src/uplink/renderer.js';
import { Uplink } from '../../../src/uplink/uplink.js';
import { seededRandom } from '../clip/random.js';
import { quantile } from '../hotlist/quantile.js';
import type { CommitCost, DeviceOrder, DeviceReport, Drained, Flowed, Opened, Pictures } from './orders.js';
import { hitOn, PassageSource } from './passages.js';

/** A device's process as far as the store and the uplink go, for measuring: the daemon's own parts. */
const UNIT_ID = 'unit-1';
const CLOCK_QUALITY = { source: 'ntp', offsetMs: 2 } as const;
/** So many always wait in `flow`, and so few that what is measured is not the backlog. */
const FLOW_WAITING = 1_000;
const FLOW_AT_ONCE = 50;
/** Small ones: it is their number that might leave something behind, and disks are slow. */
const FLOW_PICTURES = { patchBytes: 200, overviewBytes: 500 };
/** A read and two pictures. */
const MESSAGES_OF_A_RECORD = 3;
const TENTHS = 10;
/** A snapshot costs time that is measured. */
const LOOK_EVERY_MS = 10;
const log = createLogger('warn', 'bench');

class BenchDevice {
  readonly #folder: string;
  readonly #mostMegabytes: number;
  readonly #passages = new PassageSource(seededRandom('bench uplink'));
  readonly #key: StorageKey;
  readonly #store: RecordStore;

  constructor({ folder, mostMegabytes }: DeviceOrder & { kind: 'open' }) {
    this.#folder = folder;
    this.#mostMegabytes = mostMegabytes;
    const [keyFile, deviceKeyFile] = ['storage.key', 'device.key'].map((name) => join(folder, name)) as [
      string,
      string,
    ];
    if (!existsSync(keyFile)) createStorageKey(keyFile);
    if (!existsSync(deviceKeyFile)) createDeviceKey(deviceKeyFile);
    this.#key = loadStorageKey({ keyFile });
    const notary = new DeviceNotary({ key: loadDeviceKey({ keyFile: deviceKeyFile }), unitId: UNIT_ID });
    this.#store = new RecordStore({
      config: this.#config('mqtt://127.0.0.1:1', 1).store,
      key: this.#key,
      notary,
      clock: systemClock,
      log,
    });
  }

  async open(): Promise<Opened> {
    const beganMs = performance.now();
    await this.#store.start();
    const first = this.#store.outbox.lease(1);
    const tookMs = performance.now() - beganMs;
    this.#store.outbox.release(first.map(({ id }) => id));
    return { tookMs, waiting: this.#waiting() };
  }

  async commit(count: number, pictures?: Pictures): Promise<void> {
    for (let done = 0; done < count; done++) {
      this.#store.commit({ passage: this.#passages.next(pictures), clock: CLOCK_QUALITY });
      if (done % 1_000 === 999) await breathe();
      if (done % 20_000 === 19_999) say(`${done + 1} reads committed`);
    }
  }

  commitCost(count: number, pictures?: Pictures): CommitCost {
    const bare = openDatabase(
      join(this.#folder, 'bare.db'),
      [
        {
          name: 'one table',
          sql: 'CREATE TABLE bare (id INTEGER PRIMARY KEY, text TEXT, bytes BLOB) STRICT',
        },
      ],
      { key: this.#key },
    );
    const insert = bare.prepare('INSERT INTO bare (text, bytes) VALUES (?, ?)');
    const commitMs: number[] = [];
    const bareMs: number[] = [];
    for (let done = 0; done < count; done++) {
      const passage = this.#passages.next(pictures);
      const { platePatch, overviewImage } = passage;
      const text = JSON.stringify({ ...passage, platePatch: undefined, overviewImage: undefined });
      const bytes = Buffer.concat([platePatch?.jpeg ?? Buffer.of(), overviewImage?.jpeg ?? Buffer.of()]);
      commitMs.push(timed(() => this.#store.commit({ passage, clock: CLOCK_QUALITY })));
      bareMs.push(timed(() => insert.run(text, bytes)));
    }
    bare.close();
    return {
      commitMedianMs: quantile(commitMs, 0.5),
      commitP99Ms: quantile(commitMs, 0.99),
      bareMedianMs: quantile(bareMs, 0.5),
    };
  }

  async sample(count: number, path: string): Promise<void> {
    const config = this.#config('mqtt://127.0.0.1:1', 1).mqtt;
    const renderer = new Renderer(config);
    const wire = {
      topicPrefix: config.topicPrefix,
      unitId: UNIT_ID,
      protocolVersion: 5,
      retain: true,
      usefulMs: config.usefulSeconds * 1_000,
    } as const;
    const items = this.#store.outbox.lease(count);
    const file = createWriteStream(path);
    for (const { message } of renderer.render(items, wire, Date.now())) {
      const { topic, payload, contentType, userProperties } = message;
      file.write(
        `${JSON.stringify({ topic, payload: payload.toString('base64'), contentType, userProperties })}\n`,
      );
    }
    file.end();
    await once(file, 'finish');
    this.#store.outbox.release(items.map(({ id }) => id));
  }

  async drain(order: DeviceOrder & { kind: 'drain' }): Promise<Drained> {
    const { url, window, count, hitEveryMs } = order;
    const uplink = this.#uplink(url, window);
    const hitMs: number[] = [];
    uplink.start();
    await until(() => uplink.snapshot().link.state === 'connected');
    const cpuBefore = process.cpuUsage();
    const beganMs = performance.now();
    let lastHitMs = beganMs;
    // Turns before this one may have taken more than their share, so it may end for want of messages.
    while (acknowledged(uplink) < count && this.#waiting() > 0) {
      if (hitEveryMs !== undefined && performance.now() - lastHitMs >= hitEveryMs) {
        lastHitMs = performance.now();
        hitMs.push(await this.#hit(uplink, hitMs.length + 1));
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    const items = acknowledged(uplink);
    const tookMs = performance.now() - beganMs;
    const { user, system } = process.cpuUsage(cpuBefore);
    const { resent, meter } = uplink.snapshot();
    await uplink.stop();
    return {
      items,
      tookMs,
      cpuMs: (user + system) / 1_000,
      resent,
      meteredBytes: Object.values(meter.spentBytes).reduce((sum, bytes) => sum + bytes, 0),
      hitMs,
    };
  }

  async flow({ url, window, count }: DeviceOrder & { kind: 'flow' }): Promise<Flowed> {
    const uplink = this.#uplink(url, window);
    uplink.start();
    const beganMs = performance.now();
    const residentBytes: number[] = [];
    let samples: number[] = [];
    let committed = 0;
    while (committed < count) {
      for (let more = 0; more < FLOW_AT_ONCE && this.#waiting() < FLOW_WAITING && committed < count; more++) {
        this.#store.commit({ passage: this.#passages.next(FLOW_PICTURES), clock: CLOCK_QUALITY });
        committed += MESSAGES_OF_A_RECORD;
      }
      uplink.wake();
      samples.push(process.memoryUsage.rss());
      if (committed >= ((residentBytes.length + 1) * count) / TENTHS) {
        residentBytes.push(quantile(samples, 0.5));
        samples = [];
        say(`${committed} messages, resident ${((residentBytes.at(-1) as number) / 1e6).toFixed(1)} MB`);
      }
      await breathe();
    }
    await until(() => this.#waiting() === 0);
    const tookMs = performance.now() - beganMs;
    await uplink.stop();
    return { items: committed, tookMs, residentBytes };
  }

  stop(): Promise<void> {
    return this.#store.stop();
  }

  /** @returns how long it took from before its commit to its acknowledgement. */
  async #hit(uplink: Uplink, count: number): Promise<number> {
    const passage = this.#passages.next();
    const nowMs = Date.now();
    const match = hitOn(passage, nowMs);
    const beganMs = performance.now();
    this.#store.commit({ passage, ...(match && { match, matchedAtMs: nowMs }), clock: CLOCK_QUALITY });
    uplink.wake();
    while (uplink.snapshot().acknowledged.hits < count)
      await new Promise((resolve) => setTimeout(resolve, 1));
    return performance.now() - beganMs;
  }

  #waiting(): number {
    const waiting = this.#store.outbox.waiting();
    return LANE_NAMES.reduce((sum, lane) => sum + waiting[lane].items, 0);
  }

  #uplink(url: string, window: number): Uplink {
    const { mqtt } = this.#config(url, window);
    return new Uplink({ config: mqtt, unitId: UNIT_ID, outbox: this.#store.outbox, clock: systemClock, log });
  }

  #config(url: string, windowMessages: number) {
    return configSchema.parse({
      store: { path: join(this.#folder, 'records.db'), mostMegabytes: this.#mostMegabytes },
      // A stop gives back at once what is left, so that the parts of a backlog can be measured one by one.
      mqtt: { urls: [url], windowMessages, drainSeconds: 0 },
    });
  }
}

function acknowledged(uplink: Uplink): number {
  return Object.values(uplink.snapshot().acknowledged).reduce((sum, items) => sum + items, 0);
}

function timed(work: () => unknown): number {
  const beganMs = performance.now();
  work();
  return performance.now() - beganMs;
}

function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function say(text: string): void {
  report({ kind: 'progress', text });
}

function report(what: DeviceReport): void {
  process.send?.(what);
}

let device: BenchDevice | undefined;

async function obey(order: DeviceOrder): Promise<void> {
  if (order.kind === 'open') {
    device = new BenchDevice(order);
    report({ kind: 'opened', ...(await device.open()) });
    return;
  }
  const opened = device as BenchDevice;
  switch (order.kind) {
    case 'commit':
      await opened.commit(order.count, order.pictures);
      return report({ kind: 'committed' });
    case 'commit-cost':
      return report({ kind: 'commit-cost', ...opened.commitCost(order.count, order.pictures) });
    case 'sample':
      await opened.sample(order.count, order.path);
      return report({ kind: 'sampled' });
    case 'drain':
      return report({ kind: 'drained', ...(await opened.drain(order)) });
    case 'flow':
      return report({ kind: 'flowed', ...(await opened.flow(order)) });
    case 'stop':
      await opened.stop();
      process.disconnect();
  }
}

process.on('message', (order: DeviceOrder) => void obey(order));
