import type { DeviceError } from '../lib/errors.js';
import type { CertificateState } from './certificates.js';

/** What can be said of the link at any time; JSON. */

/** waiting: for the next attempt after an outage; refused: the same after a refusal. */
export type LinkState = 'connecting' | 'connected' | 'waiting' | 'refused' | 'stopped';

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export interface LinkSnapshot {
  readonly state: LinkState;
  /** UTC, milliseconds. */
  readonly sinceMs: number;
  /** Connections that were made since the start. */
  readonly connections: number;
  /** The one that is used, or was tried last. */
  readonly broker: {
    /** In mqtt.urls; 0 is the preferred one. */
    readonly index: number;
    /** Its URL without who logs in. */
    readonly name: string;
    /** Why a lesser one is used: what was wrong with the first. */
    readonly firstProblem?: Problem;
  };
  readonly protocolVersion: 4 | 5;
  /** The network that leads to the broker; absent without a connection. */
  readonly networkInterface?: string;
  /** UTC, milliseconds: when the next attempt is made; absent unless one is waited for. */
  readonly retriesAtMs?: number;
  readonly certificates: readonly CertificateState[];
  /** Why changed certificate files are not used; absent where all is well. */
  readonly certificateProblem?: Problem;
  /** What the broker refuses to take on this connection, the status included; absent where nothing. */
  readonly refusal?: Problem;
  /** Why there is no connection, or what the broker refused last; absent where all is well. */
  readonly problem?: Problem;
}

export function problemOf({ code, message, hint }: DeviceError): Problem {
  return { code, message, hint };
}
