import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Frame } from '../domain/frame.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError, messageOf } from '../lib/errors.js';
import type { FrameSource } from './frame-source.js';
import { greyOf } from './grey.js';
import { type Mat, openCv, type VideoCapture } from './opencv.js';
import { type Pace, Timetable } from './timetable.js';

export interface VideoFileSourceOptions {
  readonly path: string;
  readonly pace: Pace;
  readonly clock: Clock;
  /** Told of a file that ends early. */
  readonly onWarning: (warning: DeviceError) => void;
}

interface Decoded {
  readonly mat: Mat;
  readonly index: number;
  readonly ptsMs: number;
}

/**
 * Plays a video file. At pace realtime it behaves as a camera: a frame is there when it is due,
 * and of the frames that fell due while the last one was worked on only the newest is given.
 */
export class VideoFileSource implements FrameSource {
  readonly #options: VideoFileSourceOptions;
  readonly #timetable: Timetable;
  #capture: VideoCapture | undefined;
  #closing = new AbortController();
  /** The first frame that was not due yet when the last one was given. */
  #held: Decoded | undefined;
  #nextIndex = 0;
  #lastPtsMs = Number.NEGATIVE_INFINITY;
  #intervalMs = 40;
  #framesExpected = 0;
  #ended = false;
  #framesDropped = 0;

  constructor(options: VideoFileSourceOptions) {
    this.#options = options;
    this.#timetable = new Timetable(options);
  }

  get framesDropped(): number {
    return this.#framesDropped;
  }

  async open(resumeFromFrame: number): Promise<void> {
    await this.close();
    await this.#openAtStart();
    if (resumeFromFrame > 0 && !(await this.#jumpTo(resumeFromFrame))) await this.#readUpTo(resumeFromFrame);
  }

  async next(): Promise<Frame | undefined> {
    if (!this.#capture) return undefined;
    const closing = this.#closing.signal;
    const askedMonoMs = this.#options.clock.monoMs();
    let current = this.#held ?? (await this.#read());
    this.#held = undefined;
    if (!current) return undefined;
    try {
      if (this.#options.pace === 'realtime') {
        current = await this.#newestDue(current, askedMonoMs);
        await this.#untilDue(current, closing);
      }
      if (closing.aborted) return undefined;
      return { ...greyOf(current.mat), index: current.index, ...this.#timetable.timesOf(current.ptsMs) };
    } finally {
      current.mat.release();
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#held?.mat.release();
    this.#held = undefined;
    this.#capture?.release();
    this.#capture = undefined;
  }

  /**
   * Skips the frames after which another was due when the caller asked. Measured against that
   * moment, not against now: a file that decodes slower than it plays would never give a frame.
   */
  async #newestDue(first: Decoded, askedMonoMs: number): Promise<Decoded> {
    let current = first;
    while (this.#timetable.dueMonoMs(current.ptsMs) <= askedMonoMs) {
      const later = await this.#read();
      if (!later) break;
      if (this.#timetable.dueMonoMs(later.ptsMs) > askedMonoMs) {
        this.#held = later;
        break;
      }
      current.mat.release();
      this.#framesDropped++;
      current = later;
    }
    return current;
  }

  async #untilDue(frame: Decoded, closing: AbortSignal): Promise<void> {
    const waitMs = this.#timetable.dueMonoMs(frame.ptsMs) - this.#options.clock.monoMs();
    if (waitMs > 0) await this.#options.clock.sleep(waitMs, closing).catch(() => undefined);
  }

  /** The next frame, or undefined at the end and when it was closed meanwhile. */
  async #read(): Promise<Decoded | undefined> {
    const capture = this.#capture;
    if (!capture || this.#ended) return undefined;
    const mat = await capture.readAsync();
    if (capture !== this.#capture || mat.rows === 0) {
      mat.release();
      if (capture === this.#capture) this.#end();
      return undefined;
    }
    const ptsMs = this.#ptsOf(capture.get(openCv().CAP_PROP_POS_MSEC));
    return { mat, index: this.#nextIndex++, ptsMs };
  }

  #end(): void {
    this.#ended = true;
    const missing = this.#framesExpected - this.#nextIndex;
    // A container's own count is often off by a frame or two.
    if (missing <= 2) return;
    this.#options.onWarning(
      new DeviceError('capture.bad-frame', {
        message: `the video file ended after ${this.#nextIndex} frames, its header promised ${this.#framesExpected}`,
        hint: 'It was cut off or is damaged: copy it again from where it was recorded.',
      }),
    );
  }

  /**
   * The file's own time of a frame, made strictly increasing: the last frames of some streams come
   * without one, and a broken header gives nonsense.
   */
  #ptsOf(positionMs: number): number {
    const usable = Number.isFinite(positionMs) && positionMs >= 0 && positionMs > this.#lastPtsMs;
    if (usable) this.#lastPtsMs = positionMs;
    else
      this.#lastPtsMs = Math.max(this.#lastPtsMs + this.#intervalMs, this.#nextIndex === 0 ? 0 : -Infinity);
    return this.#lastPtsMs;
  }

  async #openAtStart(): Promise<void> {
    const { path } = this.#options;
    const file = await stat(path).catch((cause: unknown) => {
      const code = codeOf(cause);
      throw openFailed(
        code === 'ENOENT' ? 'there is no such video file' : `the video file cannot be read: ${code}`,
        cause,
      );
    });
    if (!file.isFile()) throw openFailed('source.path names no file, expected a video file');
    const cv = openCv();
    try {
      this.#capture = new cv.VideoCapture(path, cv.CAP_FFMPEG);
    } catch (cause) {
      throw openFailed(
        'the file is no video that can be decoded, or was cut off while it was written',
        cause,
      );
    }
    const framesPerSecond = this.#capture.get(cv.CAP_PROP_FPS);
    this.#intervalMs = framesPerSecond > 0 && framesPerSecond <= 1000 ? 1000 / framesPerSecond : 40;
    this.#framesExpected = this.#capture.get(cv.CAP_PROP_FRAME_COUNT);
    this.#closing = new AbortController();
    this.#timetable.restart();
    this.#nextIndex = 0;
    this.#lastPtsMs = Number.NEGATIVE_INFINITY;
    this.#ended = false;
  }

  /**
   * Goes to a frame at once; false (and back at the start) where that is not sure to be exact. It
   * is only in AVI files, which have an index by frame: OpenCV finds a frame of other containers
   * by its time, as if the frame rate were constant.
   */
  async #jumpTo(index: number): Promise<boolean> {
    if (extname(this.#options.path).toLowerCase() !== '.avi') return false;
    const cv = openCv();
    const isThere =
      this.#capture?.set(cv.CAP_PROP_POS_FRAMES, index) &&
      this.#capture.get(cv.CAP_PROP_POS_FRAMES) === index;
    if (isThere) {
      this.#nextIndex = index;
      this.#held = await this.#read();
      const offBy = this.#held ? Math.abs(this.#held.ptsMs - index * this.#intervalMs) : Infinity;
      if (offBy < this.#intervalMs / 2) return true;
    }
    await this.close();
    await this.#openAtStart();
    return false;
  }

  async #readUpTo(index: number): Promise<void> {
    while (this.#nextIndex < index) {
      const skipped = await this.#read();
      if (!skipped) return;
      skipped.mat.release();
    }
  }
}

function openFailed(message: string, cause?: unknown): DeviceError {
  return new DeviceError('capture.open-failed', {
    message,
    hint: 'Check source.path, and that the file plays in a video player.',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** ENOENT and the like: the whole message would name the path. */
function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? messageOf(cause);
}
