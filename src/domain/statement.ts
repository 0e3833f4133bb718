import type { CaptureRecord, Hit } from './capture-record.js';
import type { DeviceEvent } from './device-event.js';
import type { HitReference, ImageKind, Lane } from './outbox.js';

/**
 * What a unit says under its signature: every hit, every capture record, every event, and every loss, in one
 * chain.
 *
 * Statements are numbered from 1 without a gap, in the order in which they were committed, and each
 * names the digest of the one before. So whoever receives them sees from numbers alone that one is
 * missing, and a loss that the unit chose itself (its budget was spent) is stated in the chain too.
 */

/** The end of the chain so far. */
export interface ChainHead {
  /** UUIDv7, minted with the database: a unit that lost its store begins another chain. */
  readonly chain: string;
  /** Of the last statement; 0 before the first. */
  readonly sequence: number;
  /** SHA-256 of the last statement's canonical JSON, base64url; '' before the first. */
  readonly digest: string;
}

/** A picture that belongs to a record, by what it is and not where it is. */
export interface ImageDigest {
  readonly kind: ImageKind;
  /** The best picture of its kind has the highest. */
  readonly revision: number;
  /** Of the JPEG, base64url. */
  readonly sha256: string;
}

/** Why something was taken out of the store before the broker had it. */
export type LossReason = 'budget' | 'age' | 'damage';

export interface Loss {
  readonly lane: Lane;
  readonly reason: LossReason;
  readonly count: number;
  /** More than `count` may have been lost: what would say how many is gone as well. */
  readonly uncounted?: true;
  /**
   * First and last number of runs of statements: those of lane `reads` that will never come, or for a
   * lane of pictures those whose pictures will not.
   */
  readonly statements: readonly (readonly [number, number])[];
  /** The runs take in numbers that were not lost: there were too many to name each. */
  readonly coarse?: true;
  /** Whose numbers they are, where it is an earlier chain of the unit. */
  readonly chain?: string;
}

/** What a statement is made of. */
export type StatementSource =
  | {
      readonly kind: 'hit';
      readonly hit: Hit;
      /** As it was when the hit was issued. */
      readonly record: CaptureRecord;
      readonly images: readonly ImageDigest[];
      /** UTC, milliseconds. */
      readonly committedAtMs: number;
    }
  | {
      readonly kind: 'read';
      readonly record: CaptureRecord;
      readonly hits: readonly HitReference[];
      readonly images: readonly ImageDigest[];
      /** UTC, milliseconds: when its read was compared with the lists; absent where there was none. */
      readonly matchedAtMs?: number;
      readonly committedAtMs: number;
    }
  | {
      readonly kind: 'event';
      readonly event: DeviceEvent;
      readonly committedAtMs: number;
    }
  | {
      readonly kind: 'loss';
      /** UUIDv7. */
      readonly id: string;
      readonly losses: readonly Loss[];
      readonly committedAtMs: number;
    };

export type StatementKind = StatementSource['kind'];

export interface SealedStatement {
  readonly kind: StatementKind;
  /** Of the hit, the record, the event or the loss; the receiver's idempotency key. */
  readonly id: string;
  readonly sequence: number;
  /** Of this statement, as the next one will name it. */
  readonly digest: string;
  /** The JSON that is published, byte for byte, its evidence included. */
  readonly text: string;
}

/** Signs statements and links them; called inside the transaction that commits what they say. */
export interface Notary {
  /**
   * @param follows how far other chains of the unit went, at least; empty: there was one, and nothing is known of it
   *   any more; absent: there is nothing to say.
   */
  seal(source: StatementSource, head: ChainHead, follows?: readonly ChainHead[]): SealedStatement;
}
