import { v4l2DeviceOf } from '../capture/connect.js';
import { createSource } from '../capture/create-source.js';
import { ExposureLoop } from '../capture/exposure-loop.js';
import { MotionGate } from '../capture/motion-gate.js';
import { openCv } from '../capture/opencv.js';
import { encodeJpeg, resizeGrey } from '../capture/picture.js';
import { ReopeningSource } from '../capture/reopening-source.js';
import { Backoff } from '../lib/backoff.js';
import { systemClock } from '../lib/clock.js';
import { DeviceError, messageOf } from '../lib/errors.js';
import { createLogger } from '../lib/log.js';
import { forbidCoreDumps } from '../native/core-dumps.js';
import { Optics } from '../optics/optics.js';
import { ViewWatch } from '../optics/view-watch.js';
import { Passages } from '../passages/passages.js';
import { Recogniser } from '../plates/recogniser.js';
import { CameraLoop } from './camera-loop.js';
import { MainLink } from './main-link.js';
import type { VisionConfiguration } from './protocol.js';

/**
 * The vision process of one camera: frames in, passages out. Started by the supervisor with an IPC
 * channel, and of no use without one.
 */

const FAILED = 1;

const link = new MainLink({ process });

// The main process decides when to stop; a signal to the whole group must not cut it short.
process.on('SIGTERM', () => undefined);
process.on('SIGINT', () => undefined);
// Whoever started this has died: nobody would ever take the passages.
process.on('disconnect', () => process.exit(FAILED));
if (!process.connected) process.exit(FAILED);

try {
  await run(await link.configured());
  process.exit(0);
} catch (error) {
  const { code, message, hint } =
    error instanceof DeviceError
      ? error
      : { code: 'vision.exited', message: messageOf(error), hint: 'Report this with the log.' };
  await link.sendLast({ kind: 'failed', code, message, hint });
  process.exit(FAILED);
}

async function run(configuration: VisionConfiguration) {
  const { camera, plates, passages: config, logLevel, resumeFromFrame, framesPerSecond } = configuration;
  const logger = createLogger(logLevel, `anprd-vision-${camera.id}`);
  if (!forbidCoreDumps())
    logger.warn('core dumps cannot be forbidden here: a crash may leave pictures of vehicles');
  const clock = systemClock;
  const isLive = camera.source.kind !== 'file' && camera.source.kind !== 'pictures';

  const recogniser = new Recogniser({ config: plates, logger });
  await recogniser.start();
  // Loaded now and not with the first frame: on a cold card it takes longer than a hang may.
  openCv();
  const passages = new Passages({
    cameraId: camera.id,
    config,
    readProbability: plates.readThreshold,
    minimumPlateHeightPx: plates.minimumPlateHeightPx,
    mostReadsPerFrame: plates.mostReadsPerFrame,
    tools: { encodeJpeg, resizeGrey },
    calibration: recogniser.calibration,
  });
  const exposure = new ExposureLoop({
    config: camera.exposure,
    device: camera.source.kind === 'v4l2' ? v4l2DeviceOf(camera.source) : undefined,
    clock,
  });
  const view = new ViewWatch({
    ...(configuration.views && { views: configuration.views }),
    onViews: (views) => link.send({ kind: 'views', views }),
  });
  let ended = '';
  const source = new ReopeningSource({
    source: createSource(camera.source, {
      clock,
      silentAfterMs: camera.silentAfterSeconds * 1000,
      onWarning: (warning) => logger.warn({ code: warning.code, hint: warning.hint }, warning.message),
      onStuck: () => {
        logger.error('the camera driver does not let go: starting over in a new process');
        process.exit(FAILED);
      },
      beforeRead: (capture) => exposure.beforeRead(capture),
    }),
    backoff: new Backoff({
      firstMs: camera.reopenFirstSeconds * 1000,
      mostMs: camera.reopenMostSeconds * 1000,
    }),
    clock,
    onState: (state, detail) => {
      // The end is said once everything before it was.
      if (state === 'ended') ended = detail;
      else link.send({ kind: 'source', state, detail });
      if (state === 'open') exposure.opened();
      else exposure.closed();
    },
    onWaiting: () => loop.waiting(),
  });
  const loop: CameraLoop = new CameraLoop({
    source,
    recogniser,
    passages,
    gate: new MotionGate({ lookEveryMs: plates.lookWithoutMotionSeconds * 1000 }),
    optics: new Optics({ view }),
    exposure,
    clock,
    isLive,
    mostSecondLooks: plates.secondLooksPerFrame,
    onPassage: (passage) => link.report(passage),
    onProgress: (progress) => link.send({ kind: 'beat', progress }),
    room: () => link.room(() => loop.waiting()),
  });

  loop.limit(framesPerSecond);
  link.onLimit((limit) => loop.limit(limit));
  link.onStop(() => void loop.stop());
  link.send({ kind: 'ready' });
  await loop.run(resumeFromFrame);
  if (ended !== '') link.send({ kind: 'source', state: 'ended', detail: ended });
  await link.acknowledged();
  await exposure.stop();
  await source.close();
  await recogniser.stop();
  logger.info(passages.snapshot(), 'passages');
}
