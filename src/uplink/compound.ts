import type { OutboxMessage } from '../domain/outbox.js';
import { recordOf, type SealedText, type WireFormat, type WireMessage } from './payloads.js';
import { TOPICS, topicOf } from './topics.js';

/**
 * Compound captures, the shape of older back offices: text first, pictures later, joined by
 * `captureID`. A second rendering: it has no place for a hit or a signature.
 *
 * What could not be read has no capture, as the mark is mandatory; a picture whose captureID never
 * came belongs to such a passage. Position and camera preset are left out: the device has neither.
 */
export interface Capture {
  /** The record's UUIDv7: the receiver's key for telling a repeat and for placing pictures. */
  readonly captureID: string;
  /** The unit. */
  readonly feedID: string;
  /** The camera, in a name that is unique over units. */
  readonly sourceID: string;
  readonly cameraID: string;
  readonly vrm?: string;
  /** ISO 8601, UTC. */
  readonly captureDate?: string;
  /** 0 to 99. */
  readonly confidencePercentage?: number;
  /** Left out where it is not known. */
  readonly motionTowardCamera?: boolean;
  /** JPEG, base64. */
  readonly plateImage?: string;
  readonly overviewImage?: string;
}

/** @returns undefined where the passage has no read. */
export function readCapture(statement: SealedText, unitId: string): Capture | undefined {
  const record = recordOf(statement);
  if (record?.vrm === undefined || record.probability === undefined) return undefined;
  const { recordId, cameraId, vrm, capturedAt, probability, direction } = record;
  return {
    captureID: recordId,
    ...sourceOf(unitId, cameraId),
    vrm,
    captureDate: capturedAt,
    // 100 would say that an error is impossible.
    confidencePercentage: Math.min(99, Math.floor(probability * 100)),
    ...(direction !== 'unknown' && { motionTowardCamera: direction === 'towards' }),
  };
}

export function pictureCapture(message: OutboxMessage & { kind: 'image' }, unitId: string): Capture {
  const picture = Buffer.from(message.image.jpeg).toString('base64');
  return {
    captureID: message.recordId,
    ...sourceOf(unitId, message.cameraId),
    ...(message.imageKind === 'plate-patch' ? { plateImage: picture } : { overviewImage: picture }),
  };
}

export function renderCompound(captures: readonly Capture[], wire: WireFormat): WireMessage {
  return {
    topic: topicOf('compound', wire),
    retain: TOPICS.compound.retain,
    payload: Buffer.from(JSON.stringify({ captures })),
    ...(wire.protocolVersion === 5 && { contentType: 'application/json' }),
  };
}

function sourceOf(unitId: string, cameraId: string) {
  return { feedID: unitId, sourceID: `${unitId}.${cameraId}`, cameraID: cameraId };
}
