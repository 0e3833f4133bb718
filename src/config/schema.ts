import { z } from 'zod';
import { opaqueId, probability, seconds, share, topicWords, whole } from './fields.js';
import { mqttSchema } from './link-schema.js';
import { displaySchema, exposureSchema, linesSchema, positionSchema, powerSchema } from './site-schema.js';

/**
 * Every option of the device, declared once: type, limits, default, and the sentence that explains
 * it. config/anprd.yaml, config/schema.json and the hints in error messages come from here.
 *
 * Unknown keys are errors: a misspelt option that is silently ignored is a fault found in a
 * cabinet, months later.
 */

/** What may wait for the broker in a lane, in megabytes and days. */
const laneBudget = (megabytes: number, days: number) =>
  z
    .strictObject({
      mostMegabytes: z
        .number()
        .min(0)
        .max(1_000_000)
        .default(megabytes)
        .describe('Over this the oldest go, and are counted.'),
      mostDays: z
        .number()
        .min(0.01)
        .max(365)
        .default(days)
        .describe('What has waited for longer goes, and is counted.'),
    })
    .prefault({});
const v4l2Source = z.strictObject({
  kind: z.literal('v4l2').describe('A camera that the kernel shows as /dev/video*.'),
  device: z
    .string()
    .regex(/^\/dev\/|^\d+$/, 'expected a device such as /dev/video0')
    .describe('The device; a stable name below /dev/v4l/by-id survives replugging.'),
  widthPx: whole(1280, 160, 7680).describe('Picture width asked of the camera.'),
  heightPx: whole(720, 120, 4320).describe('Picture height asked of the camera.'),
  framesPerSecond: z.number().min(1).max(240).default(25).describe('Rate asked of the camera.'),
});
const rtspSource = z.strictObject({
  kind: z.literal('rtsp').describe('A network camera.'),
  url: z
    .string()
    .regex(/^rtsps?:\/\//, 'expected a URL such as rtsp://address:554/stream')
    .describe('The stream; keep passwords out of it where the camera allows.'),
});
const gstreamerSource = z.strictObject({
  kind: z.literal('gstreamer').describe('A GStreamer pipeline: the way to CSI cameras on Pi and Jetson.'),
  pipeline: z
    .string()
    .regex(
      /appsink/,
      'expected a pipeline that ends in appsink, for example libcamerasrc ! videoconvert ! appsink',
    )
    .describe('Must end in appsink and give BGR or grey pictures.'),
});
const fileSource = z.strictObject({
  kind: z.literal('file').describe('A recording.'),
  path: z.string().min(1).describe('The video file.'),
  pace: z
    .enum(['realtime', 'fast'])
    .default('realtime')
    .describe('realtime: as a camera would give it; fast: as fast as it can be read, no frame dropped.'),
});
const picturesSource = z.strictObject({
  kind: z.literal('pictures').describe('A folder of pictures, in the order of their names.'),
  folder: z.string().min(1).describe('The folder.'),
  framesPerSecond: z
    .number()
    .min(0.01)
    .max(240)
    .default(1)
    .describe('How far apart in time they are taken to be.'),
  pace: z.enum(['realtime', 'fast']).default('fast').describe('As for a recording.'),
});

export const captureSchema = z.strictObject({
  id: opaqueId.default('cam-1').describe('Opaque name of the camera, used in topics: never a place.'),
  source: z
    .discriminatedUnion('kind', [v4l2Source, rtspSource, gstreamerSource, fileSource, picturesSource])
    .default({ kind: 'v4l2', device: '/dev/video0', widthPx: 1280, heightPx: 720, framesPerSecond: 25 })
    .describe('Where the frames come from.'),
  exposure: exposureSchema.prefault({}).describe('Exposure for infrared.'),
  silentAfterSeconds: z
    .number()
    .min(1)
    .max(3600)
    .default(5)
    .describe('A camera that gives no frame for so long is reopened.'),
  reopenFirstSeconds: seconds(0.5, 60).describe('First wait before reopening; doubles at every failure.'),
  reopenMostSeconds: seconds(30, 3600).describe('Longest wait before reopening.'),
});

export const platesSchema = z.strictObject({
  modelsFolder: z
    .string()
    .min(1)
    .default('models')
    .describe("Folder of manifest.json and the models; a relative one is below anprd's own folder."),
  detectorWidthPx: z
    .number()
    .int()
    .multipleOf(32)
    .min(256)
    .max(1920)
    .default(512)
    .describe(
      'Width that frames are brought to for finding plates: wider finds smaller plates and costs more.',
    ),
  detectionThreshold: probability(0.4).describe('Score from which a find is taken for a plate.'),
  readThreshold: probability(0.5).describe('Probability from which a text counts as a read.'),
  minimumPlateHeightPx: z
    .number()
    .min(4)
    .max(200)
    .default(8)
    .describe('Plates lower than this in the frame are followed but not read.'),
  mostReadsPerFrame: whole(4, 1, 32).describe('Plates read in one frame at most, the largest first.'),
  secondLooksPerFrame: whole(1, 0, 32).describe(
    'Plates of one frame that are looked at again, closer, where their reading is doubtful; 0: none.',
  ),
  lookWithoutMotionSeconds: seconds(0.4, 60).describe(
    'While nothing moves and nothing is followed, plates are looked for only so often; 0: in every frame.',
  ),
  threads: whole(1, 1, 16).describe('Threads of each model.'),
});

export const passagesSchema = z.strictObject({
  lostAfterSeconds: seconds(0.8, 60).describe('A plate unseen for so long has gone.'),
  rejoinWithinSeconds: seconds(10, 600).describe(
    'A vehicle that was lost and shows up again with the same text within this time is the same passage.',
  ),
  reportStandingAfterSeconds: seconds(30, 3600).describe(
    'A vehicle that stands in view for so long is reported as it is.',
  ),
  settleFrames: whole(3, 1, 50).describe('Frames over which a text must stay the same to be acted on.'),
  settleProbability: probability(0.9).describe('Probability that a text needs to be acted on while in view.'),
  minimumFrames: whole(2, 1, 50).describe(
    'Finds in fewer frames, without a good read, are counted as noise.',
  ),
  platePatchMostBytes: whole(3_072, 500, 100_000).describe(
    'National cap of the plate patch (second-hand figure).',
  ),
  platePatchMostWidthPx: whole(120, 40, 1000).describe('National cap of its width (second-hand figure).'),
  platePatchMostHeightPx: whole(60, 20, 1000).describe('National cap of its height (second-hand figure).'),
  overviewMostBytes: whole(25_600, 2_000, 1_000_000).describe(
    'National cap of the overview (second-hand figure).',
  ),
  overviewMostWidthPx: whole(800, 160, 3840).describe('Wider frames are made smaller for the overview.'),
});

export const visionSchema = z.strictObject({
  hangAfterSeconds: z
    .number()
    .min(1)
    .max(60)
    .default(2.5)
    .describe('A vision process without progress for so long is replaced.'),
  restartFirstSeconds: seconds(0.1, 60).describe(
    'First wait before a replacement; doubles at every failure.',
  ),
  restartMostSeconds: seconds(30, 600).describe('Longest wait before a replacement.'),
});

export const listSchema = z.strictObject({
  id: opaqueId.describe('Id of the list, as its owner publishes it; used in topics.'),
  publicKeys: z
    .array(
      z
        .string()
        .regex(/^[A-Za-z0-9+/]{43}=$/, 'expected 44 characters of base64, as anprctl hotlist keygen prints'),
    )
    .min(1, 'expected at least one key')
    .max(2, 'expected at most two keys: the one in use and the one that follows it')
    .describe("The owner's Ed25519 keys: two while one follows the other."),
  maximumAgeHours: z.number().min(0.01).max(10_000).optional().describe('As below hotlist, for this list.'),
  publishFrom: share().optional().describe('As below hotlist, for this list.'),
  alertFrom: z.number().min(0).max(1).optional().describe('As below hotlist, for this list.'),
  listedShare: share().optional().describe('As below hotlist, for this list.'),
});

export const hotlistSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .default('/var/lib/anprd/hotlist.db')
    .describe('The lists; what is synced and anprctl hotlist import write them.'),
  reloadSeconds: seconds(1, 3600).describe('How often it is looked at for what anprctl imported.'),
  topicPrefix: topicWords('anpr/lists').describe('First part of the topics on which lists are published.'),
  maximumAgeHours: z
    .number()
    .min(0.01)
    .max(10_000)
    .default(24)
    .describe(
      'A list whose owner has not confirmed it for so long raises a warning, and its hits are marked.',
    ),
  localMaximumAgeHours: z
    .number()
    .min(0.01)
    .max(100_000)
    .default(168)
    .describe('The same for a list that was imported on the device, since its import.'),
  publishFrom: share()
    .default(0.001)
    .describe(
      'Probability from which a possible match (a mark other than the read one) is published as a hit; 0.03 spares nine in ten false ones, and loses two in ten vehicles that are read with one wrong character.',
    ),
  alertFrom: probability(0.5).describe('Probability from which a hit is marked to alert a crew.'),
  listedShare: share().default(0.01).describe('Share of the vehicles passing that are on a list, as a rule.'),
  lists: z
    .array(listSchema)
    .max(64, 'expected at most 64 lists')
    .default([])
    .describe('Lists that are taken from the broker, or from a file with the signature of their owner.'),
});

