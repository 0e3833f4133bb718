import type { ClockQuality } from './capture-record.js';
import type { SealedPosition } from './position.js';

/** What happens to the device itself, or what its crew decides; stored, signed and forwarded like a hit. */
export type DeviceEventKind =
  | 'tamper-opened'
  | 'tamper-closed'
  | 'moved'
  | 'ignition-off'
  | 'hit-confirmed'
  | 'hit-rejected';

export interface DeviceEvent {
  /** UUIDv7; the receiver's idempotency key. */
  readonly id: string;
  readonly kind: DeviceEventKind;
  /** UTC, milliseconds: when it happened. */
  readonly atMs: number;
  /** Of hit-confirmed and hit-rejected alone: the hit that the crew decided on. */
  readonly hitId?: string;
  readonly clock: ClockQuality;
  readonly position?: SealedPosition;
}
