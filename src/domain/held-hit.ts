import type { Hit } from './capture-record.js';
import type { DeviceEventKind } from './device-event.js';
import type { Passage } from './passage.js';

/** What the crew says of a hit once it has looked at the vehicle. */
export type CrewDecision = Extract<DeviceEventKind, 'hit-confirmed' | 'hit-rejected'>;

/** A hit as a crew is told of it. */
export interface HeldHit {
  readonly hit: Hit;
  /** As it was when the hit was issued. */
  readonly passage: Passage;
  /** Whether the record's final read, where there is one by now, still says the listed mark. */
  readonly stands: boolean;
  /** The last one, where the crew has decided. */
  readonly decision?: CrewDecision;
  /** UTC, milliseconds. */
  readonly decidedAtMs?: number;
}
