import type { MqttClient } from 'mqtt';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import { type Connection, GOODBYE_MS } from './connection.js';
import { publishError, subscribeError } from './failures.js';

/** Topic and header of a packet come on top of its payload. */
const PACKET_OVERHEAD_BYTES = 1_024;

/**
 * What somebody does on a connection who retains messages on a broker and sees what it retains.
 * Everything that waits for an answer is rejected when the connection ends.
 */
export class RetainingLink {
  readonly #connection: Connection;
  readonly #client: MqttClient;
  readonly #clock: Clock;
  readonly #ended: Promise<never>;

  /**
   * @param connection one that has opened
   * @throws DeviceError hotlist.publish-failed where the broker retains nothing
   */
  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection;
    this.#client = connection.client;
    this.#clock = clock;
    if (this.#client.serverProperties?.retainAvailable === false) {
      throw new DeviceError('hotlist.publish-failed', {
        message: 'the broker retains no messages; a list is published as retained ones',
        hint: 'Switch retained messages on in the broker (retain_available of Mosquitto).',
      });
    }
    this.#ended = connection.ended.then(({ error }) => Promise.reject(error));
    // Whoever waits sees it; when nobody does, it is no fault.
    this.#ended.catch(() => undefined);
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
          this.#connection.drop(subscribeError(topic, code));
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
    await this.#connection.goodbye(this.#clock, GOODBYE_MS);
  }

  #unlessEnded<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#ended]);
  }
}
