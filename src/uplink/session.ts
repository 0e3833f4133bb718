import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { uuidv7 } from 'uuidv7';
import type { MqttConfig } from '../config/link-schema.js';
import { Backoff } from '../lib/backoff.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import { clientOptions } from './client-options.js';
import { connectionError, disconnectError, publishError, tooLargeError } from './failures.js';
import { Inbound, MOST_PACKET_BYTES } from './inbound.js';
import { renderStatus, type UnitState, type Wire, type WireMessage } from './payloads.js';

/** waiting: for the next attempt after an outage; refused: the same after a refusal. */
export type LinkState = 'connecting' | 'connected' | 'waiting' | 'refused' | 'stopped';

export interface LinkSnapshot {
  readonly state: LinkState;
  /** UTC, milliseconds. */
  readonly sinceMs: number;
  /** Connections that were made since the start. */
  readonly connections: number;
  /** Why there is no connection, or what the broker refused last; absent where all is well. */
  readonly problem?: { readonly code: string; readonly message: string; readonly hint: string };
}

export interface MqttSessionOptions {
  readonly config: MqttConfig;
  readonly unitId: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A connection that lasted so long was a success: the next wait is the shortest again. */
const STEADY_AFTER_MS = 5_000;
/** For the last message and the goodbye; a broker that is gone must not hold up the stop. */
const GOODBYE_MS = 2_000;
/** Topic and properties of a message come on top of its payload; measured at under 600 bytes. */
const PACKET_OVERHEAD_BYTES = 1_024;

/**
 * The connection to the broker, made again for as long as the device runs.
 *
 * Invariants
 * - Each connection has a client of its own with a clean session, so that mqtt.js holds no message
 *   beyond a connection: what is not acknowledged is the outbox's.
 * - A message is published only while connected; otherwise, and when the connection is lost before
 *   its acknowledgement, `publish` rejects.
 * - `online` is said first on every connection, `stopped` last on a clean stop, and the broker
 *   says `offline` for a device that vanished.
 */
export class MqttSession {
  /** What is listened to, on this connection and on those that follow. */
  readonly inbound: Inbound;
  readonly #config: MqttConfig;
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #backoff: Backoff;
  readonly #stopping = new AbortController();
  /** Of the messages that wait for their acknowledgement. */
  readonly #rejectors = new Set<(error: DeviceError) => void>();
  /** By topic, what the broker refused; a message that is taken there again clears it. */
  readonly #refusals = new Map<string, DeviceError>();
  #onConnected: () => void = () => undefined;
  /** The client of this attempt or connection. */
  #client: MqttClient | undefined;
  #connected = false;
  #sessionId = '';
  #state: LinkState = 'connecting';
  #sinceMs = 0;
  #connections = 0;
  #problem: DeviceError | undefined;
  #running: Promise<void> | undefined;

