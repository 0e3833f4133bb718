import type { UkClass } from '../domain/grammar/forms.js';
import { type RecordText, recordOf, type SealedText, type WireFormat, type WireMessage } from './payloads.js';
import { ONVIF_RULE, onvifTopicOf } from './topics.js';

/**
 * Reads as ONVIF Profile M events (JSON over MQTT), a second rendering for receivers that know
 * nothing else.
 *
 * The form has no event id, no place for a hit and none for a signature. What could not be read is
 * left out: the plate number is mandatory, and an empty one would be taken for a plate. An element that
 * ONVIF defines in XML stands below the name of its item once more, its text as `#text` and its
 * attributes behind an `@`, as cameras publish it.
 */

/** Behaviour/Direction of the ONVIF schema: 90 degrees is away from the device. */
const YAW = { towards: -90, away: 90 } as const;

/** Forms of marks that other authorities than the United Kingdom's issue. */
const NOT_GB: ReadonlySet<UkClass> = new Set(['irish', 'jersey', 'guernsey', 'isle-of-man']);

/** @returns undefined where the passage has no read. */
export function renderOnvif(
  statement: SealedText,
  wire: WireFormat,
  topicPrefix: string,
): WireMessage | undefined {
  const record = recordOf(statement);
  if (record?.vrm === undefined) return undefined;
  const { cameraId, vrm, probability: likelihood, capturedAt, ukClass, direction } = record;
  const event = {
    UtcTime: capturedAt,
    Source: { VideoSource: cameraId, Rule: ONVIF_RULE },
    Data: {
      Likelihood: likelihood,
      // Whole numbers are all that ONVIF takes here; this one leads to the signed statement.
      ObjectId: statement.evidence.sequence,
      LicensePlateInfo: {
        LicensePlateInfo: {
          PlateNumber: { '#text': vrm, '@Likelihood': likelihood },
          ...(ukClass !== undefined && {
            PlateType: { '#text': ukClass },
            ...(!NOT_GB.has(ukClass) && { CountryCode: { '#text': 'GB' } }),
          }),
        },
      },
      ...(record.frameSize !== undefined && {
        BoundingBox: { BoundingBox: boxOf(record.plateCorners, record.frameSize) },
      }),
      ...(direction !== 'unknown' && { Direction: { Direction: { '@yaw': YAW[direction] } } }),
    },
  };
  return {
    topic: onvifTopicOf(topicPrefix, wire.unitId, cameraId),
    retain: false,
    payload: Buffer.from(JSON.stringify(event)),
    ...(wire.protocolVersion === 5 && { contentType: 'application/json' }),
  };
}

/**
 * The upright box around the plate in ONVIF's frame of reference: the whole picture is -1 to 1 both
 * ways, with the origin in its middle and y upwards.
 */
function boxOf(
  corners: RecordText['plateCorners'],
  [widthPx, heightPx]: NonNullable<RecordText['frameSize']>,
) {
  const xs = corners.map(([x]) => (2 * x) / widthPx - 1);
  const ys = corners.map(([, y]) => 1 - (2 * y) / heightPx);
  return {
    '@left': rounded(Math.min(...xs)),
    '@top': rounded(Math.max(...ys)),
    '@right': rounded(Math.max(...xs)),
    '@bottom': rounded(Math.min(...ys)),
  };
}

/** Corners are whole pixels: six digits are a thousandth of one. A plate at the edge may reach past it. */
function rounded(value: number): number {
  return Number(Math.max(-1, Math.min(1, value)).toFixed(6));
}
