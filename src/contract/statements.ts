import { z } from 'zod';
import type { ClockQuality } from '../domain/capture-record.js';
import type { DeviceEvent } from '../domain/device-event.js';
import type { UkClass } from '../domain/grammar/forms.js';
import type { PlateHint } from '../domain/hint.js';
import type { HitReference } from '../domain/outbox.js';
import type { Direction, UnreadableReason } from '../domain/passage.js';
import type { SealedPosition } from '../domain/position.js';
import type { ChainHead, ImageDigest, Loss, LossReason } from '../domain/statement.js';
import type { ListLevel, MatchKind, VoiEntry } from '../domain/voi.js';
import {
  clockSource,
  count,
  digest,
  eventKind,
  instant,
  lane,
  oneOf,
  opaqueId,
  probability,
  uuid,
  vrm,
} from './fields.js';

/** What a unit says under its signature: hits, reads, events and losses. */

const evidence = z
  .strictObject({
    chain: uuid().describe('A unit that lost its store begins another chain.'),
    sequence: z
      .int()
      .min(1)
      .describe('From 1 without a gap over hits, reads, events and losses of the chain.'),
    previous: z
      .union([digest(), z.literal('')])
      .describe("Digest of the statement before, base64url: SHA-256 of its signed bytes; '' for the first."),
    follows: z
      .array(
        z.strictObject({
          chain: uuid(),
          sequence: z
            .int()
            .min(1)
            .describe('Of its last statement; there may be more where its end was lost.'),
          digest: digest().describe('Of that statement.'),
        } satisfies Record<keyof ChainHead, z.ZodType>),
      )
      .optional()
      .describe(
        'Other chains of the unit that went before, and how far: so that a tail which was cut off is seen. Empty: there was one, and the unit knows nothing of it any more. Absent of nearly all statements.',
      ),
    keyId: z
      .string()
      .regex(/^[0-9a-f]{16}$/)
      .describe('First 16 hex digits of the SHA-256 of the raw public key.'),
    signature: z
      .string()
      .regex(/^[A-Za-z0-9_-]{86}$/)
      .describe(
        'Ed25519, base64url, over the whole statement without this field in canonical JSON (RFC 8785).',
      ),
  })
  .describe('What makes the statement one link of a signed chain.');

const sealed = {
  unitId: opaqueId(),
  committedAt: instant().describe('When it was committed to the store of the unit.'),
  evidence,
};

const images = z
  .array(
    z.strictObject({
      kind: oneOf({ 'plate-patch': '', overview: '' }),
      revision: z.int().min(1).describe('The best picture of its kind has the highest.'),
      sha256: digest().describe('Of the JPEG, base64url.'),
    } satisfies Record<keyof ImageDigest, z.ZodType>),
  )
  .min(1)
  .describe('Pictures that belong to the record and travel by themselves; absent where there is none.');

const milliseconds = (what: string) => z.int().describe(`${what}, in milliseconds from capturedAt.`);

const frames = z
  .strictObject({
    first: count().describe('Number of the first frame in which it was found.'),
    last: count(),
    found: count().describe('Frames in which the plate was found.'),
    read: count().describe('Frames in which it was read as well.'),
  })
  .describe('Of the camera, counted from 0.');

const clock = z
  .strictObject({
    source: clockSource(),
    offsetMs: z
      .number()
      .optional()
      .describe("How far the unit's clock is thought to be from it; positive: ahead."),
    maxErrorMs: z.int().min(0).optional().describe('How far it is from it at most.'),
  } satisfies Record<keyof ClockQuality, z.ZodType>)
  .describe('How far the times can be believed.');

const position = z
  .strictObject({
    keyId: z
      .string()
      .regex(/^[0-9a-f]{16}$/)
      .describe("First 16 hex digits of the SHA-256 of the centre's raw public key."),
    sealed: z
      .string()
      .regex(/^[A-Za-z0-9_-]{256}$/)
      .describe(
        [
          'Base64url: encapsulated key (32 bytes), ciphertext (144), tag (16). HPKE (RFC 9180), base mode, X25519,',
          'HKDF-SHA256, AES-256-GCM; info is "anprd position 1", aad is unitId, a slash, and recordId or eventId.',
          'It opens to JSON with spaces behind it: lat, lon (WGS 84, degrees), source (surveyed, serial, gpsd),',
          'ageMs (from the nearest fix), and where known interpolated, hdop, sats, speed (m/s), course (degrees from',
          'true north).',
        ].join(' '),
      ),
  } satisfies Record<keyof SealedPosition, z.ZodType>)
  .describe(
    'Where the unit was, for the centre alone: anprctl unseal opens it. Absent where it was not known.',
  );

