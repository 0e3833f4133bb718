import { PictureRecogniser, platesConfigFor } from '../../../src/cli/recognition.js';
import { platesSchema } from '../../../src/config/schema.js';
import type { Quad } from '../../../src/domain/geometry.js';
import type { PlateRead } from '../../../src/domain/read.js';
import type { GreyPixels } from '../../../src/native/kernels.js';
import { fuse } from '../../../src/passages/fuse.js';
import { Recogniser } from '../../../src/plates/recogniser.js';

export interface PathRead {
  readonly quad: Quad;
  /** The most probable text, sure or not; undefined where there is none. */
  readonly read: PlateRead | undefined;
  /** Whether it is as probable as a read must be to be reported. */
  readonly accepted: boolean;
}

/** Places that the reader is pointed to at once: a frame's scenes. */
const MOST_PLACES = 32;

/** What the device makes of a picture, with the shipped models and the default configuration. */
export class DevicePath {
  readonly #finder: PictureRecogniser;
  readonly #pointed: Recogniser;
  readonly #readThreshold: number;

  private constructor(finder: PictureRecogniser, pointed: Recogniser, readThreshold: number) {
    this.#finder = finder;
    this.#pointed = pointed;
    this.#readThreshold = readThreshold;
  }

  /** Loads the models. @throws DeviceError models.*, addon.missing */
  static async open(): Promise<DevicePath> {
    const config = platesSchema.parse({});
    const path = new DevicePath(
      new PictureRecogniser(await platesConfigFor({})),
      new Recogniser({ config: { ...config, mostReadsPerFrame: MOST_PLACES } }),
      config.readThreshold,
    );
    await path.#finder.start();
    await path.#pointed.start();
    return path;
  }

  async close(): Promise<void> {
    await this.#finder.stop();
    await this.#pointed.stop();
  }

  /** Finds and reads, as `anprctl read` does. */
  async read(picture: GreyPixels): Promise<PathRead[]> {
    const { plates } = await this.#finder.recogniseGrey(picture);
    return plates.map(({ quad, read, accepted }) => ({ quad, read, accepted }));
  }

  /** Reads once what is at given places, found or not; at most 32 of them. */
  async readAt(picture: GreyPixels, quads: readonly Quad[]): Promise<PathRead[]> {
    const frame = { ...picture, index: 0, capturedAtMs: 0, capturedMonoMs: 0 };
    const observations = await this.#pointed.read(
      frame,
      quads.map((quad) => ({ quad, score: 1 })),
    );
    return observations.map(({ quad, lattice }) => {
      const read = lattice && fuse([{ lattice, weight: 1 }], { seenAtMs: Date.now() });
      return { quad, read, accepted: read !== undefined && read.probability >= this.#readThreshold };
    });
  }
}
