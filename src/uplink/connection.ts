import { connect, type IClientPublishOptions, type MqttClient } from 'mqtt';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import type { AttemptEnd } from './brokers.js';
import { type ClientSettings, CONNECT_WITHIN_MS, clientOptions } from './client-options.js';
import {
  closedError,
  connectionError,
  disconnectError,
  publishError,
  qosError,
  silentError,
  tooLargeError,
  unansweredError,
} from './failures.js';
import { MOST_PACKET_BYTES } from './inbound.js';
import { packetBytes } from './packet-size.js';
import type { WireMessage } from './payloads.js';
import { Transport } from './transport.js';

/** Messages with QoS 1 that a broker may send before this side has acknowledged them. */
const RECEIVE_MAXIMUM = 16;
/** CONNACK of MQTT 5, and of 3.1.1 where the broker answers in its own way. */
const UNSUPPORTED_VERSION = new Set([132, 1]);
const RETAIN_NOT_SUPPORTED = 154;
const NO_REASON = new Error('the connection was closed');

type PublishProperties = NonNullable<IClientPublishOptions['properties']>;

/** For a goodbye; a broker that is gone must not hold up a stop. */
export const GOODBYE_MS = 2_000;

export interface ConnectionOptions extends ClientSettings {
  readonly clientId: string;
  /** What the broker says when this side vanishes. */
  readonly will?: WireMessage;
}

/** Why an attempt or a connection is over. */
export interface ConnectionEnd {
  readonly error: DeviceError;
  /** `lost` once there was a connection. */
  readonly kind: Exclude<AttemptEnd['kind'], 'dropped' | 'left'>;
  /** MQTT 5: the broker said that it ends the connection, and why. */
  readonly isSentAway: boolean;
}

/**
 * One connection to one broker, from the attempt to its end; it is not made again.
 *
 * Invariants
 * - Clean session, so that mqtt.js holds no message beyond the connection: what waits for its
 *   acknowledgement when the connection ends is rejected.
 * - No more messages are on their way than the broker takes at once, no larger ones than it takes,
 *   and none to be retained where it retains none.
 */
export class Connection {
  /** Resolves once, whatever happened. */
  readonly ended: Promise<ConnectionEnd>;
  /** Resolves with false where the attempt failed. */
  readonly opened: Promise<boolean>;
  readonly #options: ConnectionOptions;
  readonly #client: MqttClient;
  readonly #transport = new Transport();
  /** Of the messages on their way: what tells whoever published one that it is lost. */
  readonly #onTheirWay = new Set<(error: DeviceError) => void>();
  /** Called when the next of them has come to its end. */
  #waiting: (() => void)[] = [];
  #isOpen = false;
  #isOver = false;
  #isSentAway = false;
  #why: unknown;

