/**
 * Where the device was.
 *
 * Where a camera stands is confidential: a position is a value of the main process's memory alone.
 * What is stored and sent is the sealed form, which only the centre can open; not even the device
 * can open it again.
 */

export type PositionSourceKind = 'surveyed' | 'serial' | 'gpsd';

/** WGS 84, degrees; north and east are positive. */
export interface Place {
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
}

/** What a receiver said at one moment. A void fix is no fix: it never becomes one. */
export interface Fix extends Place {
  /** Monotonic milliseconds: when the device had it, less what the line took to carry it. */
  readonly atMono: number;
  /** UTC, milliseconds, as the receiver has it from the satellites; absent where it gave no date. */
  readonly gpsAtMs?: number;
  readonly hdop?: number;
  readonly satellites?: number;
  readonly speedMetresPerSecond?: number;
  /** Degrees clockwise from true north; absent where it does not move. */
  readonly courseDeg?: number;
}

/** Where the device was when a frame was captured. */
export interface Position extends Place {
  readonly source: PositionSourceKind;
  /** From the nearest fix that it rests on to the capture; 0 for a surveyed place. Nothing is guessed: this tells. */
  readonly ageMs: number;
  /** Whether it lies between two fixes, one before and one after the capture. */
  readonly isInterpolated: boolean;
  readonly hdop?: number;
  readonly satellites?: number;
  readonly speedMetresPerSecond?: number;
  readonly courseDeg?: number;
}

/** A position as it is stored and sent: HPKE (RFC 9180), to the centre's public key. */
export interface SealedPosition {
  /** First 16 hex digits of the SHA-256 of the raw public key that it is sealed to. */
  readonly keyId: string;
  /** Base64url: the encapsulated key (32 bytes), the ciphertext and its tag; of the same length for every place. */
  readonly sealed: string;
}

/** What may be said of the receiver in clear: nothing of where it is. */
export interface PositionSnapshot {
  readonly source: PositionSourceKind | 'none';
  /** searching: it speaks, and has no fix; silent: nothing comes, or nothing that can be understood. */
  readonly state: 'fixed' | 'searching' | 'silent' | 'none';
  /** Of the newest fix; absent before the first. */
  readonly ageMs?: number;
  readonly hdop?: number;
  readonly satellites?: number;
  /** Found or configured; of a serial receiver. */
  readonly baudRate?: number;
  readonly sentences: number;
  /** Wrong checksum, cut off, or no sentence at all. */
  readonly badSentences: number;
  readonly reopened: number;
  /** System clock less the receiver's time, milliseconds; what the line and the receiver take is in it. */
  readonly clockOffsetMs?: number;
}
