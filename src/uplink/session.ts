import { networkInterfaces } from 'node:os';
import { uuidv7 } from 'uuidv7';
import type { MqttConfig } from '../config/link-schema.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import { type Attempt, type AttemptEnd, Brokers } from './brokers.js';
import { Certificates } from './certificates.js';
import { Connection, type ConnectionEnd, GOODBYE_MS, within } from './connection.js';
import { brokerName, connectionError } from './failures.js';
import { Inbound } from './inbound.js';
import { knock } from './knock.js';
import type { Link } from './link.js';
import { type LinkSnapshot, type LinkState, problemOf } from './link-snapshot.js';
import { LinkWatch, type Present } from './link-watch.js';
import { type Interfaces, interfaceOf } from './network.js';
import { renderStatus, type UnitState, type WireFormat, type WireMessage } from './payloads.js';
import { type Probed, probe } from './probe.js';
import { type MqttSessionOptions, SESSION_PACE, type SessionPace } from './session-options.js';

/** A connection that lasted so long was a success, though nothing was sent: the next wait is the shortest again. */
const STEADY_AFTER_MS = 5_000;
/** For what is on its way when a connection is left for another one. */
const LEAVING_MS = 5_000;

/** Ends that say what a broker does not speak; it is asked again at once in another way. */
const LEARNED = new Set<AttemptEnd['kind']>(['silent', 'no-version', 'no-retain']);

/** A connection with what belongs to it. */
interface Current {
  readonly attempt: Attempt;
  readonly connection: Connection;
  /** In its birth, its will and its stop. */
  readonly sessionId: string;
  /** Messages of the device, without its status, that the broker has acknowledged. */
  acknowledged: number;
  /** Given up by this side. */
  isDropped: boolean;
  /** Left for this broker; what is not on its way by now goes there. */
  leavesFor?: number;
  /** Monotonic milliseconds; absent before the broker has let this device in. */
  openedMono?: number;
  networkInterface?: string;
  /** UTC, milliseconds: when the broker's certificate or one above it is over. */
  brokerNotAfterMs?: number;
}

/**
 * The connection to a broker, made again for as long as the device runs, with whichever broker of the
 * list can be had.
 *
 * Invariants
 * - A message is published only while connected; otherwise, and when the connection is lost before
 *   its acknowledgement, `publish` rejects, and it is the outbox's again.
 * - `online` is said first on every connection, `stopped` last on a clean stop and at a broker that
 *   is left for another one, and the broker says `offline` for a device that vanished.
 * - A connection that works is left only for one that has been seen to work.
 */
export class MqttSession implements Link {
  /** What is listened to, on this connection and on those that follow. */
  readonly inbound: Inbound;
  readonly #config: MqttConfig;
  readonly #unitId: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #pace: SessionPace;
  readonly #interfaces: () => Interfaces;
  readonly #watch: LinkWatch;
  readonly #brokers: Brokers;
  readonly #certificates: Certificates;
  readonly #stopping = new AbortController();
  /** By topic, what the broker refused; a message that is taken there again clears it. */
  readonly #refusals = new Map<string, DeviceError>();
  #onConnected: () => void = () => undefined;
  /** The attempt or connection of now; the attempt stays after its end. */
  #current: Current | undefined;
  #attempt: Attempt;
  #connected = false;
  #state: LinkState = 'connecting';
  #sinceMs = 0;
  #retriesAtMs: number | undefined;
  #connections = 0;
  #problem: DeviceError | undefined;
  #firstProblem: DeviceError | undefined;
  /** Ends the wait for the next attempt. */
  #hurry = new AbortController();
  #running: Promise<unknown> | undefined;

