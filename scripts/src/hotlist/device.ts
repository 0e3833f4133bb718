import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configSchema } from '../../../src/config/schema.js';
import type { PlateRead } from '../../../src/domain/read.js';
import { systemClock } from '../../../src/lib/clock.js';
import { createLogger } from '../../../src/lib/log.js';
import { packageRoot } from '../../../src/lib/package-root.js';
import { loadStorageKey } from '../../../src/lib/storage-key.js';
import { Hotlist } from '../../../src/matching/hotlist.js';
import { MANIFEST_NAME, type Wanted } from '../../../src/matching/sync/keeper.js';
import { loadConfusions } from '../../../src/plates/manifest.js';
import type { DeviceOrder, TakenOver } from './orders.js';
import { quantile } from './quantile.js';

/**
 * A device's process as far as lists go, for measuring: the daemon's own hotlist with its thread, a
 * package's folder in the broker's place, and a read that is checked every two milliseconds.
 *
 * A pause is what a read would have waited: from the moment at which it was due to its answer.
 */
const LIST_ID = 'bench';
const CHECK_EVERY_MS = 2;
/** For memory that is given back late. */
const SETTLE_MS = 3_000;

class BenchDevice {
  readonly #hotlist: Hotlist;
  readonly #reads: readonly PlateRead[];
  readonly #folder: string;
  #asked = new Set<string>();
  #peakBytes = 0;

  constructor(order: DeviceOrder & { kind: 'start' }) {
    const { path, keyFile, publicKey, folder, readsFile } = order;
    const { hotlist } = configSchema.parse({
      hotlist: { path, lists: [{ id: LIST_ID, publicKeys: [publicKey] }] },
    });
    this.#folder = folder;
    this.#reads = JSON.parse(readFileSync(readsFile, 'utf8'));
    this.#hotlist = new Hotlist({
      config: hotlist,
      key: loadStorageKey({ keyFile }),
      keyFile,
      clock: systemClock,
      log: createLogger('error', 'bench'),
      onWanted: (wanted) => this.#bring(wanted),
      onFault: ({ message }) => {
        throw new Error(message);
      },
    });
  }

  async start(): Promise<void> {
    await this.#hotlist.start(await loadConfusions(join(packageRoot(import.meta.dirname), 'models')));
    this.#hotlist.linkChanged(true);
  }

  /** Offers what the folder holds, and checks reads until `revision` is matched against. */
  async takeOver(revision: number): Promise<TakenOver> {
    const pausesMs: number[] = [];
    this.#peakBytes = 0;
    const beganMs = performance.now();
    const cpuBefore = process.cpuUsage();
    this.#take({ listId: LIST_ID, name: MANIFEST_NAME });
    let dueMs = beganMs;
    for (let i = 0; this.#hotlist.revisionOf(LIST_ID) !== revision; i++) {
      dueMs = Math.max(dueMs + CHECK_EVERY_MS, performance.now());
      await sleepUntil(dueMs);
      this.#hotlist.match(this.#reads[i % this.#reads.length] as PlateRead, Date.now());
      pausesMs.push(performance.now() - dueMs);
      if (i % 25 === 0) this.#peakBytes = Math.max(this.#peakBytes, process.memoryUsage.rss());
    }
    const tookMs = performance.now() - beganMs;
    const { user, system } = process.cpuUsage(cpuBefore);
    await sleepUntil(performance.now() + SETTLE_MS);
    return {
      tookMs,
      cpuMs: (user + system) / 1_000,
      pauseP99Ms: quantile(pausesMs, 0.99),
      pauseMostMs: Math.max(...pausesMs),
      residentBytes: process.memoryUsage.rss(),
      peakBytes: this.#peakBytes,
    };
  }

  stop(): Promise<void> {
    return this.#hotlist.stop();
  }

  #bring(wanted: readonly Wanted[]): void {
    const names = new Set(wanted.map(({ name }) => name));
    for (const item of wanted) {
      if (item.name !== MANIFEST_NAME && !this.#asked.has(item.name)) this.#take(item);
    }
    this.#asked = names;
  }

  #take(wanted: Wanted): void {
    this.#hotlist.take(wanted, new Uint8Array(readFileSync(join(this.#folder, wanted.name))));
  }
}

/** A timer is late by up to a millisecond; what is checked is due when it fires at the earliest. */
async function sleepUntil(dueMs: number): Promise<void> {
  while (performance.now() < dueMs) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(1, dueMs - performance.now())));
  }
}

let device: BenchDevice | undefined;
process.on('message', async (order: DeviceOrder) => {
  switch (order.kind) {
    case 'start':
      device = new BenchDevice(order);
      await device.start();
      process.send?.({ kind: 'started', residentBytes: process.memoryUsage.rss() });
      return;
    case 'take-over':
      process.send?.({ kind: 'taken-over', ...(await device?.takeOver(order.revision)) });
      return;
    case 'stop':
      await device?.stop();
      process.disconnect();
  }
});
