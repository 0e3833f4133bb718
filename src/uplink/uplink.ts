import type { MqttConfig } from '../config/link-schema.js';
import type { Outbox } from '../domain/outbox.js';
import type { Clock } from '../lib/clock.js';
import type { Logger } from '../lib/log.js';
import { Drain, type DrainSnapshot } from './drain.js';
import type { InboundHandler, InboundSnapshot } from './inbound.js';
import type { LinkSnapshot } from './link-snapshot.js';
import { Renderer } from './renderer.js';
import { MqttSession } from './session.js';

export interface UplinkSnapshot extends DrainSnapshot {
  readonly link: LinkSnapshot;
  readonly inbound: InboundSnapshot;
}

export interface UplinkOptions {
  readonly config: MqttConfig;
  readonly unitId: string;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The way to the broker and back: one connection, the drain that empties the outbox, and what is listened to. */
export class Uplink {
  readonly #session: MqttSession;
  readonly #drain: Drain;

  constructor(options: UplinkOptions) {
    const { config, unitId, outbox, clock, log } = options;
    this.#session = new MqttSession({ config, unitId, clock, log });
    const renderer = new Renderer({ renderings: config.renderings });
    this.#drain = new Drain({ config, unitId, outbox, link: this.#session, renderer, clock, log });
  }

  /** Returns at once; a broker that is away is an everyday state, seen in the snapshot. */
  start(): void {
    this.#drain.start();
    this.#session.start(() => this.#drain.connected());
  }

  /** Sends what can be sent within `drainSeconds`, says `stopped` and ends the connection. */
  async stop(): Promise<void> {
    await this.#drain.stop();
    await this.#session.stop();
  }

  /** Call it after a commit: what was enqueued goes now and not at the next poll. */
  wake(): void {
    this.#drain.wake();
  }

  /** One handler for what comes on every subscription; set it before `start`. */
  onMessage(handler: InboundHandler): void {
    this.#session.inbound.onMessage(handler);
  }

  /** Listens to exactly these topics, on this connection and on those that follow. */
  setSubscriptions(topics: readonly string[]): void {
    this.#session.inbound.setTopics(topics);
  }

  snapshot(): UplinkSnapshot {
    return {
      ...this.#drain.snapshot(),
      link: this.#session.snapshot(),
      inbound: this.#session.inbound.snapshot(),
    };
  }
}
