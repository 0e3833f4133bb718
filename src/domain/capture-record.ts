import type { Passage } from './passage.js';
import type { SealedPosition } from './position.js';
import type { Match } from './voi.js';

/** How far the device's clock can be believed at the time of a record. */
export interface ClockQuality {
  /** Where the time comes from; `unknown` until something has said. */
  readonly source: 'ntp' | 'gps' | 'unknown';
  /** How far the clock is thought to be from that time; positive: ahead of it. */
  readonly offsetMs?: number;
  /** How far it is from that time at most. */
  readonly maxErrorMs?: number;
}

/** The national term: a read with its pictures and metadata, for one vehicle passing one camera. */
export interface CaptureRecord {
  /** UUIDv7; the passage's id; the receiver's idempotency key. */
  readonly id: string;
  /** Grows with the records of this device's store, and leaps where another file took its place; statements have numbers of their own. */
  readonly sequence: number;
  readonly passage: Passage;
  readonly clock: ClockQuality;
  /** Of the moment of capture; absent where there is no source of positions, or no key to seal to. */
  readonly position?: SealedPosition;
}

/** A read on a VOI list. */
export interface Hit {
  /** UUIDv7. */
  readonly id: string;
  readonly recordId: string;
  /** UTC, milliseconds: when the match was made. */
  readonly matchedAtMs: number;
  readonly match: Match;
}
