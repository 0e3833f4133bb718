import type { CaptureRecord, Hit } from './capture-record.js';
import type { EncodedImage } from './passage.js';

/**
 * What waits for the broker, and in which order it goes.
 *
 * Text goes before pictures and hits go before everything, so that after an outage an officer
 * hears of the wanted vehicle first. The number is the order; 4 is kept for health messages.
 */
export const LANES = { hits: 0, reads: 1, 'hit-images': 2, 'read-images': 3 } as const;

export type Lane = keyof typeof LANES;

export type ImageKind = 'plate-patch' | 'overview';

/** A hit that was issued for a record, and whether the record's final read still says that mark. */
export interface HitReference {
  readonly id: string;
  readonly stands: boolean;
}

export type OutboxMessage =
  | {
      readonly kind: 'hit';
      readonly hit: Hit;
      /** The record as it was when the hit was issued, without pictures; later reports do not change it. */
      readonly record: CaptureRecord;
      /** UTC, milliseconds: when the hit was in the store. */
      readonly committedAtMs: number;
    }
  | {
      readonly kind: 'read';
      /** Without pictures: they go by themselves. */
      readonly record: CaptureRecord;
      readonly hits: readonly HitReference[];
    }
  | {
      readonly kind: 'image';
      readonly recordId: string;
      readonly cameraId: string;
      readonly sequence: number;
      readonly imageKind: ImageKind;
      /** Counts the pictures of this kind for this record from 1; the highest is the best. */
      readonly revision: number;
      /** UTC, milliseconds: when the picture was taken. */
      readonly pictureAtMs: number;
      readonly image: EncodedImage;
    };

export interface OutboxItem {
  readonly id: number;
  readonly lane: Lane;
  readonly message: OutboxMessage;
}

/**
 * The queue between the store and the uplink.
 *
 * Invariants
 * - An item is leased to one holder at a time, hits first, first in first out inside a lane.
 * - An item leaves the queue only by `ack`, after the broker has acknowledged it (or by the store's
 *   budget, which counts it).
 * - Leases are in memory: what was leased when the process died is leased again by the next one.
 */
export interface Outbox {
  /** @throws DeviceError store.write-failed when the store cannot be read. */
  lease(limit: number): readonly OutboxItem[];
  /** Deletes what the broker has acknowledged. @throws DeviceError store.write-failed; call it again. */
  ack(ids: readonly number[]): void;
  /** Gives items back that were not acknowledged. */
  release(ids: readonly number[]): void;
}
