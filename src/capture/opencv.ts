import { createRequire } from 'node:module';
import { DeviceError, messageOf } from '../lib/errors.js';

/**
 * The one door to OpenCV (@u4/opencv4nodejs), with only what is used of it declared.
 *
 * Invariants
 * - Every Mat is released by hand: one that is left to the garbage collector after an asynchronous
 *   call aborts V8. `usingMat` and `finally` do that.
 * - Loaded in one thread of a process only; a second thread crashes it.
 */

export interface Mat {
  readonly rows: number;
  readonly cols: number;
  readonly channels: number;
  /** CV_8U is 0. */
  readonly depth: number;
  /** A copy of all samples, row by row. */
  getData(): Buffer;
  cvtColor(code: number): Mat;
  resize(rows: number, cols: number, fx: number, fy: number, interpolation: number): Mat;
  drawLine(from: unknown, to: unknown, color: unknown, thickness: number, lineType: number): void;
  drawRectangle(from: unknown, to: unknown, color: unknown, thickness: number, lineType: number): void;
  putText(
    text: string,
    origin: unknown,
    fontFace: number,
    fontScale: number,
    color: unknown,
    thickness: number,
    lineType: number,
  ): void;
  release(): void;
}

export interface VideoCapture {
  /** A Mat; an empty one where no frame could be had. */
  readAsync(): Promise<Mat>;
  get(property: number): number;
  set(property: number, value: number): boolean;
  release(): void;
}

export interface VideoWriter {
  write(picture: Mat): void;
  release(): void;
}

export interface OpenCv {
  readonly Mat: new (data: Buffer, rows: number, cols: number, type: number) => Mat;
  readonly Point2: new (x: number, y: number) => unknown;
  readonly Size: new (width: number, height: number) => unknown;
  readonly Vec3: new (blue: number, green: number, red: number) => unknown;
  readonly VideoCapture: new (source: string | number, api: number) => VideoCapture;
  readonly VideoWriter: {
    new (path: string, fourcc: number, framesPerSecond: number, size: unknown, isColor: boolean): VideoWriter;
    fourcc(code: string): number;
  };
  imdecode(bytes: Buffer, flags: number): Mat;
  imencode(extension: string, picture: Mat, flags: readonly number[]): Buffer;
  getTextSize(
    text: string,
    fontFace: number,
    fontScale: number,
    thickness: number,
  ): { readonly size: { readonly width: number; readonly height: number }; readonly baseLine: number };
  readonly CV_8UC1: number;
  readonly CAP_FFMPEG: number;
  readonly CAP_GSTREAMER: number;
  readonly CAP_V4L2: number;
  readonly CAP_PROP_EXPOSURE: number;
  readonly CAP_PROP_FOURCC: number;
  readonly CAP_PROP_FPS: number;
  readonly CAP_PROP_FRAME_COUNT: number;
  readonly CAP_PROP_FRAME_HEIGHT: number;
  readonly CAP_PROP_FRAME_WIDTH: number;
  readonly CAP_PROP_POS_FRAMES: number;
  readonly CAP_PROP_POS_MSEC: number;
  readonly COLOR_BGR2GRAY: number;
  readonly COLOR_BGRA2GRAY: number;
  readonly FONT_HERSHEY_SIMPLEX: number;
  readonly IMREAD_COLOR: number;
  readonly IMWRITE_JPEG_QUALITY: number;
  readonly INTER_AREA: number;
  readonly INTER_LINEAR: number;
  readonly LINE_AA: number;
}

let loaded: OpenCv | undefined;

/**
 * OpenCV, loaded at the first call, so that a process which only names capture's types does not.
 * @throws DeviceError addon.missing
 */
export function openCv(): OpenCv {
  loaded ??= load();
  return loaded;
}

function load(): OpenCv {
  // Without it the package looks for an OpenCV that it built itself, instead of Debian's.
  process.env.OPENCV4NODEJS_DISABLE_AUTOBUILD = '1';
  // What OpenCV and FFmpeg log repeats stream addresses, and with them passwords; our errors say what matters.
  process.env.OPENCV_LOG_LEVEL ??= 'SILENT';
  process.env.OPENCV_FFMPEG_LOGLEVEL ??= '-8';
  try {
    return withoutGreeting(() => createRequire(import.meta.url)('@u4/opencv4nodejs') as OpenCv);
  } catch (cause) {
    throw new DeviceError('addon.missing', {
      message: `cannot load OpenCV's binding: ${messageOf(cause)}`,
      hint: 'Install libopencv-dev and run scripts/test, which builds @u4/opencv4nodejs against it.',
      cause,
    });
  }
}

/** The package greets through console.log when it is loaded, where programs write their results. */
function withoutGreeting<T>(load: () => T): T {
  const log = console.log;
  console.log = () => undefined;
  try {
    return load();
  } finally {
    console.log = log;
  }
}

/** Hands a Mat to `use` and releases it whatever happens there. */
export function usingMat<T>(mat: Mat, use: (mat: Mat) => T): T {
  try {
    return use(mat);
  } finally {
    mat.release();
  }
}