/** Parts that several statements share; named in the document, so that they stand there once. */
export const STATEMENT_PARTS = {
  Evidence: evidence,
  Pictures: images,
  Frames: frames,
  Clock: clock,
  Position: position,
};

/** What is known of every passage. */
const record = {
  recordId: uuid().describe("The receiver's key for telling a repeat."),
  cameraId: opaqueId(),
  hints: z
    .array(
      oneOf<PlateHint>({
        'mis-spaced': 'groups are not set apart as prescribed',
        'partly-hidden': 'something covers a part of the plate',
        'suspected-ghost': 'it shines as a plate does, but characters are missing or faint',
      }),
    )
    .min(1)
    .optional()
    .describe('Reasons to look at the plate; no finding and no offence.'),
  capturedAt: instant().describe('Of the frame that decided the read.'),
  firstSeenMs: milliseconds('When the vehicle was first seen'),
  lastSeenMs: milliseconds('When it was last seen'),
  pictureMs: milliseconds('When the frame was captured that the pictures show'),
  frames,
  direction: oneOf<Direction>({
    towards: 'to the camera',
    away: 'from the camera',
    unknown: '',
  }),
  plateCorners: z
    .array(z.array(z.int()).length(2))
    .length(4)
    .describe(
      'x and y of the plate in the frame of the pictures, in pixels of a frame of frameSize: top left, top right, bottom right, bottom left as the plate is read.',
    ),
  frameSize: z
    .array(z.int().min(1))
    .length(2)
    .optional()
    .describe("Width and height of the camera's frame; the overview may show it smaller."),
  clock,
  position: position.optional(),
};

const readable = {
  outcome: z.literal('read'),
  vrm: vrm().describe('The mark as read, without spaces; O and 0, I and 1 as the form of the mark has them.'),
  probability: probability().describe('That the whole mark is right, O = 0 and I = 1.'),
  characterProbabilities: z.array(probability()).min(1).optional().describe('By place.'),
  otherCharacters: z
    .array(
      z.strictObject({
        place: z.int().min(0).describe('In the mark, from 0.'),
        character: z.string().regex(/^[A-Z0-9]?$/),
        probability: probability(),
      }),
    )
    .min(1)
    .optional()
    .describe('What else may stand in a place, with a probability of at least 0.01.'),
  lines: z.array(z.string()).min(2).optional().describe('Where the plate has two lines: its text by line.'),
  ukClass: oneOf<UkClass>({
    current: '',
    prefix: '',
    suffix: '',
    q: '',
    'northern-ireland': '',
    dateless: '',
    diplomatic: '',
    trade: '',
    military: '',
    'isle-of-man': '',
    jersey: '',
    guernsey: '',
    irish: '',
  })
    .optional()
    .describe('The class of mark whose form it has, if any.'),
};

const unreadable = {
  outcome: z.literal('unreadable'),
  reason: oneOf<UnreadableReason>({
    'too-small': '',
    blurred: '',
    'low-probability': '',
    'no-characters': '',
  }),
};

const ofRead = {
  type: z.literal('read'),
  ...record,
  matchedAt: instant().optional().describe('When it was compared with the lists; absent where it was not.'),
  hits: z
    .array(
      z.strictObject({
        id: uuid().describe('The hitId.'),
        stands: z
          .boolean()
          .describe('False: the final read says another mark, and the hit is not borne out.'),
      } satisfies Record<keyof HitReference, z.ZodType>),
    )
    .min(1)
    .optional()
    .describe('Hits that were issued for this record.'),
  images: images.optional(),
  ...sealed,
};

export const readStatement = z
  .discriminatedUnion('outcome', [
    z.strictObject({ ...ofRead, ...readable }),
    z.strictObject({ ...ofRead, ...unreadable }),
  ])
  .describe('A capture record: one vehicle that passed one camera, read or not.');

const list = z.strictObject({
  id: opaqueId(),
  level: oneOf<ListLevel>({ local: '', force: '', regional: '', national: '' }),
  owner: z.string(),
  revision: z.int().min(1),
  issuedAt: instant().describe('When its owner last said that this revision is the list.'),
  ageSeconds: count().describe('At the time of the match.'),
  overAge: z.boolean().describe('Older than the unit was told to trust.'),
});

