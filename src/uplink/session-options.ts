import type { MqttConfig } from '../config/link-schema.js';
import type { Clock } from '../lib/clock.js';
import type { Logger } from '../lib/log.js';
import type { Interfaces } from './network.js';

export interface MqttSessionOptions {
  readonly config: MqttConfig;
  readonly unitId: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly pace?: Partial<SessionPace>;
  /** This device's networks; injected so that tests can change them. */
  readonly interfaces?: () => Interfaces;
}

/** How often and how long; the defaults suit a device, tests are in more of a hurry. */
export interface SessionPace {
  /** Between looks at certificate files and networks, and at whether a better broker is due. */
  readonly watchMs: number;
  /** An attempt is given up after so long. */
  readonly connectWithinMs: number;
  /** How long a lesser broker is kept before a better one is looked for, at first and at most. */
  readonly returnFirstMs: number;
  readonly returnMostMs: number;
}

export const SESSION_PACE: SessionPace = {
  watchMs: 2_000,
  connectWithinMs: 20_000,
  returnFirstMs: 300_000,
  returnMostMs: 900_000,
};
