import type { Place } from '../domain/position.js';

/** What a receiver says beside the place. */
export interface FixDetails {
  /** UTC, milliseconds, with the receiver's own date. */
  readonly gpsAtMs?: number;
  readonly hdop?: number;
  readonly satellites?: number;
  readonly speedMetresPerSecond?: number;
  readonly courseDeg?: number;
}

/**
 * What one sentence of NMEA, or one report of gpsd, says. `epoch` names the moment that the receiver
 * measured at, as it writes it: sentences with the same one speak of the same moment,
 * and one without speaks of a moment of its own.
 */
export type Utterance =
  | { readonly kind: 'place'; readonly epoch?: string; readonly place: Place; readonly details: FixDetails }
  /** It has no fix. */
  | { readonly kind: 'void'; readonly epoch?: string }
  /** Of the moment that is being told, without naming it. */
  | { readonly kind: 'details'; readonly details: FixDetails }
  /** Understood, and nothing that matters here. */
  | { readonly kind: 'other' };
