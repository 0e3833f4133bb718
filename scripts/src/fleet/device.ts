import { generateKeyPairSync } from 'node:crypto';
import type { MqttConfig } from '../../../src/config/link-schema.js';
import { DeviceKey } from '../../../src/evidence/device-key.js';
import { DeviceNotary } from '../../../src/evidence/notary.js';
import { systemClock } from '../../../src/lib/clock.js';
import { createLogger } from '../../../src/lib/log.js';
import { Uplink, type UplinkSnapshot } from '../../../src/uplink/uplink.js';
import type { Random } from '../clip/random.js';
import type { Identity } from './certificates.js';
import { type Committed, MemoryStore } from './memory-store.js';
import { RoughLink } from './rough-link.js';
import { Traffic } from './traffic.js';

export interface SimulatedDeviceOptions {
  readonly unitId: string;
  /** In the device's order of preference. */
  readonly brokerUrls: readonly string[];
  readonly identity: Identity | undefined;
  /** With the broker's URLs left out. */
  readonly mqtt: MqttConfig;
  readonly vehiclesPerHour: number;
  /** Mean time between failures of its link, seconds; 0: it never fails. */
  readonly failEverySeconds: number;
  readonly random: Random;
  readonly onCommitted: (committed: Committed) => void;
}

/** A link is cut (out of coverage, a lost session) or falls silent (a mobile network that forgot it). */
const SILENT_SHARE = 0.3;
const OUTAGE_LEAST_MS = 2_000;
const OUTAGE_MOST_MS = 25_000;
const HEALTH_EVERY_MS = 30_000;

/**
 * A device without camera and disk: invented passages, the real notary, the real uplink, and a link of
 * its own that fails. What is measured is therefore what a device does on the wire.
 */
export class SimulatedDevice {
  readonly unitId: string;
  readonly link = new RoughLink();
  readonly #options: SimulatedDeviceOptions;
  readonly #key = new DeviceKey(generateKeyPairSync('ed25519').privateKey);
  readonly #store: MemoryStore;
  readonly #stopping = new AbortController();
  #uplink: Uplink | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: SimulatedDeviceOptions) {
    const { unitId, onCommitted } = options;
    this.unitId = unitId;
    this.#options = options;
    this.#store = new MemoryStore({
      notary: new DeviceNotary({ key: this.#key, unitId }),
      unitId,
      onCommitted,
    });
  }

  get publicKey(): string {
    return this.#key.publicKey;
  }

  /** Whether it has a connection on a link that carries. */
  get isConnected(): boolean {
    return this.link.condition === 'sound' && this.#uplink?.snapshot().link.state === 'connected';
  }

  async start(): Promise<void> {
    const { identity, mqtt, brokerUrls, unitId } = this.#options;
    const urls = await this.link.open(brokerUrls);
    const uplink = new Uplink({
      config: { ...mqtt, ...identity, urls },
      unitId,
      outbox: this.#store.outbox,
      clock: systemClock,
      log: createLogger('silent'),
    });
    this.#uplink = uplink;
    uplink.start();
    this.#running = Promise.all([this.#watchTheRoad(uplink), this.#tellHealth(uplink), this.#failAtTimes()]);
  }

  /** No more vehicles and no more failures; what waits still goes. */
  async endTraffic(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    this.link.become('sound');
    this.#store.putHealth(systemClock.nowMs());
    this.#uplink?.wake();
  }

  /** Ids of the events that it still has, because no broker has acknowledged them. */
  held(): Set<string> {
    return this.#store.outbox.eventIds();
  }

  snapshot(): UplinkSnapshot | undefined {
    return this.#uplink?.snapshot();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#uplink?.stop();
    await this.link.close();
  }

  async #watchTheRoad(uplink: Uplink): Promise<void> {
    const { vehiclesPerHour, random } = this.#options;
    const traffic = new Traffic({ vehiclesPerHour, random: random.fork('traffic') });
    while (await this.#sleep(traffic.nextMs())) {
      const nowMs = systemClock.nowMs();
      const { passage, match } = traffic.vehicle(nowMs);
      this.#store.commit(passage, match, nowMs);
      uplink.wake();
    }
  }

  async #tellHealth(uplink: Uplink): Promise<void> {
    while (await this.#sleep(HEALTH_EVERY_MS)) {
      this.#store.putHealth(systemClock.nowMs());
      uplink.wake();
    }
  }

  async #failAtTimes(): Promise<void> {
    const { failEverySeconds } = this.#options;
    const random = this.#options.random.fork('link');
    if (failEverySeconds === 0) return;
    while (await this.#sleep(-failEverySeconds * 1000 * Math.log(1 - random.next()))) {
      this.link.become(random.chance(SILENT_SHARE) ? 'silent' : 'cut');
      await this.#sleep(random.between(OUTAGE_LEAST_MS, OUTAGE_MOST_MS));
      this.link.become('sound');
    }
  }

  /** @returns whether to go on. */
  async #sleep(delayMs: number): Promise<boolean> {
    const { signal } = this.#stopping;
    await systemClock.sleep(delayMs, signal).catch(() => undefined);
    return !signal.aborted;
  }
}
