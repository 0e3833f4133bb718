import type { InFlight } from './in-flight.js';

export interface ConnectionWatchOptions {
  /** An acknowledgement that has not come after so long never will. */
  readonly answerMs: number;
  /** How long a hit may wait for what was sent before it. */
  readonly hitWaitMs: number;
}

/** Why a connection is given up. */
export type Verdict = 'unanswered' | 'held-up';

/** A link that carries less is none: until a message has had the time for that, it is not overdue. */
const SLOWEST_BYTES_PER_MS = 1;
/** Connecting anew costs some packets back and forth: not for less ahead of a hit than that. */
const HELD_UP_BYTES = 8_192;
const HELD_UP_AGAIN_MS = 30_000;
const YOUNG_MS = 10_000;

/**
 * Whether a connection is worth keeping; pure, time is an argument (monotonic milliseconds).
 *
 * Invariants
 * - `unanswered`: nothing at all was acknowledged for `answerMs`, and for as long as the oldest message
 *   takes on the slowest link; a large picture on a slow link is not taken for a dead broker.
 * - `held-up`: the link has become slow, and a hit waits behind what was sent while it was fast. On a
 *   new connection it goes first. At most twice a minute, and not on a young connection, so that a
 *   link which stays slow is not cut again and again: there the pace holds from the start.
 */
export class ConnectionWatch {
  readonly #options: ConnectionWatchOptions;
  #connectedMono = 0;
  #answeredMono = 0;
  #heldUpMono = Number.NEGATIVE_INFINITY;

  constructor(options: ConnectionWatchOptions) {
    this.#options = options;
  }

  connected(nowMono: number): void {
    this.#connectedMono = nowMono;
  }

  answered(nowMono: number): void {
    this.#answeredMono = nowMono;
  }

  /** @param delayMs of a message on this link when it is idle. */
  verdict(inFlight: InFlight, delayMs: number, nowMono: number): Verdict | undefined {
    const { oldest } = inFlight;
    if (oldest === undefined) return undefined;
    const { answerMs, hitWaitMs } = this.#options;
    const silentMs = nowMono - Math.max(oldest.parcel.sentMono, this.#answeredMono);
    if (silentMs > answerMs + oldest.parcel.bytes / SLOWEST_BYTES_PER_MS) return 'unanswered';
    const stuck = inFlight.oldestHit();
    if (stuck === undefined || stuck.bytesAhead < HELD_UP_BYTES) return undefined;
    if (nowMono - stuck.hit.parcel.sentMono - delayMs <= hitWaitMs) return undefined;
    if (nowMono - this.#heldUpMono < HELD_UP_AGAIN_MS) return undefined;
    if (nowMono - this.#connectedMono < YOUNG_MS) return undefined;
    this.#heldUpMono = nowMono;
    return 'held-up';
  }
}