const text = (what = '') => (what === '' ? z.string() : z.string().describe(what));

const entry = z
  .strictObject({
    vrm: vrm(),
    make: text(),
    model: text(),
    colour: text(),
    action: text("As the list's owner wrote it; '' for the list's default."),
    warningMarkers: text(),
    reason: text(),
    intelligenceGrading: text(),
    informationAction: text(),
    forceAndArea: text(),
    weedDate: text("YYYY-MM-DD, or ''."),
    pncId: text(),
    protectiveMarking: text(),
    cadInformation: text(),
    spare1: text(),
    spare2: text(),
    validFrom: text("UTC instant, or ''."),
    validTo: text("UTC instant, or ''."),
  } satisfies Record<keyof VoiEntry, z.ZodType>)
  .describe('The row of the list, whole.');

export const hitStatement = z
  .strictObject({
    type: z.literal('hit'),
    hitId: uuid().describe("The receiver's key for telling a repeat."),
    kind: oneOf<MatchKind>({
      exact: 'the read is the listed mark',
      equivalent: 'it is but for O = 0 and I = 1, which print alike',
      possible: 'another mark, which the reader may have taken for the one it read',
    }),
    probability: probability().describe('That the vehicle bears the listed mark.'),
    alerts: z.boolean().describe('Probable enough, by the threshold of one of the lists, to call a crew.'),
    late: z.boolean().describe('The vehicle had passed before the entry came.'),
    entries: z
      .array(z.strictObject({ action: z.string(), list, entry }))
      .min(1)
      .describe('Every entry of every list that names the vehicle, the most urgent first.'),
    alternatives: z
      .array(z.strictObject({ vrm: vrm(), probability: probability(), listIds: z.array(opaqueId()) }))
      .describe('Other listed marks that the vehicle may bear as well.'),
    lists: z
      .array(
        z.strictObject({
          id: opaqueId(),
          revision: z.int().min(1),
          ageSeconds: z.int(),
          overAge: z.boolean(),
        }),
      )
      .describe('Every list that was in force, also those that do not name the vehicle.'),
    matchedAt: instant(),
    read: z
      .strictObject({ ...record, ...readable })
      .describe('The record as it was when the hit was issued; its final state comes as a read.'),
    images: images.optional(),
    ...sealed,
  })
  .describe('A read that matched a vehicle of interest.');

/** Two of them are called otherwise on the wire. */
const {
  id: eventId,
  atMs: at,
  ...ofEvent
} = {
  id: uuid().describe("The receiver's key for telling a repeat."),
  kind: eventKind(),
  atMs: instant().describe('When it happened.'),
  hitId: uuid().optional().describe('The hit that the crew confirmed or rejected.'),
  clock,
  position: position.optional(),
} satisfies Record<keyof DeviceEvent, z.ZodType>;

export const eventStatement = z
  .strictObject({ type: z.literal('event'), eventId, at, ...ofEvent, ...sealed })
  .describe('Something that happened to the unit itself, or that its crew decided.');

export const lossStatement = z
  .strictObject({
    type: z.literal('loss'),
    lossId: uuid().describe("The receiver's key for telling a repeat."),
    losses: z
      .array(
        z.strictObject({
          lane: lane(),
          reason: oneOf<LossReason>({
            budget: 'the room for it was spent',
            age: 'it had waited for too long',
            damage: 'the store was damaged',
          }),
          count: count(),
          uncounted: z
            .literal(true)
            .optional()
            .describe('More than count may have been lost: nobody can tell how many.'),
          statements: z
            .array(z.array(z.int().min(1)).length(2))
            .describe(
              'First and last number of runs of statements: reads that will never come, or hits and reads whose pictures will not.',
            ),
          coarse: z
            .literal(true)
            .optional()
            .describe(
              'Of pictures alone: the runs take in numbers whose pictures do come, as there were too many to name.',
            ),
          chain: uuid()
            .optional()
            .describe('Whose numbers they are, where it is an earlier chain of the unit.'),
        } satisfies Record<keyof Loss, z.ZodType>),
      )
      .min(1),
    ...sealed,
  })
  .describe(
    'What the unit dropped before the broker had it, and why. Hits are lost with a damaged store only.',
  );
