import type { MqttConfig } from '../config/link-schema.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import { type AttemptEnd, Brokers } from './brokers.js';
import { Certificates } from './certificates.js';
import { Connection } from './connection.js';
import { RetainingLink } from './retaining-link.js';
import { listTopicOf } from './topics.js';

/** A package on its way to a broker, told by names: what is in it is its owner's affair. */
export interface ListPackage {
  readonly listId: string;
  /** The signed manifest; retained last, so that all it names is there when a device sees it. */
  readonly manifest: Uint8Array;
  /**
   * What to do about what the broker has.
   * @param retained the manifest that it retains; absent: none.
   * @throws DeviceError where the package must not replace it
   */
  plan(retained: Uint8Array | undefined): UploadPlan;
  /** @throws DeviceError where the blob cannot be read */
  read(name: string): Uint8Array;
  /** Called before a blob may be on the broker, and after it was taken off. */
  onPut(name: string): void;
  onRemoved(name: string): void;
}

export interface UploadPlan {
  /** Names of blobs that the broker lacks, in the order of sending them. */
  readonly put: readonly string[];
  /** Names of blobs that it retains for nothing. */
  readonly remove: readonly string[];
}

export interface UploadProgress {
  readonly blobs: number;
  readonly ofBlobs: number;
  /** Acknowledged payloads. */
  readonly bytes: number;
}

export interface ListUploadOptions {
  readonly config: MqttConfig;
  /** hotlist.topicPrefix */
  readonly topicPrefix: string;
  readonly list: ListPackage;
  readonly clock: Clock;
  readonly onProgress?: (progress: UploadProgress) => void;
  /** The link was lost and is made again. */
  readonly onLost?: (error: DeviceError) => void;
}

export interface Uploaded extends UploadProgress {
  readonly removed: number;
}

/** A broker answers a subscription with what it retains at once; clusters take a moment. */
const RETAINED_WITHIN_MS = 2_000;
/** On a slow link, a blob may take long to come back. */
const READ_BACK_WITHIN_MS = 60_000;
/** Attempts or connections without a single acknowledgement after which a person has to look. */
const MOST_IN_VAIN = 6;
/** Blobs on their way at most: with more, a lost link costs more. */
const MOST_WINDOW = 8;

/**
 * Puts a package on a broker as retained messages: its blobs, then the manifest, then takes off the
 * blobs that no longer belong to it.
 *
 * Invariants
 * - Every message is acknowledged (QoS 1); what was acknowledged is not sent again after a lost link.
 * - The manifest goes only after a blob has been read back: some brokers acknowledge what access
 *   rules or limits make them throw away.
 *
 * @throws DeviceError hotlist.publish-failed or uplink.refused where a person has to look;
 *   uplink.connect-failed where the broker stays away.
 */
export async function publishList(options: ListUploadOptions): Promise<Uploaded> {
  const { config, clock } = options;
  // A secret that cannot be read is not mended by trying again.
  const tls = new Certificates(config).material;
  const brokers = new Brokers({
    urls: config.urls,
    protocolVersion: config.protocolVersion,
    firstMs: config.reconnectFirstSeconds * 1000,
    mostMs: config.reconnectMostSeconds * 1000,
  });
  const upload = new Upload(options);
  const widest = Math.min(config.windowMessages, MOST_WINDOW);
  for (let window = widest, timesInVain = 0; ; ) {
    const { attempt, waitMs } = brokers.next(clock.monoMs());
    if (waitMs > 0) {
      await clock.sleep(waitMs);
      continue;
    }
    const taken = upload.acknowledged;
    const connection = new Connection({
      config,
      attempt,
      tls,
      clientId: `anprd-list-${options.list.listId}`,
    });
    try {
      if (!(await connection.opened)) throw (await connection.ended).error;
      brokers.connected(attempt, clock.monoMs());
      return await upload.run(new RetainingLink(connection, clock), attempt.index, window);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      await connection.goodbye(clock, 0);
      const isInVain = upload.acknowledged === taken;
      const { kind } = await connection.ended;
      const end: AttemptEnd = kind === 'lost' ? { kind, sound: !isInVain } : { kind };
      brokers.ended(attempt, end, clock.monoMs());
      const isOtherVersionNext =
        kind === 'no-version' && config.protocolVersion === 'auto' && attempt.protocolVersion === 5;
      if (error.code !== 'uplink.connect-failed' && !isOtherVersionNext) throw error;
      timesInVain = isInVain ? timesInVain + 1 : 0;
      if (timesInVain >= MOST_IN_VAIN * config.urls.length) throw upload.gaveUp(error);
      // One at a time, the one that the broker does not take is known.
      window = isInVain ? 1 : widest;
      options.onLost?.(error);
    }
  }
}

