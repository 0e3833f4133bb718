import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema } from '../../../src/config/schema.js';
import { LANE_NAMES, type OutboxMessage } from '../../../src/domain/outbox.js';
import type { Passage } from '../../../src/domain/passage.js';
import { createDeviceKey } from '../../../src/evidence/device-key.js';
import { DeviceNotary } from '../../../src/evidence/notary.js';
import { type Clock, systemClock } from '../../../src/lib/clock.js';
import { createLogger } from '../../../src/lib/log.js';
import { createStorageKey, loadStorageKey } from '../../../src/lib/storage-key.js';
import { RecordStore } from '../../../src/store/record-store.js';
import { seededRandom } from '../clip/random.js';
import type { Pictures } from '../uplink/orders.js';
import { hitOn, PassageSource } from '../uplink/passages.js';
import { type AreaReport, describeMachine, type Figure } from './report.js';

/**
 * What the store writes to the disk for a read, against what the read says: a card takes a bounded number of writes.
 *
 * Traffic as it comes while the link is up: a vehicle is reported when its plate is sure and when it is gone, what
 * waits is sent and acknowledged together, the store sweeps once a minute. `write_bytes` of this process counts
 * the file system's pages (4,096 bytes) that it made the kernel write; what the file system and the card write
 * beside them is not in it.
 */
export const READS = 1_000;
export const FEWEST_READS = 50;
export const GLANCE_READS = 200;

/** As the device's caps have them. */
const PICTURES: Pictures = { patchBytes: 3_000, overviewBytes: 25_000 };
const HIT_SHARE = 0.02;
/** A minute of 20,000 vehicles a day. */
const READS_A_SWEEP = 14;
const READS_A_DAY = 20_000;
/** Of a store that is to be full soon: from then on each read takes the place of another. */
const MOST_MEGABYTES_FULL = 20;
const BAR = { is: 'at most', value: 3 } as const;
const TMPFS = 0x01021994;
const CLOCK_QUALITY = { source: 'ntp', offsetMs: 2 } as const;

type Say = (line: string) => void;

interface Traffic {
  readonly pictures?: Pictures;
  /** Reported once, when the vehicle is gone. */
  readonly isClosedAtOnce?: true;
  /** A better picture was taken after the plate was sure. */
  readonly hasBetterPictures?: true;
  /** The store is full before it is measured. */
  readonly isFull?: true;
}

interface Wear {
  /** Of one read, on average. */
  readonly writtenBytes: number;
  readonly payloadBytes: number;
}

export async function benchWear(say: Say, reads: number): Promise<AreaReport> {
  const measure = (what: string, traffic: Traffic) => {
    say(`${reads} reads ${what}`);
    return wearOf(traffic, reads);
  };
  const filling = await measure('with pictures', { pictures: PICTURES });
  const once = await measure('with pictures, reported once', { pictures: PICTURES, isClosedAtOnce: true });
  const better = await measure('with pictures that get better', {
    pictures: PICTURES,
    hasBetterPictures: true,
  });
  const full = await measure('with pictures into a full store', { pictures: PICTURES, isFull: true });
  const plain = await measure('without pictures', {});
  return {
    area: 'wear',
    machine: describeMachine(),
    figures: {
      ...figures('with pictures', filling, true),
      ...figures('with pictures, store full', full, true),
      ...figures('with pictures, reported once', once),
      ...figures('with pictures that get better', better),
      ...figures('without pictures', plain),
      [`written by ${READS_A_DAY} reads with pictures, store full`]: {
        value: (full.writtenBytes * READS_A_DAY) / 1e9,
        unit: 'GB',
      },
    },
  };
}

function figures(which: string, wear: Wear, hasBar = false): Record<string, Figure> {
  const { writtenBytes, payloadBytes } = wear;
  return {
    [`written a read ${which}`]: { value: writtenBytes / 1e3, unit: 'kB' },
    [`payload a read ${which}`]: { value: payloadBytes / 1e3, unit: 'kB' },
    [`written against payload ${which}`]: {
      value: writtenBytes / payloadBytes,
      unit: 'times',
      ...(hasBar && { bar: BAR }),
    },
  };
}

