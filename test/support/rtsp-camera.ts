import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type GreyPicture, matOf } from '../../src/capture/grey.js';
import { openCv, usingMat } from '../../src/capture/opencv.js';

/**
 * A small RTSP camera on loopback, which shows a list of pictures over and over. It can freeze (stay
 * connected and send nothing), hang up, and be switched off, as cameras do.
 */
export class RtspCamera {
  readonly #worker: Worker;
  readonly #newest = new Int32Array(new SharedArrayBuffer(4));
  #port = 0;

  constructor(options: { framesPerSecond: number; pictures: readonly GreyPicture[] }) {
    this.#worker = new Worker(join(import.meta.dirname, 'rtsp-camera.worker.mjs'), {
      workerData: {
        pictures: options.pictures.map(jpegOf),
        intervalMs: 1000 / options.framesPerSecond,
        newest: this.#newest,
      },
    });
  }

  get url(): string {
    return `rtsp://user:secret@127.0.0.1:${this.#port}/stream`;
  }

  /** The number of the newest frame that was sent. */
  get newest(): number {
    return Atomics.load(this.#newest, 0);
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

  async #order(order: string): Promise<unknown> {
    const done = once(this.#worker, 'message');
    this.#worker.postMessage(order);
    return (await done)[0];
  }
}

interface Jpeg {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Both quantisation tables, 128 bytes. */
  readonly tables: Uint8Array;
  readonly scan: Uint8Array;
}

const GREY_TO_BGR = 8;

/** RFC 2435 carries colour JPEGs with the standard Huffman tables, without their headers. */
function jpegOf(picture: GreyPicture): Jpeg {
  const cv = openCv();
  const bytes = usingMat(matOf(picture), (grey) =>
    usingMat(grey.cvtColor(GREY_TO_BGR), (colour) =>
      cv.imencode('.jpg', colour, [cv.IMWRITE_JPEG_QUALITY, 90]),
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
