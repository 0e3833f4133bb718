import { resolve } from 'node:path';
import { type GreyPicture, loadGreyPicture } from '../capture/picture.js';
import { loadConfig } from '../config/load.js';
import { type PlatesConfig, platesSchema } from '../config/schema.js';
import type { Calibration } from '../domain/calibration.js';
import { type Box, boundingBox, type Quad } from '../domain/geometry.js';
import type { PlateHint } from '../domain/hint.js';
import type { PlateRead } from '../domain/read.js';
import { fuse } from '../passages/fuse.js';
import { stillHints } from '../passages/hints/hints.js';
import { Recogniser } from '../plates/recogniser.js';

/** A plate in a single picture. */
export interface FoundPlate {
  readonly quad: Quad;
  /** Upright box around the corners. */
  readonly box: Box;
  readonly detectionScore: number;
  /** Its most probable text, sure or not; absent where there is none. */
  readonly read?: PlateRead;
  /** Whether the read is as probable as the configuration asks of one that is reported. */
  readonly accepted: boolean;
  /** Reasons to look at it. */
  readonly hints: readonly PlateHint[];
}

export interface PictureFindings {
  readonly widthPx: number;
  readonly heightPx: number;
  /** From left to right. */
  readonly plates: readonly FoundPlate[];
}

export interface PlatesOptions {
  /** Configuration file whose `plates` part is used; without one, the defaults. */
  readonly config?: string;
  readonly models?: string;
  /** Overrides plates.readThreshold. */
  readonly threshold?: number;
}

/** For measuring: what to make of the reader's scores, instead of what the device does. */
export interface ReadOverrides {
  readonly calibration?: Calibration;
  /** How many times likelier a mark of a usual UK form is than any other; 1: no matter. */
  readonly ukFavour?: number;
}

/** More plates than a camera reads in one frame: a picture is not in a hurry. */
const READS_PER_PICTURE = 32;

/** The plates configuration for single pictures. @throws ConfigError, DeviceError config.unreadable */
export async function platesConfigFor(options: PlatesOptions): Promise<PlatesConfig> {
  const plates =
    options.config === undefined ? platesSchema.parse({}) : (await loadConfig(options.config)).plates;
  return {
    ...plates,
    mostReadsPerFrame: READS_PER_PICTURE,
    secondLooksPerFrame: plates.secondLooksPerFrame === 0 ? 0 : READS_PER_PICTURE,
    // A folder named on the command line is relative to where the caller stands, not to the installation.
    ...(options.models === undefined ? {} : { modelsFolder: resolve(options.models) }),
    ...(options.threshold === undefined ? {} : { readThreshold: options.threshold }),
  };
}

/**
 * Finds and reads plates in picture files, as the daemon does in frames.
 * `recognise` throws DeviceError capture.bad-picture.
 */
export class PictureRecogniser {
  readonly #config: PlatesConfig;
  readonly #overrides: ReadOverrides;
  readonly #recogniser: Recogniser;

  constructor(config: PlatesConfig, overrides: ReadOverrides = {}) {
    this.#config = config;
    this.#overrides = overrides;
    this.#recogniser = new Recogniser({ config });
  }

  start(): Promise<void> {
    return this.#recogniser.start();
  }

  stop(): Promise<void> {
    return this.#recogniser.stop();
  }

  async recognise(path: string): Promise<PictureFindings> {
    return this.recogniseGrey(await loadGreyPicture(path));
  }

  /** The same for a picture that is in memory already. */
  async recogniseGrey(picture: GreyPicture): Promise<PictureFindings> {
    const frame = { ...picture, index: 0, capturedAtMs: 0, capturedMonoMs: 0 };
    const first = await this.#recogniser.read(frame, await this.#recogniser.detect(frame));
    const observations = await this.#recogniser.lookAgain(frame, first, this.#config.secondLooksPerFrame);
    const how = { calibration: this.#recogniser.calibration, seenAtMs: Date.now(), ...this.#overrides };
    const plates = observations.map((observation) => {
      const { quad, detectionScore, lattice } = observation;
      const read = lattice && fuse([{ lattice, weight: 1 }], how);
      return {
        quad,
        box: boundingBox(quad),
        detectionScore,
        ...(read === undefined ? {} : { read }),
        accepted: read !== undefined && read.probability >= this.#config.readThreshold,
        hints: stillHints(observation, read),
      };
    });
    return {
      widthPx: picture.widthPx,
      heightPx: picture.heightPx,
      plates: plates.sort((a, b) => a.box.x - b.box.x),
    };
  }
}