async function wearOf(traffic: Traffic, reads: number): Promise<Wear> {
  const folder = mkdtempSync(join(tmpdir(), 'anprd-bench-wear-'));
  try {
    if (statfsSync(folder).type === TMPFS) {
      throw new Error(
        `${folder} is in memory, where nothing counts as written: name a folder on a disk in TMPDIR`,
      );
    }
    const device = new Device(folder, traffic);
    if (traffic.isFull) await device.run((isFull) => isFull());
    const before = bytesWritten();
    // With its end: what is still in the log alone has to be written a second time.
    const payloadBytes = await device.run((_, done) => done === reads);
    return { writtenBytes: (bytesWritten() - before) / reads, payloadBytes: payloadBytes / reads };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function bytesWritten(): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}

class Device {
  readonly #traffic: Traffic;
  readonly #random = seededRandom('bench wear');
  readonly #passages = new PassageSource(seededRandom('bench wear passages'));
  readonly #options: ConstructorParameters<typeof RecordStore>[0];

  constructor(folder: string, traffic: Traffic) {
    this.#traffic = traffic;
    const keyFile = join(folder, 'storage.key');
    createStorageKey(keyFile);
    this.#options = {
      config: configSchema.parse({
        store: {
          path: join(folder, 'records.db'),
          leaveFreeMegabytes: 0,
          ...(traffic.isFull && { mostMegabytes: MOST_MEGABYTES_FULL }),
        },
      }).store,
      key: loadStorageKey({ keyFile }),
      notary: new DeviceNotary({ key: createDeviceKey(join(folder, 'device.key')), unitId: 'unit-1' }),
      clock: onlySweptWhenTold,
      log: createLogger('warn', 'bench'),
    };
  }

  /** From start to stop. @returns bytes of what was sent. */
  async run(isEnough: (isFull: () => boolean, done: number) => boolean): Promise<number> {
    const store = new RecordStore(this.#options);
    await store.start();
    const isFull = () => store.snapshot().erased.budget > 0;
    let payloadBytes = 0;
    for (let done = 0; !isEnough(isFull, done); done++) {
      this.#pass(store);
      payloadBytes += send(store);
      if (done % READS_A_SWEEP === READS_A_SWEEP - 1) await store.sweep();
    }
    await store.stop();
    return payloadBytes;
  }

  #pass(store: RecordStore): void {
    const { pictures, isClosedAtOnce, hasBetterPictures } = this.#traffic;
    const passage = this.#passages.next(pictures);
    const matchedAtMs = Date.now();
    const match = this.#random.chance(HIT_SHARE) ? hitOn(passage, matchedAtMs) : undefined;
    const report = (reported: Passage) =>
      store.commit({ passage: reported, clock: CLOCK_QUALITY, matchedAtMs, ...(match && { match }) });
    if (!isClosedAtOnce) {
      const { platePatch, overviewImage } = hasBetterPictures ? this.#passages.next(pictures) : passage;
      const early = { ...(platePatch && { platePatch }), ...(overviewImage && { overviewImage }) };
      report({ ...passage, phase: 'settled', lastSeenAtMs: passage.decidedAtMs, ...early });
    }
    report(passage);
  }
}

/** As the drain does it while a read comes now and then: what waits goes together, and is acknowledged at once. */
function send(store: RecordStore): number {
  const items = store.outbox.lease(1_000);
  const bytes = Object.fromEntries(LANE_NAMES.map((lane) => [lane, 0])) as Record<
    (typeof LANE_NAMES)[number],
    number
  >;
  for (const { lane, message } of items) bytes[lane] += bytesOf(message);
  store.outbox.ack(
    items.map(({ id }) => id),
    { hour: Math.floor(Date.now() / 3_600_000), bytes },
  );
  return LANE_NAMES.reduce((sum, lane) => sum + bytes[lane], 0);
}

function bytesOf(message: OutboxMessage): number {
  return message.kind === 'image' ? message.image.jpeg.length : Buffer.byteLength(message.text);
}

const onlySweptWhenTold: Clock = {
  ...systemClock,
  sleep: (_, signal) =>
    new Promise((_, reject) =>
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true }),
    ),
};