  constructor(options: MqttSessionOptions) {
    const { config, unitId, clock, log } = options;
    this.#config = config;
    this.#unitId = unitId;
    this.#clock = clock;
    this.#log = log;
    this.#pace = { ...SESSION_PACE, ...options.pace };
    this.inbound = new Inbound(log);
    this.#brokers = new Brokers({
      urls: config.urls,
      protocolVersion: config.protocolVersion,
      firstMs: config.reconnectFirstSeconds * 1000,
      mostMs: config.reconnectMostSeconds * 1000,
      returnFirstMs: this.#pace.returnFirstMs,
      returnMostMs: this.#pace.returnMostMs,
    });
    this.#interfaces = options.interfaces ?? networkInterfaces;
    this.#certificates = new Certificates(config);
    this.#attempt = this.#brokers.attemptAt(0, clock.monoMs());
    this.#watch = new LinkWatch({
      clock,
      log,
      brokers: this.#brokers,
      certificates: this.#certificates,
      watchMs: this.#pace.watchMs,
      againMs: this.#pace.returnFirstMs,
      freeInterfaces: config.metering.freeInterfaces,
      interfaces: this.#interfaces,
      present: () => this.#present(),
      probe: (attempt) => this.#probe(attempt),
      knock: (attempt) => this.#knock(attempt),
      leaveFor: (attempt, why) => this.#leaveFor(attempt, why),
      abandon: (why) => this.#abandon(why),
      tryNow: () => this.#tryNow(),
    });
  }

  /** Begins to connect, and returns; `onConnected` is called after each success. */
  start(onConnected: () => void): void {
    this.#onConnected = onConnected;
    this.#running = Promise.all([this.#connectAlways(), this.#watch.run(this.#stopping.signal)]);
  }

  /** Says `stopped` where there is a connection, and ends it; takes at most a few seconds. */
  async stop(): Promise<void> {
    const current = this.#current;
    if (current?.openedMono !== undefined) {
      await within(this.#clock, GOODBYE_MS, this.#say('stopped', current));
    }
    this.#stopping.abort();
    this.#hurry.abort();
    // Perhaps not the same one any more.
    await this.#current?.connection.goodbye(this.#clock, GOODBYE_MS);
    await this.#running;
    this.#enter('stopped');
  }

  get connected(): boolean {
    return this.#connected;
  }

  get protocolVersion(): 4 | 5 {
    return this.#attempt.protocolVersion;
  }

  get windowMessages(): number {
    return this.#current?.connection.windowMessages ?? this.#config.windowMessages;
  }

  get networkInterface(): string | undefined {
    return this.#current?.networkInterface;
  }

  get unsentBytes(): number {
    return this.#connected ? (this.#current?.connection.unsentBytes ?? 0) : 0;
  }

  async publish(message: WireMessage): Promise<void> {
    const current = this.#current;
    if (current === undefined || !this.#connected) {
      throw connectionError(this.#attempt.url, new Error('not connected'));
    }
    await this.#publishOn(current, message);
    current.acknowledged++;
  }

  drop(reason: string): void {
    const current = this.#current;
    if (current === undefined) return;
    current.isDropped = true;
    this.#connected = false;
    current.connection.drop(connectionError(current.attempt.url, new Error(reason)));
  }

  snapshot(): LinkSnapshot {
    const { index, url, protocolVersion } = this.#attempt;
    const [refusal] = this.#refusals.values();
    const problem = this.#problem ?? refusal ?? this.inbound.problem;
    const { certificateProblem } = this.#watch;
    const firstProblem = index > 0 ? this.#firstProblem : undefined;
    const { networkInterface } = this;
    return {
      state: this.#state,
      sinceMs: this.#sinceMs,
      connections: this.#connections,
      broker: {
        index,
        name: brokerName(url),
        ...(firstProblem && { firstProblem: problemOf(firstProblem) }),
      },
      protocolVersion,
      ...(networkInterface !== undefined && { networkInterface }),
      ...(this.#retriesAtMs !== undefined && { retriesAtMs: this.#retriesAtMs }),
      certificates: this.#certificates.states(this.#clock.nowMs(), this.#current?.brokerNotAfterMs),
      ...(certificateProblem && { certificateProblem: problemOf(certificateProblem) }),
      ...(refusal && { refusal: problemOf(refusal) }),
      ...(problem && { problem: problemOf(problem) }),
    };
  }

  async #connectAlways(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const { attempt, waitMs } = this.#brokers.next(this.#clock.monoMs());
      if (waitMs > 0) {
        await this.#wait(waitMs);
        continue;
      }
      this.#attempt = attempt;
      this.#enter('connecting');
      const { error, end } = await this.#connection(attempt);
      this.#brokers.ended(attempt, end, this.#clock.monoMs());
      if (end.kind === 'refused' || end.kind === 'unreachable') this.#watch.failed(error);
      if (signal.aborted) return;
      this.#tellEnd(attempt, error, end);
    }
  }

  async #wait(waitMs: number): Promise<void> {
    this.#retriesAtMs = this.#clock.nowMs() + waitMs;
    this.#hurry = new AbortController();
    if (!this.#stopping.signal.aborted) {
      await this.#clock.sleep(waitMs, this.#hurry.signal).catch(() => undefined);
    }
    this.#retriesAtMs = undefined;
  }

  #tellEnd(attempt: Attempt, error: DeviceError, end: AttemptEnd): void {
    if (end.kind === 'left') return;
    const next = this.#brokers.next(this.#clock.monoMs());
    if (LEARNED.has(end.kind) && next.attempt.index === attempt.index && next.waitMs === 0) {
      this.#log.info({ code: error.code }, error.message);
      return;
    }
    if (attempt.index === 0) this.#firstProblem = error;
    this.#problem = error;
    const refused = error.code === 'uplink.refused';
    this.#enter(refused ? 'refused' : 'waiting');
    this.#log[refused ? 'error' : 'warn']({ code: error.code, hint: error.hint }, error.message);
  }

  /** One connection from the attempt to its end. */
  async #connection(attempt: Attempt): Promise<{ readonly error: DeviceError; readonly end: AttemptEnd }> {
    const sessionId = uuidv7();
    let connection: Connection;
    try {
      const will = renderStatus('offline', this.#wireOf(attempt), { id: sessionId });
      connection = this.#connectionTo(attempt, `anprd-${this.#unitId}`, will);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      return { error, end: { kind: 'unreachable' } };
    }
    const current: Current = { attempt, connection, sessionId, acknowledged: 0, isDropped: false };
    this.#current = current;
    const isOpen = await connection.opened;
    if (isOpen && !current.isDropped && !this.#stopping.signal.aborted) this.#greet(current);
    const end = await connection.ended;
    this.#connected = false;
    this.#current = undefined;
    this.inbound.detach();
    return { error: end.error, end: endOf(current, end, this.#clock.monoMs()) };
  }

  #connectionTo(attempt: Attempt, clientId: string, will?: WireMessage): Connection {
    return new Connection({
      config: this.#config,
      attempt,
      tls: this.#certificates.material,
      connectWithinMs: this.#pace.connectWithinMs,
      clientId,
      ...(will && { will }),
    });
  }

  #greet(current: Current): void {
    const { attempt, connection } = current;
    current.openedMono = this.#clock.monoMs();
    this.#brokers.connected(attempt, current.openedMono);
    const { brokerNotAfterMs } = connection;
    if (brokerNotAfterMs !== undefined) current.brokerNotAfterMs = brokerNotAfterMs;
    const networkInterface = interfaceOf(connection.localAddress, this.#interfaces());
    if (networkInterface !== undefined) current.networkInterface = networkInterface;
    if (attempt.index === 0) this.#firstProblem = undefined;
    this.#connected = true;
    this.#connections++;
    this.#problem = undefined;
    this.#refusals.clear();
    this.#watch.connected();
    this.#enter('connected');
    const { index, protocolVersion } = attempt;
    this.#log.info({ broker: index, protocolVersion, networkInterface }, 'connected to the broker');
    void this.#say('online', current);
    this.inbound.attach(connection.client);
    this.#onConnected();
  }

  async #say(state: UnitState, current: Current): Promise<void> {
    const session = { id: current.sessionId, timeMs: this.#clock.nowMs() };
    try {
      await this.#publishOn(current, renderStatus(state, this.#wireOf(current.attempt), session));
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#log.warn({ code: error.code, state }, error.message);
    }
  }

  async #publishOn({ connection }: Current, message: WireMessage): Promise<void> {
    const { topic } = message;
    try {
      await connection.publish(message);
      this.#refusals.delete(topic);
    } catch (error) {
      if (error instanceof DeviceError && error.code === 'uplink.refused') this.#refusals.set(topic, error);
      throw error;
    }
  }

  /** What was waited for may have come. */
  #tryNow(): void {
    this.#brokers.hurry(this.#clock.monoMs());
    this.#hurry.abort();
  }

  async #probe(attempt: Attempt): Promise<Probed> {
    // An id of its own: with the same one, brokers of a cluster would end the present connection.
    const open = () => this.#connectionTo(attempt, `anprd-${this.#unitId}-probe`);
    const probed = await probe(open, this.#clock, this.#stopping.signal);
    if (attempt.index === 0) this.#firstProblem = probed.problem ?? this.#firstProblem;
    return probed;
  }

  #knock({ url }: Attempt): Promise<Probed> {
    const { serverName } = this.#config;
    const withinMs = this.#pace.connectWithinMs;
    const options = { url, tls: this.#certificates.material, serverName, withinMs };
    return knock(options, this.#clock, this.#stopping.signal);
  }

  /** Ends a connection that works, so that another is made, here or at another broker. */
  async #leaveFor({ index }: Attempt, why: string): Promise<void> {
    const current = this.#current;
    if (current === undefined || !this.#connected || current.leavesFor !== undefined) return;
    const from = current.attempt.index;
    this.#log.info({ from, to: index }, why);
    current.leavesFor = index;
    this.#connected = false;
    await within(this.#clock, LEAVING_MS, current.connection.settled());
    if (index !== from) await within(this.#clock, GOODBYE_MS, this.#say('stopped', current));
    await current.connection.goodbye(this.#clock, GOODBYE_MS);
  }

  /** The broker is not to blame: it is asked again first, and at once. */
  #abandon(why: string): void {
    const current = this.#current;
    if (current === undefined || current.leavesFor !== undefined) return;
    this.#log.info({ networkInterface: current.networkInterface }, why);
    current.leavesFor = current.attempt.index;
    this.#connected = false;
    current.connection.drop(connectionError(current.attempt.url, new Error(why)));
  }

  #present(): Present {
    return {
      connected: this.#connected,
      attempt: this.#attempt,
      localAddress: this.#current?.connection.localAddress,
      networkInterface: this.networkInterface,
    };
  }

  #wireOf({ protocolVersion, mayRetain }: Attempt): WireFormat {
    const { topicPrefix, retain } = this.#config;
    return { topicPrefix, unitId: this.#unitId, protocolVersion, retain: retain && mayRetain };
  }

  #enter(state: LinkState): void {
    this.#state = state;
    this.#sinceMs = this.#clock.nowMs();
  }
}

function endOf(current: Current, { kind, isSentAway }: ConnectionEnd, nowMono: number): AttemptEnd {
  const { leavesFor, isDropped, acknowledged, openedMono = nowMono } = current;
  if (leavesFor !== undefined) return { kind: 'left', to: leavesFor };
  if (isDropped) return { kind: 'dropped', sound: acknowledged > 0 };
  if (kind !== 'lost') return { kind };
  // In a moving car connections are short, and of use all the same.
  return { kind, sound: nowMono - openedMono > STEADY_AFTER_MS || (acknowledged > 0 && !isSentAway) };
}
