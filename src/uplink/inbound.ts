import type { MqttClient } from 'mqtt';
import type { DeviceError } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import { subscribeError } from './failures.js';

/** What came on a topic that was asked for; the receiver owns the bytes. */
export type InboundHandler = (topic: string, payload: Uint8Array<ArrayBuffer>) => void;

export interface InboundSnapshot {
  readonly subscribed: number;
  /** Messages that were handed on, and their payloads' bytes, since the start. */
  readonly messages: number;
  readonly bytes: number;
  /** Messages that were too large to look at, since the start. */
  readonly oversized: number;
  /** What the broker refuses to send, and what to do; absent where nothing. */
  readonly problem?: string;
}

/** No blob of a list comes near this; what is larger is not held in memory any longer than need be. */
export const MOST_PAYLOAD_BYTES = 8_000_000;
/** MQTT 5: told to the broker, which then keeps larger packets to itself. */
export const MOST_PACKET_BYTES = 2 * MOST_PAYLOAD_BYTES;

/**
 * What a device listens to: subscriptions with QoS 1, asked for anew on each connection.
 *
 * Invariants
 * - After `setTopics` the broker is asked for exactly these; a topic that is taken out and put in
 *   again is asked for anew, and a broker then sends what it retains there once more.
 * - A message on another topic, an empty one and an oversized one reach nobody.
 */
export class Inbound {
  readonly #log: Logger;
  /** By topic, why the broker refuses it. */
  readonly #refusals = new Map<string, DeviceError>();
  #wanted: ReadonlySet<string> = new Set();
  #client: MqttClient | undefined;
  #handler: InboundHandler = () => undefined;
  #messages = 0;
  #bytes = 0;
  #oversized = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** What the broker refuses to send, if anything. */
  get problem(): DeviceError | undefined {
    return this.#refusals.values().next().value;
  }

  /** One handler for every topic; it must not throw. */
  onMessage(handler: InboundHandler): void {
    this.#handler = handler;
  }

  setTopics(topics: readonly string[]): void {
    const wanted = new Set(topics);
    const gone = [...this.#wanted].filter((topic) => !wanted.has(topic));
    const fresh = topics.filter((topic) => !this.#wanted.has(topic));
    this.#wanted = wanted;
    for (const topic of gone) this.#refusals.delete(topic);
    const client = this.#client;
    if (client === undefined) return;
    // A connection that breaks on the way is no fault of theirs: the next one asks for all again.
    if (gone.length > 0) client.unsubscribe(gone, () => undefined);
    this.#ask(client, fresh);
  }

  /** A connection was made. */
  attach(client: MqttClient): void {
    this.#client = client;
    this.#refusals.clear();
    client.on('message', (topic, payload) => this.#take(topic, payload));
    this.#ask(client, [...this.#wanted]);
  }

  /** The connection has ended. */
  detach(): void {
    this.#client = undefined;
  }

  snapshot(): InboundSnapshot {
    const { problem } = this;
    return {
      subscribed: this.#client === undefined ? 0 : this.#wanted.size - this.#refusals.size,
      messages: this.#messages,
      bytes: this.#bytes,
      oversized: this.#oversized,
      ...(problem && { problem: `${problem.message}. ${problem.hint}` }),
    };
  }

  #ask(client: MqttClient, topics: readonly string[]): void {
    if (topics.length === 0) return;
    client.subscribe([...topics], { qos: 1 }, (error, _granted, packet) => {
      if (!error || packet === undefined || client !== this.#client) return;
      packet.granted.forEach((code, index) => {
        const topic = topics[index];
        if (Number(code) < 128 || topic === undefined || !this.#wanted.has(topic)) return;
        const refusal = subscribeError(topic, Number(code));
        this.#refusals.set(topic, refusal);
        this.#log.error({ code: refusal.code, hint: refusal.hint }, refusal.message);
      });
    });
  }

  #take(topic: string, payload: Buffer): void {
    // An empty message takes away what was retained; the receiver notices by what it then lacks.
    if (!this.#wanted.has(topic) || payload.length === 0) return;
    if (payload.length > MOST_PAYLOAD_BYTES) {
      this.#oversized++;
      this.#log.warn(
        { topic, bytes: payload.length, mostBytes: MOST_PAYLOAD_BYTES },
        'dropped an oversized message',
      );
      return;
    }
    this.#messages++;
    this.#bytes += payload.length;
    // A copy: the parser's buffers are views into shared memory, which cannot be handed to a thread.
    this.#handler(topic, new Uint8Array(payload));
  }
}
