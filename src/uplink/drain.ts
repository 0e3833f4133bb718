import type { MqttConfig } from '../config/link-schema.js';
import type { Outbox, OutboxItem } from '../domain/outbox.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import { HitLatencies, type HitLatency } from './latency.js';
import { renderMessage, type Wire, type WireMessage } from './payloads.js';

/** What the drain needs of the connection. */
export interface Link {
  readonly connected: boolean;
  publish(message: WireMessage): Promise<void>;
  drop(reason: string): void;
}

export interface DrainSnapshot {
  /** Handed to the broker, not yet acknowledged. */
  readonly inFlight: number;
  /** Refused by the broker one by one, kept and tried again later. */
  readonly parked: number;
  /** Acknowledged since the start. */
  readonly acknowledged: { readonly hit: number; readonly read: number; readonly image: number };
  readonly hitLatency: HitLatency;
}

export interface DrainOptions {
  readonly config: MqttConfig;
  readonly wire: Wire;
  readonly outbox: Outbox;
  readonly link: Link;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Commits wake the drain; this finds what a wake-up missed, and a broker that does not answer. */
const POLL_MS = 1_000;
const ANSWER_WITHIN_MS = 30_000;
const STOP_POLL_MS = 20;

/**
 * Empties the outbox into the broker.
 *
 * Invariants
 * - At most `windowMessages` are leased at a time, so a hit waits behind no more than a window.
 * - An item is acknowledged to the outbox only after the broker's acknowledgement; when the
 *   connection is lost it is released, and goes again under the same id.
 * - An item that the broker refuses by itself is parked for the longest wait, so that one
 *   message does not hold up the others, and never for good.
 */
export class Drain {
  readonly #config: MqttConfig;
  readonly #wire: Wire;
  readonly #outbox: Outbox;
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  readonly #latencies = new HitLatencies();
  readonly #acknowledged = { hit: 0, read: 0, image: 0 };
  /** By item id, when it was handed over; monotonic milliseconds. */
  readonly #inFlight = new Map<number, number>();
  /** By item id, when it may go again; monotonic milliseconds. */
  readonly #parked = new Map<number, number>();
  /** The broker has them, the outbox not yet: deleted together, as one flush to disk costs the same. */
  #toAck: number[] = [];
  #pumpIsDue = false;
  #isEmpty = false;
  #isOver = false;
  #polling: Promise<void> | undefined;

  constructor(options: DrainOptions) {
    this.#config = options.config;
    this.#wire = options.wire;
    this.#outbox = options.outbox;
    this.#link = options.link;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  start(): void {
    this.#polling = this.#poll();
  }

  /** Goes on for at most `drainSeconds` while there is a connection, then gives back what is left. */
  async stop(): Promise<void> {
    const untilMono = this.#clock.monoMs() + this.#config.drainSeconds * 1000;
    this.#isEmpty = false;
    this.wake();
    while (this.#link.connected && !this.#isDone() && this.#clock.monoMs() < untilMono) {
      await this.#clock.sleep(STOP_POLL_MS);
    }
    this.#stopping.abort();
    await this.#polling;
    this.#flushAcks();
    this.#isOver = true;
    this.#outbox.release([...this.#inFlight.keys(), ...this.#parked.keys()]);
  }

  /** There may be something to send: call it after a commit. Cheap; calls in a row become one. */
  wake(): void {
    if (this.#pumpIsDue || this.#isOver) return;
    this.#pumpIsDue = true;
    setImmediate(() => {
      this.#pumpIsDue = false;
      if (!this.#isOver) this.#pump();
    });
  }

  snapshot(): DrainSnapshot {
    return {
      inFlight: this.#inFlight.size,
      parked: this.#parked.size,
      acknowledged: { ...this.#acknowledged },
      hitLatency: this.#latencies.summary(),
    };
  }

  #isDone(): boolean {
    return this.#isEmpty && this.#inFlight.size === 0 && this.#toAck.length === 0;
  }

  async #poll(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#clock.sleep(POLL_MS, signal).catch(() => undefined);
      const nowMono = this.#clock.monoMs();
      const [oldestMono] = this.#inFlight.values();
      if (oldestMono !== undefined && nowMono - oldestMono > ANSWER_WITHIN_MS && this.#link.connected) {
        this.#link.drop(`the broker did not acknowledge a message within ${ANSWER_WITHIN_MS / 1000} s`);
      }
      const due = [...this.#parked].filter(([, againMono]) => againMono <= nowMono).map(([id]) => id);
      for (const id of due) this.#parked.delete(id);
      this.#outbox.release(due);
      this.wake();
    }
  }

  #pump(): void {
    if (!this.#flushAcks() || !this.#link.connected) return;
    const room = this.#config.windowMessages - this.#inFlight.size - this.#parked.size;
    if (room <= 0) return;
    let items: readonly OutboxItem[];
    try {
      items = this.#outbox.lease(room);
    } catch (error) {
      this.#storeFailed(error);
      return;
    }
    this.#isEmpty = items.length < room;
    for (const item of items) void this.#send(item);
  }

  async #send(item: OutboxItem): Promise<void> {
    const publishedAtMs = this.#clock.nowMs();
    this.#inFlight.set(item.id, this.#clock.monoMs());
    try {
      await this.#link.publish(renderMessage(item.message, this.#wire));
      if (this.#isOver) return;
      this.#toAck.push(item.id);
      this.#measure(item, publishedAtMs);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      if (this.#isOver) return;
      if (error.code === 'uplink.refused') this.#park(item, error);
      else this.#outbox.release([item.id]);
    } finally {
      this.#inFlight.delete(item.id);
    }
    this.wake();
  }

  #park(item: OutboxItem, error: DeviceError): void {
    this.#log.error({ code: error.code, kind: item.message.kind }, error.message);
    this.#parked.set(item.id, this.#clock.monoMs() + this.#config.reconnectMostSeconds * 1000);
  }

  #measure({ message }: OutboxItem, publishedAtMs: number): void {
    this.#acknowledged[message.kind]++;
    // A late hit is as old as its read: it says nothing of the way.
    if (message.kind !== 'hit' || message.hit.match.late) return;
    const { firstSeenAtMs, decidedAtMs } = message.record.passage;
    this.#latencies.add({
      firstSeenAtMs,
      capturedAtMs: decidedAtMs,
      matchedAtMs: message.hit.matchedAtMs,
      committedAtMs: message.committedAtMs,
      publishedAtMs,
      acknowledgedAtMs: this.#clock.nowMs(),
    });
  }

  /** @returns whether the outbox knows of everything that the broker has. */
  #flushAcks(): boolean {
    if (this.#toAck.length === 0) return true;
    try {
      this.#outbox.ack(this.#toAck);
      this.#toAck = [];
      return true;
    } catch (error) {
      // They stay leased, so they are not sent twice; the next poll tries again.
      this.#storeFailed(error);
      return false;
    }
  }

  #storeFailed(error: unknown): void {
    if (!(error instanceof DeviceError)) throw error;
    this.#log.error({ code: error.code }, error.message);
  }
}