class Upload {
  readonly #options: ListUploadOptions;
  /** Blobs that the broker has acknowledged in this upload. */
  readonly #put = new Map<string, number>();
  #broker = 0;
  #hadManifest = false;
  #ofBlobs = 0;
  #removed = 0;
  /** The one that was on its way first when a connection broke; absent: none ever was. */
  #stuckAt: { readonly name: string; readonly bytes: number } | undefined;
  acknowledged = 0;

  constructor(options: ListUploadOptions) {
    this.#options = options;
  }

  /**
   * One connection, from what the broker has to the end of the upload.
   * @param broker what one broker has acknowledged, another one may lack
   * @param window blobs on their way at a time
   */
  async run(link: RetainingLink, broker: number, window: number): Promise<Uploaded> {
    const { list, topicPrefix } = this.#options;
    if (broker !== this.#broker) {
      this.#put.clear();
      this.#hadManifest = false;
    }
    this.#broker = broker;
    const topicOf = (name: string) => listTopicOf(topicPrefix, list.listId, name);
    try {
      const retained = await link.retained(topicOf('manifest'), RETAINED_WITHIN_MS);
      // It was there and is not: the broker was started without what it had, and lacks the blobs too.
      if (retained === undefined && this.#hadManifest) this.#put.clear();
      this.#hadManifest ||= retained !== undefined;
      const plan = list.plan(retained);
      const missing = plan.put.filter((name) => !this.#put.has(name));
      this.#ofBlobs = this.#put.size + missing.length;
      this.#tell();
      await this.#putAll(link, missing, topicOf, window);
      await this.#readBack(link, topicOf);
      await link.publish(topicOf('manifest'), list.manifest);
      for (const name of plan.remove) {
        await link.publish(topicOf(name), new Uint8Array());
        list.onRemoved(name);
        this.#removed++;
      }
      return { ...this.#progress(), removed: this.#removed };
    } finally {
      await link.close();
    }
  }

  gaveUp(last: DeviceError): DeviceError {
    const at = this.#stuckAt;
    if (at === undefined) return last;
    return new DeviceError('hotlist.publish-failed', {
      message: `the broker ended the connection each time before it took ${at.name} of ${at.bytes} bytes: ${last.message}`,
      hint: 'See the log of the broker: perhaps it takes no packets of this size (max_packet_size of Mosquitto), or not from this user.',
      cause: last,
    });
  }

  async #putAll(
    link: RetainingLink,
    names: readonly string[],
    topicOf: (name: string) => string,
    window: number,
  ): Promise<void> {
    const { list } = this.#options;
    const waiting = [...names];
    const sender = async () => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        const payload = list.read(name);
        link.checkSize(name, payload);
        list.onPut(name);
        this.#stuckAt ??= { name, bytes: payload.length };
        await link.publish(topicOf(name), payload);
        this.#put.set(name, payload.length);
        this.#stuckAt = undefined;
        this.#tell();
      }
    };
    const stop = (error: unknown) => {
      waiting.length = 0;
      throw error;
    };
    // All of them have ended before the next connection begins: none counts into it.
    const ended = await Promise.allSettled(Array.from({ length: window }, () => sender().catch(stop)));
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
  }

  /** The largest, which a limit of size hits first, and the earliest, which a restart loses first. */
  async #readBack(link: RetainingLink, topicOf: (name: string) => string): Promise<void> {
    const byBytes = [...this.#put].sort(([, one], [, other]) => other - one);
    const names = new Set([this.#put.keys().next().value, byBytes[0]?.[0]]);
    for (const name of names) {
      if (name === undefined) continue;
      const found = await link.retained(topicOf(name), READ_BACK_WITHIN_MS);
      if (found !== undefined && Buffer.from(found).equals(this.#options.list.read(name))) continue;
      this.#put.clear();
      throw new DeviceError('hotlist.publish-failed', {
        message: `the broker acknowledged ${name} of ${this.#options.list.read(name).length} bytes and does not retain it`,
        hint: 'Check that the broker retains messages of this size (message_size_limit of Mosquitto), and that this user may write and read the topics of the list.',
      });
    }
  }

  #progress(): UploadProgress {
    const bytes = [...this.#put.values()].reduce((sum, one) => sum + one, 0);
    return { blobs: this.#put.size, ofBlobs: this.#ofBlobs, bytes };
  }

  #tell(): void {
    this.acknowledged = Math.max(this.acknowledged, this.#put.size);
    this.#options.onProgress?.(this.#progress());
  }
}
