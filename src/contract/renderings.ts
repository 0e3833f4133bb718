import { z } from 'zod';
import { base64, instant, opaqueId, probability, uuid, vrm } from './fields.js';

/** Other forms of reads, for receivers that know nothing else. */

const share = () => z.number().min(-1).max(1);
const words = (schema: z.ZodType) => z.strictObject({ '#text': schema });

export const onvifEvent = z
  .strictObject({
    UtcTime: instant().describe('Of the capture.'),
    Source: z.strictObject({
      VideoSource: opaqueId().describe('The camera, within the unit that the topic names.'),
      Rule: z.literal('anprd'),
    }),
    Data: z.strictObject({
      Likelihood: probability(),
      ObjectId: z.int().min(1).describe("The sequence number of the read's signed statement."),
      LicensePlateInfo: z.strictObject({
        LicensePlateInfo: z.strictObject({
          PlateNumber: z.strictObject({ '#text': vrm(), '@Likelihood': probability() }),
          PlateType: words(z.string())
            .optional()
            .describe('The class of mark; absent where it has no UK form.'),
          CountryCode: words(z.literal('GB')).optional(),
        }),
      }),
      BoundingBox: z
        .strictObject({
          BoundingBox: z.strictObject({
            '@left': share(),
            '@top': share(),
            '@right': share(),
            '@bottom': share(),
          }),
        })
        .optional()
        .describe('Upright box around the plate; the whole frame is -1 to 1 both ways, y upwards.'),
      Direction: z
        .strictObject({ Direction: z.strictObject({ '@yaw': z.union([z.literal(-90), z.literal(90)]) }) })
        .optional()
        .describe('90: away from the camera, -90: towards it; absent where it is not known.'),
    }),
  })
  .describe(
    'A read as an ONVIF Profile M event. No event id, no hit, no signature: those come as CloudEvents.',
  );

const capture = {
  captureID: uuid().describe('The recordId.'),
  feedID: opaqueId().describe('The unit.'),
  sourceID: z
    .string()
    .regex(/^[a-z0-9-]+\.[a-z0-9-]+$/)
    .describe('Unit and camera.'),
  cameraID: opaqueId(),
};

export const compoundCaptures = z
  .strictObject({
    captures: z
      .array(
        z.union([
          z
            .strictObject({
              ...capture,
              vrm: vrm(),
              captureDate: instant(),
              confidencePercentage: z.int().min(0).max(99),
              motionTowardCamera: z.boolean().optional().describe('Absent where it is not known.'),
            })
            .describe('A read.'),
          z.strictObject({ ...capture, plateImage: base64() }).describe('A JPEG; a later one is the better.'),
          z.strictObject({ ...capture, overviewImage: base64() }).describe('The same for the overview.'),
        ]),
      )
      .min(1)
      .max(50),
  })
  .describe(
    'Reads in the shape of older back offices: text first, pictures later by captureID. Passages that could not be read are left out, but not their pictures.',
  );