export const storageSchema = z.strictObject({
  keyFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File with the key that encrypts lists and records, as anprctl storage-key makes; left out: the systemd credential storage-key, or /etc/anprd/storage.key.',
    ),
});

export const storeSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .default('/var/lib/anprd/records.db')
    .describe('Capture records, hits and what waits to be sent.'),
  retentionDays: z
    .number()
    .min(0.01)
    .max(365)
    .default(7)
    .describe('Records that were delivered are erased after this.'),
  mostMegabytes: z
    .number()
    .min(1)
    .max(1_000_000)
    .default(2_000)
    .describe('Over this, the oldest delivered records go first, then images, then reads; hits never.'),
  leaveFreeMegabytes: z
    .number()
    .min(0)
    .max(1_000_000)
    .default(200)
    .describe('Room on the disk that is left alone: with less, the store shrinks as if over its budget.'),
  lanes: z
    .strictObject({
      reads: laneBudget(500, 30).describe('Reads that are no hits.'),
      hitImages: laneBudget(500, 30).describe('Pictures of hits.'),
      readImages: laneBudget(1_500, 7).describe('Pictures of the other reads.'),
      health: laneBudget(5, 30).describe(
        'What the device says of itself; a notice of a loss is never dropped.',
      ),
    })
    .prefault({})
    .describe('How much of each kind may wait for the broker; hits have no limit.'),
});

