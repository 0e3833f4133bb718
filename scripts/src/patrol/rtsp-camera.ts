import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type GreyPicture, matOf } from '../../../src/capture/grey.js';
import { openCv, usingMat } from '../../../src/capture/opencv.js';
import type { CameraOrder, CameraWork, Jpeg } from './rtsp-camera-worker.js';

export interface RtspCameraOptions {
  readonly framesPerSecond: number;
  /** All of one size, whose sides are multiples of 8. */
  readonly pictures: readonly GreyPicture[];
  /** Of JPEG, 1 to 100. */
  readonly quality?: number;
  /** The built worker, where this runs unbuilt. */
  readonly worker?: string;
}

/** Ten hours at 8 frames a second. */
const KEPT_FRAMES = 2 ** 18;

/**
 * A small RTSP camera on loopback, which shows a list of pictures over and over. It can freeze (stay
 * connected and send nothing), hang up, and be switched off, as cameras do.
 */
export class RtspCamera {
  readonly #worker: Worker;
  readonly #newest = new Int32Array(new SharedArrayBuffer(4));
  readonly #shownAtMs = new Float64Array(new SharedArrayBuffer(8 * KEPT_FRAMES));
  #port = 0;

  constructor({ framesPerSecond, pictures, quality = 90, worker }: RtspCameraOptions) {
    const work: CameraWork = {
      pictures: pictures.map((picture) => jpegOf(picture, quality)),
      intervalMs: 1000 / framesPerSecond,
      newest: this.#newest,
      shownAtMs: this.#shownAtMs,
    };
    this.#worker = new Worker(worker ?? new URL('./rtsp-camera-worker.js', import.meta.url), {
      workerData: work,
    });
  }

  get url(): string {
    return `rtsp://user:secret@127.0.0.1:${this.#port}/stream`;
  }

  /** The number of the newest frame that was sent. */
  get newest(): number {
    return Atomics.load(this.#newest, 0);
  }

  /** UTC, milliseconds: when a frame was sent; undefined of one to come, or too long ago. */
  shownAtMs(frame: number): number | undefined {
    if (frame < 0 || frame > this.newest || frame <= this.newest - KEPT_FRAMES) return undefined;
    return this.#shownAtMs[frame % KEPT_FRAMES];
  }

  /** On a free port, which is kept when it is switched on again. */
  async switchOn(): Promise<void> {
    this.#port = (await this.#order('switchOn')) as number;
  }

  async switchOff(): Promise<void> {
    await this.#order('switchOff');
  }

  async freeze(): Promise<void> {
    await this.#order('freeze');
  }

  async thaw(): Promise<void> {
    await this.#order('thaw');
  }

  async hangUp(): Promise<void> {
    await this.#order('hangUp');
  }

  async destroy(): Promise<void> {
    await this.#worker.terminate();
  }

  async #order(order: CameraOrder): Promise<unknown> {
    const done = once(this.#worker, 'message');
    this.#worker.postMessage(order);
    return (await done)[0];
  }
}

const GREY_TO_BGR = 8;

/** RFC 2435 carries colour JPEGs with the standard Huffman tables, without their headers. */
function jpegOf(picture: GreyPicture, quality: number): Jpeg {
  const cv = openCv();
  const bytes = usingMat(matOf(picture), (grey) =>
    usingMat(grey.cvtColor(GREY_TO_BGR), (colour) =>
      cv.imencode('.jpg', colour, [cv.IMWRITE_JPEG_QUALITY, quality]),
    ),
  );
  const tables: number[] = [];
  for (let at = 2; ; ) {
    const marker = bytes[at + 1];
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (marker === 0xdb) {
      for (let table = at + 4; table < end; table += 65)
        tables.push(...bytes.subarray(table + 1, table + 65));
    }
    at = end;
    if (marker !== 0xda) continue;
    const { widthPx, heightPx } = picture;
    return {
      widthPx,
      heightPx,
      tables: Uint8Array.from(tables),
      scan: Uint8Array.from(bytes.subarray(at, -2)),
    };
  }
}
