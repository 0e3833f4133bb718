import { z } from 'zod';

/**
 * Every option of the device, declared once: its type, its limits and its default.
 *
 * config/anprd.yaml shows each one under a comment and is tested equal to these defaults.
 * Unknown keys are errors: a misspelt option that is silently ignored is a fault found in a
 * cabinet, months later.
 */

const seconds = (fallback: number, most: number) => z.number().min(0).max(most).default(fallback);
const probability = (fallback: number) => z.number().min(0).max(1).default(fallback);
/** Ids go into topics and file names, so they are opaque and plain: never a place. */
const opaqueId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'expected 1 to 32 of a-z, 0-9 and -, for example cam-1');

const v4l2Source = z.strictObject({
  kind: z.literal('v4l2'),
  device: z.string().regex(/^\/dev\/|^\d+$/, 'expected a device such as /dev/video0'),
  widthPx: z.number().int().min(160).max(7680).default(1280),
  heightPx: z.number().int().min(120).max(4320).default(720),
  framesPerSecond: z.number().min(1).max(240).default(25),
});
const rtspSource = z.strictObject({
  kind: z.literal('rtsp'),
  url: z.string().regex(/^rtsps?:\/\//, 'expected a URL such as rtsp://address:554/stream'),
});
const gstreamerSource = z.strictObject({
  kind: z.literal('gstreamer'),
  pipeline: z
    .string()
    .regex(
      /appsink/,
      'expected a pipeline that ends in appsink, for example libcamerasrc ! videoconvert ! appsink',
    ),
});
const fileSource = z.strictObject({
  kind: z.literal('file'),
  path: z.string().min(1),
  pace: z.enum(['realtime', 'fast']).default('realtime'),
});
const picturesSource = z.strictObject({
  kind: z.literal('pictures'),
  folder: z.string().min(1),
  framesPerSecond: z.number().min(0.01).max(240).default(1),
  pace: z.enum(['realtime', 'fast']).default('fast'),
});

export const captureSchema = z.strictObject({
  id: opaqueId.default('cam-1'),
  source: z
    .discriminatedUnion('kind', [v4l2Source, rtspSource, gstreamerSource, fileSource, picturesSource])
    .default({ kind: 'v4l2', device: '/dev/video0', widthPx: 1280, heightPx: 720, framesPerSecond: 25 }),
  silentAfterSeconds: seconds(5, 3600),
  reopenFirstSeconds: seconds(0.5, 60),
  reopenMostSeconds: seconds(30, 3600),
});

export const platesSchema = z.strictObject({
  modelsFolder: z.string().min(1).default('models'),
  detectorWidthPx: z.number().int().multipleOf(32).min(256).max(1920).default(512),
  detectionThreshold: probability(0.4),
  readThreshold: probability(0.5),
  minimumPlateHeightPx: z.number().min(4).max(200).default(8),
  mostReadsPerFrame: z.number().int().min(1).max(32).default(4),
  threads: z.number().int().min(1).max(16).default(1),
});

export const passagesSchema = z.strictObject({
  lostAfterSeconds: seconds(0.8, 60),
  reportStandingAfterSeconds: seconds(30, 3600),
  settleFrames: z.number().int().min(1).max(50).default(3),
  settleProbability: probability(0.9),
  minimumFrames: z.number().int().min(1).max(50).default(2),
  platePatchMostBytes: z.number().int().min(500).max(100_000).default(3_072),
  platePatchMostWidthPx: z.number().int().min(40).max(1000).default(120),
  platePatchMostHeightPx: z.number().int().min(20).max(1000).default(60),
  overviewMostBytes: z.number().int().min(2_000).max(1_000_000).default(25_600),
  overviewMostWidthPx: z.number().int().min(160).max(3840).default(800),
});

export const visionSchema = z.strictObject({
  hangAfterSeconds: seconds(3, 60),
  restartFirstSeconds: seconds(0.1, 60),
  restartMostSeconds: seconds(30, 600),
});

export const hotlistSchema = z.strictObject({
  path: z.string().min(1).default('/var/lib/anprd/hotlist.db'),
  reloadSeconds: seconds(1, 3600),
});

export const storeSchema = z.strictObject({
  path: z.string().min(1).default('/var/lib/anprd/records.db'),
  retentionDays: z.number().min(0.01).max(365).default(7),
  mostMegabytes: z.number().min(1).max(1_000_000).default(2_000),
});

export const mqttSchema = z.strictObject({
  url: z
    .string()
    .regex(/^(mqtts?|wss?):\/\//, 'expected a URL such as mqtt://127.0.0.1:1883 or mqtts://broker:8883')
    .default('mqtt://127.0.0.1:1883'),
  protocolVersion: z.union([z.literal(4), z.literal(5)]).default(5),
  username: z.string().optional(),
  passwordFile: z.string().optional(),
  caFile: z.string().optional(),
  certificateFile: z.string().optional(),
  keyFile: z.string().optional(),
  topicPrefix: z
    .string()
    .regex(/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/, 'expected words joined by /, without + or #')
    .default('anpr'),
  keepaliveSeconds: z.number().int().min(5).max(3600).default(60),
  reconnectFirstSeconds: seconds(1, 60),
  reconnectMostSeconds: seconds(60, 3600),
  windowMessages: z.number().int().min(1).max(1000).default(20),
  drainSeconds: seconds(5, 120),
});

export const controlSchema = z.strictObject({
  socketPath: z.string().min(1).default('/run/anprd/control.sock'),
});

export const configSchema = z.strictObject({
  unit: z.strictObject({ id: opaqueId.default('unit-1') }).prefault({}),
  cameras: z
    .array(captureSchema)
    .min(1, 'expected at least one camera')
    .max(8, 'expected at most 8 cameras')
    .prefault([{}]),
  plates: platesSchema.prefault({}),
  passages: passagesSchema.prefault({}),
  vision: visionSchema.prefault({}),
  hotlist: hotlistSchema.prefault({}),
  store: storeSchema.prefault({}),
  mqtt: mqttSchema.prefault({}),
  control: controlSchema.prefault({}),
  log: z.strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info') }).prefault({}),
});

export type CaptureConfig = z.infer<typeof captureSchema>;
export type SourceConfig = CaptureConfig['source'];
export type PlatesConfig = z.infer<typeof platesSchema>;
export type PassagesConfig = z.infer<typeof passagesSchema>;
export type VisionConfig = z.infer<typeof visionSchema>;
export type HotlistConfig = z.infer<typeof hotlistSchema>;
export type StoreConfig = z.infer<typeof storeSchema>;
export type MqttConfig = z.infer<typeof mqttSchema>;
export type ControlConfig = z.infer<typeof controlSchema>;
export type DeviceConfig = z.infer<typeof configSchema>;
