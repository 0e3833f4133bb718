import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Frame } from '../domain/frame.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import type { FrameSource } from './frame-source.js';
import { type GreyPicture, loadGreyPicture, PICTURE_EXTENSIONS } from './picture.js';
import { type Pace, Timetable } from './timetable.js';

export interface PicturesSourceOptions {
  readonly folder: string;
  readonly framesPerSecond: number;
  readonly pace: Pace;
  readonly clock: Clock;
  /** Told of each picture that is skipped because it is broken. */
  readonly onWarning: (warning: DeviceError) => void;
}

/**
 * Plays the pictures of a folder, in the order of their names, as the frames of a camera. The
 * frame's index is the picture's place in that order, broken ones counted.
 */
export class PicturesSource implements FrameSource {
  readonly #options: PicturesSourceOptions;
  readonly #timetable: Timetable;
  #names: readonly string[] = [];
  #closing = new AbortController();
  #nextIndex = 0;
  #framesDropped = 0;

  constructor(options: PicturesSourceOptions) {
    this.#options = options;
    this.#timetable = new Timetable(options);
  }

  get framesDropped(): number {
    return this.#framesDropped;
  }

  async open(resumeFromFrame: number): Promise<void> {
    await this.close();
    const entries = await readdir(this.#options.folder).catch((cause: NodeJS.ErrnoException) => {
      throw openFailed(`the folder of pictures cannot be read: ${cause.code ?? cause.message}`, cause);
    });
    const names = entries.filter((name) => PICTURE_EXTENSIONS.includes(extname(name).toLowerCase()));
    if (names.length === 0) {
      throw openFailed(
        `the folder holds no picture: expected names that end in ${PICTURE_EXTENSIONS.join(', ')}`,
      );
    }
    this.#names = names.sort();
    this.#closing = new AbortController();
    this.#timetable.restart();
    this.#nextIndex = resumeFromFrame;
  }

  async next(): Promise<Frame | undefined> {
    const closing = this.#closing.signal;
    while (this.#nextIndex < this.#names.length) {
      if (this.#options.pace === 'realtime') {
        this.#skipToDue();
        await this.#untilDue(closing);
        if (closing.aborted) return undefined;
      }
      const index = this.#nextIndex++;
      const times = this.#timetable.timesOf(this.#ptsMs(index));
      const picture = await this.#load(this.#names[index] as string);
      if (closing.aborted) return undefined;
      if (picture) return { ...picture, index, ...times };
    }
    return undefined;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#names = [];
  }

  #skipToDue(): void {
    const nowMonoMs = this.#options.clock.monoMs();
    while (
      this.#nextIndex + 1 < this.#names.length &&
      this.#timetable.dueMonoMs(this.#ptsMs(this.#nextIndex)) <= nowMonoMs &&
      this.#timetable.dueMonoMs(this.#ptsMs(this.#nextIndex + 1)) <= nowMonoMs
    ) {
      this.#nextIndex++;
      this.#framesDropped++;
    }
  }

  async #untilDue(closing: AbortSignal): Promise<void> {
    const waitMs = this.#timetable.dueMonoMs(this.#ptsMs(this.#nextIndex)) - this.#options.clock.monoMs();
    if (waitMs > 0) await this.#options.clock.sleep(waitMs, closing).catch(() => undefined);
  }

  #ptsMs(index: number): number {
    return (index * 1000) / this.#options.framesPerSecond;
  }

  async #load(name: string): Promise<GreyPicture | undefined> {
    try {
      return await loadGreyPicture(join(this.#options.folder, name));
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#options.onWarning(error);
      return undefined;
    }
  }
}

function openFailed(message: string, cause?: unknown): DeviceError {
  return new DeviceError('capture.open-failed', {
    message,
    hint: 'Check source.folder, and that the service may read it.',
    ...(cause === undefined ? {} : { cause }),
  });
}