export const evidenceSchema = z.strictObject({
  keyFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File with the key that signs every record, as anprctl device-key makes; left out: the systemd credential device-key, or /etc/anprd/device.key.',
    ),
});

export const healthSchema = z.strictObject({
  reportSeconds: z
    .number()
    .min(1)
    .max(86_400)
    .default(300)
    .describe('How often the device tells the centre of its state.'),
  metricsPort: z
    .number()
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe('Port on the loopback address at which Prometheus reads metrics; left out: none.'),
});

export const controlSchema = z.strictObject({
  socketPath: z
    .string()
    .min(1)
    .default('/run/anprd/control.sock')
    .describe('Socket at which anprctl status asks.'),
});

export const configSchema = z.strictObject({
  unit: z
    .strictObject({
      id: opaqueId.default('unit-1').describe('Opaque name of this device, used in topics: never a place.'),
    })
    .prefault({})
    .describe('This device.'),
  cameras: z
    .array(captureSchema)
    .min(1, 'expected at least one camera')
    .max(8, 'expected at most 8 cameras')
    .prefault([{}])
    .describe('The cameras; each has a vision process of its own.'),
  plates: platesSchema.prefault({}).describe('Finding and reading plates.'),
  passages: passagesSchema.prefault({}).describe('From reads in single frames to one read a vehicle.'),
  vision: visionSchema.prefault({}).describe('Supervision of the vision processes.'),
  hotlist: hotlistSchema.prefault({}).describe('Vehicles of interest.'),
  storage: storageSchema.prefault({}).describe('Encryption of what is kept on the device.'),
  evidence: evidenceSchema.prefault({}).describe('Signatures on what is recorded.'),
  store: storeSchema.prefault({}).describe('What is kept on the device.'),
  mqtt: mqttSchema.prefault({}).describe('Delivery.'),
  position: positionSchema.prefault({}).describe('Where the device is.'),
  lines: linesSchema.prefault({}).describe('Illuminator, switches, lamp and buzzer.'),
  power: powerSchema.prefault({}).describe('Heat, power and wear.'),
  display: displaySchema.prefault({}).describe('What the crew is shown.'),
  health: healthSchema.prefault({}).describe('What the device says of itself.'),
  control: controlSchema.prefault({}).describe('Local control.'),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .default('info')
        .describe('Least severity that is logged.'),
    })
    .prefault({})
    .describe('Logging, to standard error (the journal).'),
});

export type CaptureConfig = z.infer<typeof captureSchema>;
export type SourceConfig = CaptureConfig['source'];
export type PlatesConfig = z.infer<typeof platesSchema>;
export type PassagesConfig = z.infer<typeof passagesSchema>;
export type VisionConfig = z.infer<typeof visionSchema>;
export type HotlistConfig = z.infer<typeof hotlistSchema>;
export type StoreConfig = z.infer<typeof storeSchema>;
export type DeviceConfig = z.infer<typeof configSchema>;
