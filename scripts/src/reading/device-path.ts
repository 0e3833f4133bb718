import { type PlatesConfig, platesSchema } from '../../../src/config/schema.js';
import type { Quad } from '../../../src/domain/geometry.js';
import type { Observation } from '../../../src/domain/observation.js';
import type { PlateRead } from '../../../src/domain/read.js';
import type { GreyPixels } from '../../../src/native/kernels.js';
import { fuse } from '../../../src/passages/fuse.js';
import { Recogniser } from '../../../src/plates/recogniser.js';

export interface PathRead {
  readonly quad: Quad;
  /** The most probable text, sure or not; undefined where there is none. */
  readonly read: PlateRead | undefined;
  /** Whether the daemon would report it. */
  readonly accepted: boolean;
}

/** More than are in any drawn frame: nothing is left unread for want of time. */
const READS_PER_FRAME = 32;

/** What the device makes of a picture, with the shipped models and the default configuration. */
export class DevicePath {
  readonly #config: PlatesConfig = { ...platesSchema.parse({}), mostReadsPerFrame: READS_PER_FRAME };
  readonly #recogniser = new Recogniser({ config: this.#config });

  /** @throws DeviceError models.*, addon.missing */
  start(): Promise<void> {
    return this.#recogniser.start();
  }

  stop(): Promise<void> {
    return this.#recogniser.stop();
  }

  /** Finds and reads. */
  async read(picture: GreyPixels): Promise<PathRead[]> {
    const frame = frameOf(picture);
    const found = await this.#recogniser.detect(frame);
    return (await this.#recogniser.read(frame, found)).map((observation) => this.#judge(observation));
  }

  /** Reads what is at given places, found or not. */
  async readAt(picture: GreyPixels, quads: readonly Quad[]): Promise<PathRead[]> {
    const asFound = quads.map((quad) => ({ quad, score: 1 }));
    const observations = await this.#recogniser.read(frameOf(picture), asFound);
    return observations.map((observation) => this.#judge(observation));
  }

  #judge({ quad, lattice }: Observation): PathRead {
    const read = lattice && fuse([{ lattice, weight: 1 }], { seenAtMs: Date.now() });
    return { quad, read, accepted: read !== undefined && read.probability >= this.#config.readThreshold };
  }
}

function frameOf(picture: GreyPixels) {
  return { ...picture, index: 0, capturedAtMs: 0, capturedMonoMs: 0 };
}
