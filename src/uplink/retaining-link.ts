import { connect, type MqttClient } from 'mqtt';
import type { MqttConfig } from '../config/link-schema.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import { clientOptions } from './client-options.js';
import { connectionError, disconnectError, publishError, subscribeError } from './failures.js';

/** Topic and header of a packet come on top of its payload. */
const PACKET_OVERHEAD_BYTES = 1_024;
const GOODBYE_MS = 2_000;

/**
 * One connection of somebody who retains messages on a broker and sees what it retains. Everything
 * that waits for an answer is rejected when the connection ends; it is not made again.
 */
export class RetainingLink {
  readonly #client: MqttClient;
  readonly #clock: Clock;
  readonly #ended: Promise<never>;
  #why: DeviceError | undefined;

  private constructor(client: MqttClient, url: string, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
    this.#ended = new Promise((_, reject) => {
      client.on('disconnect', (packet) => {
        this.#why ??= disconnectError(url, packet);
      });
      client.on('error', (thrown) => {
        this.#why ??= connectionError(url, thrown);
        client.end(true);
      });
      client.once('close', () =>
        reject(this.#why ?? connectionError(url, new Error('the connection was closed'))),
      );
    });
    // Whoever waits sees it; when nobody does, it is no fault.
    this.#ended.catch(() => undefined);
  }

  static async open(config: MqttConfig, clientId: string, clock: Clock): Promise<RetainingLink> {
    const client = connect(config.urls[0] as string, { ...clientOptions(config), clientId });
    const link = new RetainingLink(client, config.urls[0] as string, clock);
    await link.#unlessEnded(new Promise<void>((resolve) => client.once('connect', () => resolve())));
    if (client.serverProperties?.retainAvailable === false) {
      await link.close();
      throw new DeviceError('hotlist.publish-failed', {
        message: 'the broker retains no messages; a list is published as retained ones',
        hint: 'Switch retained messages on in the broker (retain_available of Mosquitto).',
      });
    }
    return link;
  }

  /** @throws DeviceError hotlist.publish-failed where the broker said that it takes no such packets. */
  checkSize(name: string, payload: Uint8Array): void {
    const mostBytes = this.#client.serverProperties?.maximumPacketSize;
    const bytes = payload.length + PACKET_OVERHEAD_BYTES;
    if (mostBytes === undefined || bytes <= mostBytes) return;
    throw new DeviceError('hotlist.publish-failed', {
      message: `${name} makes a packet of ${bytes} bytes, the broker takes ${mostBytes} at most`,
      hint: `Raise the maximum packet size of the broker to ${bytes} or more (max_packet_size of Mosquitto).`,
    });
  }

  async publish(topic: string, payload: Uint8Array): Promise<void> {
    await this.#unlessEnded(
      new Promise<void>((resolve, reject) => {
        this.#client.publish(topic, Buffer.from(payload), { qos: 1, retain: true }, (error) => {
          if (!error) resolve();
          // A fault of the connection has no number; its end says why.
          else if ('code' in error && typeof error.code === 'number') reject(publishError(topic, error));
        });
      }),
    );
  }

  /**
   * What the broker retains on a topic.
   * @param withinMs how long it is waited for
   * @returns undefined: nothing came.
   */
  async retained(topic: string, withinMs: number): Promise<Uint8Array | undefined> {
    const waiting = new AbortController();
    const came = new Promise<Uint8Array | undefined>((resolve) => {
      const onMessage = (from: string, payload: Buffer) => {
        if (from === topic) done(payload);
      };
      const done = (payload?: Buffer) => {
        this.#client.off('message', onMessage);
        waiting.abort();
        resolve(payload);
      };
      this.#client.on('message', onMessage);
      this.#client.subscribe(topic, { qos: 1 }, (error, _granted, packet) => {
        const code = Number(packet?.granted[0] ?? 0);
        if (error && code < 128) return;
        // Without leave to read nothing can be known, and a publisher has to know.
        if (code >= 128) {
          this.#why ??= subscribeError(topic, code);
          this.#client.end(true);
          return;
        }
        this.#clock.sleep(withinMs, waiting.signal).then(
          () => done(),
          () => undefined,
        );
      });
    });
    try {
      return await this.#unlessEnded(came);
    } finally {
      waiting.abort();
      if (this.#client.connected) this.#client.unsubscribe(topic);
    }
  }

  async close(): Promise<void> {
    const ended = this.#ended.catch(() => undefined);
    this.#client.end(!this.#client.connected);
    const patience = new AbortController();
    await Promise.race([ended, this.#clock.sleep(GOODBYE_MS, patience.signal).catch(() => undefined)]);
    patience.abort();
    this.#client.end(true);
  }

  #unlessEnded<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#ended]);
  }
}