  /** @throws DeviceError uplink.connect-failed where the attempt cannot even be made */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    const client = this.#connect();
    this.#client = client;
    this.#transport.watch(client);
    const end = (thrown: unknown) => {
      this.#why ??= thrown;
      // Not every error of mqtt.js ends the connection, but none leaves one that can be trusted.
      client.end(true);
    };
    client.on('error', end);
    // mqtt.js keeps those to itself that have no code, such as what a WebSocket is answered.
    client.stream.on('error', end);
    client.on('disconnect', (packet) => {
      this.#isSentAway = true;
      this.#why ??= disconnectError(this.#url, packet);
    });
    this.opened = new Promise((resolve) => {
      client.once('connect', () => {
        this.#isOpen = true;
        if (client.serverProperties?.maximumQoS === 0) end(qosError(this.#url));
        resolve(client.serverProperties?.maximumQoS !== 0);
      });
      client.once('close', () => resolve(false));
    });
    this.ended = new Promise((resolve) => client.once('close', () => resolve(this.#close())));
  }

  /** Messages without acknowledgement at most. */
  get windowMessages(): number {
    return Math.min(this.#options.config.windowMessages, this.#receiveMaximum);
  }

  get unsentBytes(): number {
    return this.#client.stream.writableLength;
  }

  get localAddress(): string | undefined {
    return this.#transport.localAddress;
  }

  /** UTC, milliseconds: when the broker's certificate or one above it is over. */
  get brokerNotAfterMs(): number | undefined {
    return this.#transport.brokerNotAfterMs;
  }

  /** @throws as `Link.publish` does */
  async publish(message: WireMessage): Promise<void> {
    const { config } = this.#options;
    const mostBytes = Math.min(
      config.mostPacketBytes,
      this.#client.serverProperties?.maximumPacketSize ?? Number.POSITIVE_INFINITY,
    );
    const bytes = packetBytes(message);
    if (bytes > mostBytes) throw tooLargeError(message.topic, bytes, mostBytes);
    while (this.#onTheirWay.size >= this.#receiveMaximum) await this.#oneSettled();
    if (!this.#isOpen || this.#isOver) throw connectionError(this.#url, new Error('not connected'));
    return this.#send(message);
  }

  /** For whoever does more with a broker than to publish. */
  get client(): MqttClient {
    return this.#client;
  }

  /** Ends it at once. @param why what is then said of it. */
  drop(why: DeviceError): void {
    this.#why ??= why;
    this.#transport.reset();
    this.#client.end(true);
  }

  /** Resolves when nothing is on its way any more. */
  async settled(): Promise<void> {
    while (this.#onTheirWay.size > 0) await this.#oneSettled();
  }

  /** Says goodbye, so that the broker does not tell the will, and ends; @param mostMs it may take. */
  async goodbye(clock: Clock, mostMs: number): Promise<void> {
    const client = this.#client;
    // mqtt.js says goodbye only when nothing waits.
    for (const id of Object.keys(client.outgoing)) client.removeOutgoingMessage(Number(id));
    client.end(!this.#isOpen);
    await within(clock, mostMs, this.ended);
    client.stream.destroy();
    await this.ended;
  }

  get #url(): string {
    return this.#options.attempt.url;
  }

  get #receiveMaximum(): number {
    return this.#client.serverProperties?.receiveMaximum ?? Number.POSITIVE_INFINITY;
  }

  #connect(): MqttClient {
    const { config, attempt, clientId, will } = this.#options;
    const options = clientOptions(this.#options);
    const properties = { maximumPacketSize: MOST_PACKET_BYTES, receiveMaximum: RECEIVE_MAXIMUM };
    const willProperties = will && propertiesOf(will);
    try {
      return connect(attempt.url, {
        ...options,
        wsOptions: { ...(options.wsOptions as object), ...this.#transport.webSocketOptions },
        clientId,
        ...(attempt.protocolVersion === 5 && { properties }),
        ...(will && {
          will: {
            topic: will.topic,
            payload: will.payload,
            qos: 1 as const,
            retain: will.retain && config.retain && attempt.mayRetain,
            ...(willProperties && { properties: willProperties }),
          },
        }),
      });
    } catch (thrown) {
      throw connectionError(attempt.url, thrown);
    }
  }

  #send(message: WireMessage): Promise<void> {
    const { config, attempt } = this.#options;
    const { topic, payload } = message;
    const canRetain = attempt.mayRetain && this.#client.serverProperties?.retainAvailable !== false;
    const retain = message.retain && config.retain && canRetain;
    const properties = propertiesOf(message);
    return new Promise((resolve, reject) => {
      this.#onTheirWay.add(reject);
      this.#client.publish(topic, payload, { qos: 1, retain, ...(properties && { properties }) }, (error) => {
        this.#onTheirWay.delete(reject);
        if (!error) resolve();
        else reject(isRefusal(error) ? publishError(topic, error) : this.#lost(error));
        this.#tellWaiting();
      });
    });
  }

  #oneSettled(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #tellWaiting(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const tell of waiting) tell();
  }

  /** @param thrown what is said where nothing better is known */
  #lost(thrown: Error): DeviceError {
    const why = this.#why ?? thrown;
    return why instanceof DeviceError ? why : connectionError(this.#url, why);
  }

  #close(): ConnectionEnd {
    this.#isOver = true;
    const end = { ...this.#end(), isSentAway: this.#isSentAway };
    for (const reject of this.#onTheirWay) reject(end.error);
    this.#onTheirWay.clear();
    this.#tellWaiting();
    // Frees its timers; what it still held was just handed back.
    this.#client.end(true);
    return end;
  }

  #end(): Omit<ConnectionEnd, 'isSentAway'> {
    const { attempt, connectWithinMs = CONNECT_WITHIN_MS } = this.#options;
    const why = this.#why;
    const code = (why as { code?: unknown } | undefined)?.code;
    const error = why === undefined && this.#isOpen ? closedError(attempt.url) : this.#lost(NO_REASON);
    if (error.code === 'uplink.refused') {
      if (UNSUPPORTED_VERSION.has(code as number)) return { error, kind: 'no-version' };
      return { error, kind: 'refused' };
    }
    if (this.#isOpen) return { error, kind: 'lost' };
    if (code === RETAIN_NOT_SUPPORTED) return { error, kind: 'no-retain' };
    if (why instanceof Error && why.message === 'connack timeout') {
      return { error: unansweredError(attempt.url, connectWithinMs), kind: 'unreachable' };
    }
    const closedByThem = why === undefined || code === 'ECONNRESET' || code === 'EPIPE';
    if (closedByThem && this.#transport.reached) {
      return { error: silentError(attempt.url, attempt.protocolVersion), kind: 'silent' };
    }
    return { error, kind: 'unreachable' };
  }
}

/** Waits for the work, but no longer than this. */
export async function within(clock: Clock, mostMs: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  await Promise.race([work, clock.sleep(mostMs, done.signal).catch(() => undefined)]);
  done.abort();
}

/** @returns undefined where MQTT 3.1.1 is spoken. */
function propertiesOf({ contentType, userProperties }: WireMessage): PublishProperties | undefined {
  if (contentType === undefined) return undefined;
  // Without any, the field stays out: the packet that has it empty is one that brokers wait for the end of.
  // As they are: nobody changes them, mqtt.js copies them again.
  return userProperties === undefined
    ? { contentType }
    : { contentType, userProperties: userProperties as Record<string, string> };
}

/** A reason code of the broker is a number; a fault of the connection has none, or a text. */
function isRefusal(error: Error): boolean {
  return 'code' in error && typeof error.code === 'number';
}