  constructor(options: MqttSessionOptions) {
    this.#config = options.config;
    const { topicPrefix, protocolVersion } = options.config;
    this.#wire = { topicPrefix, protocolVersion, unitId: options.unitId };
    this.#clock = options.clock;
    this.#log = options.log;
    this.inbound = new Inbound(options.log);
    this.#backoff = new Backoff({
      firstMs: options.config.reconnectFirstSeconds * 1000,
      mostMs: options.config.reconnectMostSeconds * 1000,
    });
  }

  /** Begins to connect, and returns; `onConnected` is called after each success. */
  start(onConnected: () => void): void {
    this.#onConnected = onConnected;
    this.#running = this.#connectAlways();
  }

  /** Says `stopped` where there is a connection, and ends it; takes at most a few seconds. */
  async stop(): Promise<void> {
    if (this.#connected) await this.#within(GOODBYE_MS, this.#say('stopped'));
    this.#stopping.abort();
    const client = this.#client;
    if (client !== undefined) {
      // mqtt.js says goodbye only when nothing waits, and without a goodbye the broker says `offline`.
      for (const id of Object.keys(client.outgoing)) client.removeOutgoingMessage(Number(id));
      client.end(!this.#connected);
      await this.#within(GOODBYE_MS, this.#running);
      client.stream.destroy();
    }
    await this.#running;
    this.#enter('stopped');
  }

  get connected(): boolean {
    return this.#connected;
  }

  /**
   * Publishes with QoS 1 and waits for the acknowledgement.
   * @throws DeviceError uplink.connect-failed without a connection or when it is lost on the way;
   *   uplink.refused when the broker does not take this message.
   */
  async publish(message: WireMessage): Promise<void> {
    const client = this.#client;
    const [url = ''] = this.#config.urls;
    if (client === undefined || !this.#connected) throw connectionError(url, new Error('not connected'));
    const { topic, payload, retain } = message;
    try {
      checkSize(client, message);
      await new Promise<void>((resolve, reject) => {
        this.#rejectors.add(reject);
        client.publish(topic, payload, { qos: 1, retain, ...propertiesOf(message) }, (error) => {
          this.#rejectors.delete(reject);
          if (!error) resolve();
          else reject(isRefusal(error) ? publishError(topic, error) : connectionError(url, error));
        });
      });
      this.#refusals.delete(topic);
    } catch (error) {
      if (error instanceof DeviceError && error.code === 'uplink.refused') this.#refusals.set(topic, error);
      throw error;
    }
  }

  /** Gives up a connection on which the broker has stopped to answer; another one is made. */
  drop(reason: string): void {
    this.#problem = connectionError(this.#config.urls[0] as string, new Error(reason));
    this.#client?.end(true);
  }

  snapshot(): LinkSnapshot {
    const problem = this.#problem ?? [...this.#refusals.values()][0] ?? this.inbound.problem;
    return {
      state: this.#state,
      sinceMs: this.#sinceMs,
      connections: this.#connections,
      ...(problem && { problem: { code: problem.code, message: problem.message, hint: problem.hint } }),
    };
  }

  async #connectAlways(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#enter('connecting');
      const error = await this.#connection();
      if (signal.aborted) return;
      const refused = error.code === 'uplink.refused';
      this.#problem = error;
      this.#enter(refused ? 'refused' : 'waiting');
      // A refusal is mended by a person, not by asking often: brokers ban clients that do.
      const waitMs = refused ? this.#config.reconnectMostSeconds * 1000 : this.#backoff.nextMs();
      this.#log[refused ? 'error' : 'warn'](
        { code: error.code, retryInMs: Math.round(waitMs) },
        error.message,
      );
      await this.#clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  /** One connection from the attempt to its end. @returns why it ended. */
  async #connection(): Promise<DeviceError> {
    this.#sessionId = uuidv7();
    let client: MqttClient;
    try {
      client = connect(this.#config.urls[0] as string, this.#clientOptions());
    } catch (thrown) {
      return thrown instanceof DeviceError ? thrown : connectionError(this.#config.urls[0] as string, thrown);
    }
    this.#client = client;
    let why: DeviceError | undefined;
    let connectedMono = Number.POSITIVE_INFINITY;
    client.on('connect', () => {
      connectedMono = this.#clock.monoMs();
      this.#greet(client);
    });
    client.on('disconnect', (packet) => {
      why ??= disconnectError(this.#config.urls[0] as string, packet);
    });
    client.on('error', (thrown) => {
      why ??= connectionError(this.#config.urls[0] as string, thrown);
      // Not every error of mqtt.js ends the connection, but none leaves one that can be trusted.
      client.end(true);
    });
    await new Promise<void>((resolve) => client.once('close', () => resolve()));
    this.#client = undefined;
    this.#connected = false;
    this.inbound.detach();
    if (this.#clock.monoMs() - connectedMono > STEADY_AFTER_MS) this.#backoff.reset();
    const error =
      why ??
      this.#problem ??
      connectionError(this.#config.urls[0] as string, new Error('the connection was closed'));
    for (const reject of this.#rejectors) reject(error);
    this.#rejectors.clear();
    // Frees its timers; what it still held was just handed back.
    client.end(true);
    return error;
  }

  #greet(client: MqttClient): void {
    this.#connected = true;
    this.#connections++;
    this.#problem = undefined;
    this.#refusals.clear();
    this.#enter('connected');
    this.#log.info('connected to the broker');
    void this.#say('online');
    this.inbound.attach(client);
    this.#onConnected();
  }

  async #say(state: UnitState): Promise<void> {
    const session = { id: this.#sessionId, timeMs: this.#clock.nowMs() };
    try {
      await this.publish(renderStatus(state, this.#wire, session));
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#log.warn({ code: error.code, state }, error.message);
    }
  }

  #clientOptions(): IClientOptions {
    const will = renderStatus('offline', this.#wire, { id: this.#sessionId });
    const { protocolVersion } = this.#config;
    return {
      ...clientOptions(this.#config),
      clientId: `anprd-${this.#wire.unitId}`,
      ...(protocolVersion === 5 && { properties: { maximumPacketSize: MOST_PACKET_BYTES } }),
      will: { topic: will.topic, payload: will.payload, qos: 1, retain: will.retain, ...propertiesOf(will) },
    };
  }

  #enter(state: LinkState): void {
    this.#state = state;
    this.#sinceMs = this.#clock.nowMs();
  }

  async #within(mostMs: number, work: Promise<void> | undefined): Promise<void> {
    const done = new AbortController();
    await Promise.race([work, this.#clock.sleep(mostMs, done.signal).catch(() => undefined)]);
    done.abort();
  }
}

function propertiesOf({ contentType, userProperties }: WireMessage) {
  return contentType === undefined
    ? {}
    : { properties: { contentType, userProperties: { ...userProperties } } };
}

/** MQTT 5: mqtt.js would send it all the same, and the broker would end the connection. */
function checkSize(client: MqttClient, { topic, payload }: WireMessage): void {
  const mostBytes = client.serverProperties?.maximumPacketSize;
  const bytes = payload.length + PACKET_OVERHEAD_BYTES;
  if (mostBytes !== undefined && bytes > mostBytes) throw tooLargeError(topic, bytes, mostBytes);
}

/** A reason code of the broker is a number; a fault of the connection has none, or a text. */
function isRefusal(error: Error): boolean {
  return 'code' in error && typeof error.code === 'number';
}
