import type { Clock } from '../../lib/clock.js';
import { DeviceError, type ErrorCode } from '../../lib/errors.js';

/** What went wrong with a list while the one in force stays in force; holds no mark. */
export interface SyncFault {
  readonly listId: string;
  /** refused: what came must not come into force; failing: it cannot, or not yet. */
  readonly kind: 'refused' | 'failing';
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** How far a list that is synced is. */
export interface SyncStatus {
  /**
   * silent: no manifest has come since the start; current: what is in force is what was offered last;
   * fetching, applying: on the way to `revision`; held-up: the same, but something does not come.
   */
  readonly state: 'silent' | 'current' | 'fetching' | 'applying' | 'held-up';
  /** UTC, milliseconds: in this state. */
  readonly sinceMs: number;
  readonly revision?: number;
  readonly haveBlobs?: number;
  readonly ofBlobs?: number;
  /** Refused last, until something good comes. */
  readonly refused?: SyncFault & { readonly atMs: number };
  /** Failed last, until it is done. */
  readonly failing?: SyncFault & { readonly atMs: number };
}

/** Whoever may write at the broker, without any key, could otherwise fill the log with refusals. */
export const MOST_TOLD_AN_HOUR = 20;
const HOUR_MS = 3_600_000;

/** Keeps the status of one list; what stays wrong is told once, and what changes all the time now and then. */
export class StatusBoard {
  readonly #listId: string;
  readonly #clock: Clock;
  readonly #onFault: (fault: SyncFault) => void;
  #status: SyncStatus;
  /** Monotonic milliseconds: when faults were told, within the last hour. */
  #toldMono: readonly number[] = [];

  constructor(listId: string, clock: Clock, onFault: (fault: SyncFault) => void) {
    this.#listId = listId;
    this.#clock = clock;
    this.#onFault = onFault;
    this.#status = { state: 'silent', sinceMs: clock.nowMs() };
  }

  get status(): SyncStatus {
    return this.#status;
  }

  /** What was refused or failed before stays told until it is cleared. */
  enter(status: Pick<SyncStatus, 'state' | 'revision' | 'haveBlobs' | 'ofBlobs'>): void {
    const { refused, failing, state, sinceMs } = this.#status;
    this.#status = {
      ...status,
      sinceMs: state === status.state ? sinceMs : this.#clock.nowMs(),
      ...(refused && { refused }),
      ...(failing && { failing }),
    };
  }

  /** @throws what is no DeviceError: a fault of ours. */
  fault(kind: SyncFault['kind'], error: unknown): void {
    if (!(error instanceof DeviceError)) throw error;
    const { code, message, hint } = error;
    const fault = { listId: this.#listId, kind, code, message, hint };
    const isKnown = this.#status[kind]?.message === message;
    this.#status = { ...this.#status, [kind]: { ...fault, atMs: this.#clock.nowMs() } };
    if (!isKnown && this.#mayTell()) this.#onFault(fault);
  }

  #mayTell(): boolean {
    const nowMono = this.#clock.monoMs();
    this.#toldMono = this.#toldMono.filter((atMono) => nowMono - atMono < HOUR_MS);
    if (this.#toldMono.length >= MOST_TOLD_AN_HOUR) return false;
    this.#toldMono = [...this.#toldMono, nowMono];
    return true;
  }

  clear(kind: SyncFault['kind']): void {
    const { [kind]: _, ...rest } = this.#status;
    this.#status = rest;
  }
}
