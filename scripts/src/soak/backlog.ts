import { randomBytes } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { configSchema, type StoreConfig } from '../../../src/config/schema.js';
import type { Lane } from '../../../src/domain/outbox.js';
import { loadDeviceKey } from '../../../src/evidence/device-key.js';
import { DeviceNotary } from '../../../src/evidence/notary.js';
import { type Clock, systemClock } from '../../../src/lib/clock.js';
import { createLogger } from '../../../src/lib/log.js';
import { loadStorageKey } from '../../../src/lib/storage-key.js';
import { RecordStore, type StoreSnapshot } from '../../../src/store/record-store.js';
import { Renderer } from '../../../src/uplink/renderer.js';
import { MessageWriter } from './message-file.js';
import { passageOf } from './passages.js';
import { vehicleOf } from './traffic-orders.js';
import { type SoakUnit, UNIT_ID } from './unit.js';

/** Days without a broker, compressed: what the daemon would have committed, by its own store. */
export interface BacklogOptions {
  readonly reads: number;
  readonly perDay: number;
  readonly seed: string;
  readonly overviewBytes: number;
  readonly patchBytes: number;
  /** Fields of `store` that differ from the defaults. */
  readonly store?: Readonly<Record<string, unknown>>;
}

export interface Backlog {
  readonly snapshot: StoreSnapshot;
  readonly commitMs: number;
  readonly sweepMs: number;
}

/** Where its store and its keys are. */
export type FilledUnit = Pick<SoakUnit, 'recordsPath' | 'storageKeyFile' | 'deviceKeyFile'>;

const DAY_MS = 86_400_000;
/** Vehicles between two sweeps; the daemon sweeps once a minute. */
const SWEEP_EVERY = 200;
const TELL_EVERY = 20_000;
const LEASED_AT_ONCE = 500;
const POOL = randomBytes(1 << 20);
const NO_HITS = { seed: '', listedShare: 0 };

/** A clock of which the work moves the hands. */
class CompressedClock implements Clock {
  readonly #endsAtMs = Date.now();
  readonly #endsAtMono = systemClock.monoMs();
  #beforeEndMs: number;

  constructor(lengthMs: number) {
    this.#beforeEndMs = lengthMs;
  }

  pass(ms: number): void {
    this.#beforeEndMs -= ms;
  }

  nowMs(): number {
    return this.#endsAtMs - this.#beforeEndMs;
  }

  monoMs(): number {
    return this.#endsAtMono - this.#beforeEndMs;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(delayMs, signal);
  }
}

function openStore(unit: FilledUnit, config: StoreConfig, clock: Clock): RecordStore {
  const key = loadDeviceKey({ keyFile: unit.deviceKeyFile });
  return new RecordStore({
    config,
    key: loadStorageKey({ keyFile: unit.storageKeyFile }),
    notary: new DeviceNotary({ key, unitId: UNIT_ID }),
    clock,
    // What it drops is told by the figures.
    log: createLogger('silent'),
  });
}

function storeConfig(unit: FilledUnit, fields: BacklogOptions['store']): StoreConfig {
  return configSchema.parse({ store: { path: unit.recordsPath, ...fields } }).store;
}

/** Commits every read of the time, closed, with its pictures; sweeps as it goes. */
export async function fillStore(
  unit: FilledUnit,
  options: BacklogOptions,
  say: (line: string) => void,
): Promise<Backlog> {
  const { reads, perDay, seed, overviewBytes, patchBytes } = options;
  const everyMs = DAY_MS / perDay;
  const clock = new CompressedClock(reads * everyMs);
  const store = openStore(unit, storeConfig(unit, options.store), clock);
  await store.start();
  let commitMs = 0;
  let sweepMs = 0;
  const timed = async (work: () => unknown) => {
    const began = performance.now();
    await work();
    return performance.now() - began;
  };
  for (let count = 0; count < reads; count++) {
    clock.pass(everyMs);
    const { mark } = vehicleOf(count, { ...NO_HITS, seed }, []);
    const passage = passageOf({
      id: uuidv7(),
      cameraId: 'cam-1',
      mark,
      nowMs: clock.nowMs(),
      frame: count * 40,
      pictures: { pool: POOL, overviewBytes, patchBytes },
    });
    const closed = { ...passage, phase: 'closed' as const };
    commitMs += await timed(() => store.commit({ passage: closed, clock: { source: 'ntp', offsetMs: 1 } }));
    if (count % SWEEP_EVERY === SWEEP_EVERY - 1) sweepMs += await timed(() => store.sweep());
    if (count % TELL_EVERY === TELL_EVERY - 1) say(`${count + 1} reads committed`);
  }
  sweepMs += await timed(() => store.sweep());
  const snapshot = store.snapshot();
  await store.stop();
  return { snapshot, commitMs, sweepMs };
}

/**
 * Opens the store again as a starting daemon does, and writes the messages of a lane to a file as they
 * would be published.
 * @returns how long opening and the first lease took, and how many messages there are.
 */
export async function exportMessages(
  unit: FilledUnit,
  options: { readonly lane: Lane; readonly path: string; readonly most: number },
): Promise<{ readonly openMs: number; readonly messages: number }> {
  const { mqtt } = configSchema.parse({});
  const store = openStore(unit, storeConfig(unit, { mostMegabytes: 1_000_000 }), systemClock);
  const began = performance.now();
  await store.start();
  let items = store.outbox.lease(LEASED_AT_ONCE, [options.lane]);
  const openMs = performance.now() - began;
  const renderer = new Renderer({ renderings: mqtt.renderings });
  const wire = {
    topicPrefix: mqtt.topicPrefix,
    retain: mqtt.retain,
    unitId: UNIT_ID,
    protocolVersion: 5,
    usefulMs: mqtt.usefulSeconds * 1_000,
  } as const;
  const file = new MessageWriter(options.path);
  let messages = 0;
  while (items.length > 0 && messages < options.most) {
    for (const { message } of renderer.render(items, wire, Date.now())) file.write(message);
    messages += items.length;
    items = store.outbox.lease(LEASED_AT_ONCE, [options.lane]);
  }
  file.close();
  await store.stop();
  return { openMs, messages };
}
