import { access, constants } from 'node:fs/promises';
import type { SourceConfig } from '../config/schema.js';
import { DeviceError } from '../lib/errors.js';
import { openCv, type VideoCapture } from './opencv.js';
import { probeRtsp } from './rtsp-probe.js';

/** How each kind of live source is opened. OpenCV opens in this thread, so it may block for a moment. */

export type LiveConfig = Extract<SourceConfig, { kind: 'v4l2' | 'rtsp' | 'gstreamer' }>;

/** @throws DeviceError capture.open-failed */
export function connect(config: LiveConfig): Promise<VideoCapture> {
  switch (config.kind) {
    case 'v4l2':
      return connectV4l2(config);
    case 'rtsp':
      return connectRtsp(config.url);
    case 'gstreamer':
      return connectGstreamer(config.pipeline);
  }
}

/** The path of a V4L2 camera, which may be configured by its number alone. */
export function v4l2DeviceOf({ device }: Extract<LiveConfig, { kind: 'v4l2' }>): string {
  return /^\d+$/.test(device) ? `/dev/video${device}` : device;
}

async function connectV4l2(config: Extract<LiveConfig, { kind: 'v4l2' }>): Promise<VideoCapture> {
  const device = v4l2DeviceOf(config);
  await access(device, constants.R_OK | constants.W_OK).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'EACCES'
      ? openFailed(`${device} may not be used`, 'Add the service user to the group video.', cause)
      : openFailed(
          `there is no ${device}`,
          'Plug the camera in; v4l2-ctl --list-devices shows what is there.',
          cause,
        );
  });
  const cv = openCv();
  const capture = opened(
    device,
    cv.CAP_V4L2,
    `${device} cannot be opened as a camera`,
    'Check that no other program uses it (fuser shows who), and that it is a capture device.',
  );
  // Raw frames of this size do not fit through USB 2 at full rate; a camera without it keeps its format.
  if (config.widthPx * config.heightPx > 640 * 480) {
    capture.set(cv.CAP_PROP_FOURCC, cv.VideoWriter.fourcc('MJPG'));
  }
  capture.set(cv.CAP_PROP_FRAME_WIDTH, config.widthPx);
  capture.set(cv.CAP_PROP_FRAME_HEIGHT, config.heightPx);
  capture.set(cv.CAP_PROP_FPS, config.framesPerSecond);
  return capture;
}

/**
 * FFmpeg gives up what it waits for in the stream after 2 s (in microseconds; its own default is half
 * a minute): opening a camera that has frozen blocks this thread for as long, and that must stay
 * below vision.hangAfterSeconds. So does looking for the frame rate, for which it wants 20 frames where the
 * stream does not tell it: four seconds of a camera that gives five a second.
 */
const RTSP_OPTIONS = 'rtsp_transport;tcp|timeout;2000000|fflags;nobuffer|fpsprobesize;5';
const RTSP_PROBE_MS = 2_000;

async function connectRtsp(url: string): Promise<VideoCapture> {
  // A camera that is off costs this thread nothing: the blocking open only follows an answer.
  await probeRtsp(url, RTSP_PROBE_MS);
  process.env.OPENCV_FFMPEG_CAPTURE_OPTIONS = RTSP_OPTIONS;
  try {
    return opened(
      url,
      openCv().CAP_FFMPEG,
      'the RTSP server answers but gives no video',
      'Check the path, user name and password in source.url with a video player.',
    );
  } finally {
    delete process.env.OPENCV_FFMPEG_CAPTURE_OPTIONS;
  }
}

async function connectGstreamer(pipeline: string): Promise<VideoCapture> {
  return opened(
    newestOnly(pipeline),
    openCv().CAP_GSTREAMER,
    'the GStreamer pipeline does not start',
    'Try it with gst-launch-1.0, fakesink in place of appsink; a missing element needs its plugin package.',
  );
}

/** Has the appsink keep the newest frame only, where the pipeline does not say otherwise itself. */
export function newestOnly(pipeline: string): string {
  return pipeline.replace(/\bappsink\b(?![^!]*\bdrop\s*=)/, 'appsink drop=true max-buffers=1');
}

function opened(source: string, api: number, message: string, hint: string): VideoCapture {
  try {
    return new (openCv().VideoCapture)(source, api);
  } catch {
    // What OpenCV says may repeat the address with its password.
    throw openFailed(message, hint);
  }
}

function openFailed(message: string, hint: string, cause?: unknown): DeviceError {
  return new DeviceError('capture.open-failed', {
    message,
    hint,
    ...(cause === undefined ? {} : { cause }),
  });
}
