import type { EncodedImage } from './passage.js';
import type { StatementKind } from './statement.js';

/**
 * What waits for the broker, and in which order it goes.
 *
 * Text goes before pictures and hits go before everything, so that after an outage an officer
 * hears of the wanted vehicle first. The number is the order.
 */
export const LANES = { hits: 0, reads: 1, 'hit-images': 2, 'read-images': 3, health: 4 } as const;

export type Lane = keyof typeof LANES;

export const LANE_NAMES = Object.keys(LANES) as Lane[];

export type ImageKind = 'plate-patch' | 'overview';

/** A hit that was issued for a record, and whether the record's final read still says that mark. */
export interface HitReference {
  readonly id: string;
  readonly stands: boolean;
}

export type OutboxMessage =
  | {
      /** A hit and an event go in lane `hits`, a read in `reads`, a loss in `health`. */
      readonly kind: StatementKind;
      /** Of the hit, the record, the event or the loss. */
      readonly id: string;
      /** The sealed statement: JSON, published byte for byte. */
      readonly text: string;
    }
  | {
      readonly kind: 'image';
      readonly recordId: string;
      readonly cameraId: string;
      readonly imageKind: ImageKind;
      /** Counts the pictures of this kind for this record from 1; the highest is the best. */
      readonly revision: number;
      /** UTC, milliseconds: when the picture was taken. */
      readonly pictureAtMs: number;
      readonly image: EncodedImage;
    }
  | {
      /** The state of the unit: only the newest waits. */
      readonly kind: 'health';
      /** UUIDv7. */
      readonly id: string;
      /** UTC, milliseconds. */
      readonly atMs: number;
      /** JSON. */
      readonly text: string;
    };

export interface OutboxItem {
  readonly id: number;
  readonly lane: Lane;
  /** UTC, milliseconds: when it was put in. */
  readonly queuedAtMs: number;
  readonly message: OutboxMessage;
}

export interface LaneTotals {
  readonly items: number;
  /** Of the payloads. */
  readonly bytes: number;
}

/** What a link has carried in one hour, by lane, payloads and their packets. */
export interface MeteredHour {
  /** Hours since 1970, UTC. */
  readonly hour: number;
  readonly bytes: Readonly<Record<Lane, number>>;
}

/**
 * The queue between the store and the uplink.
 *
 * Invariants
 * - An item is leased to one holder at a time, in the order of the lanes, first in first out inside one.
 * - An item leaves the queue only by `ack`, after the broker has acknowledged it (or by the store's
 *   budget, which counts it).
 * - Leases are in memory: what was leased when the process died is leased again by the next one.
 */
export interface Outbox {
  /**
   * The first items that are not leased, out of these lanes alone, at most `limit`.
   * @throws DeviceError store.write-failed when the store cannot be read.
   */
  lease(limit: number, lanes?: readonly Lane[]): readonly OutboxItem[];
  /**
   * Deletes what the broker has acknowledged, and in the same transaction adds to the meter what was
   * sent, whether it was acknowledged or not.
   * @throws DeviceError store.write-failed: nothing of it was done; call it again.
   */
  ack(ids: readonly number[], sent?: MeteredHour): void;
  /** Gives items back that were not acknowledged. */
  release(ids: readonly number[]): void;
  /** What waits by lane, leased or not; costs the same however much waits. */
  waiting(): Readonly<Record<Lane, LaneTotals>>;
  /** What the meter says of an hour; those of a day around the one that was counted last are kept. */
  metered(hour: number): MeteredHour;
}
