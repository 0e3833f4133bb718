import type { Tensor } from 'onnxruntime-node';
import type { Frame } from '../domain/frame.js';
import type { Quad } from '../domain/geometry.js';
import { CLASSES, type Lattice } from '../domain/lattice.js';
import { toLattice } from '../domain/lattice-search.js';
import type { PlateCrop } from '../domain/plate-crop.js';
import { rectify, sharpness } from '../native/kernels.js';
import { plateBoxIn, subsamplesFor, widen } from './crop.js';
import type { ReaderSpecification } from './manifest.js';
import type { Model } from './models.js';
import { type OpenSession, openSession, runInto } from './session.js';

export interface ReaderOptions {
  readonly model: Model<ReaderSpecification>;
  readonly threads: number;
  /** The most plates that are read at once. */
  readonly batchSize: number;
}

export interface PlateReading {
  readonly lattice: Lattice;
  /** Variance of the Laplacian of the crop; compare it only with others of the same plate. */
  readonly sharpness: number;
  /** A copy: the reader's own is overwritten by the next plates. */
  readonly crop: PlateCrop;
}

/** Tensors for a number of crops. */
interface Batch {
  readonly crops: Uint8Array;
  readonly logits: Float32Array;
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly fetches: Readonly<Record<string, Tensor>>;
}

/** Reads the plates whose corners it is given. */
export class Reader {
  readonly #options: ReaderOptions;
  readonly #batches = new Map<number, Batch>();
  #open: OpenSession | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /**
   * Loads the model and runs it once, so that the first plate waits for nothing.
   * @throws DeviceError models.load-failed
   */
  async start(): Promise<void> {
    const { model, threads } = this.#options;
    const { input, output } = model.specification;
    this.#open = await openSession(model, { input: input.name, outputs: [output] }, threads);
    const batch = this.#batchOf(1, this.#open);
    await runInto(this.#open, model, batch.feeds, batch.fetches);
  }

  /** @param quads corners in frame pixels, at most `batchSize`. @returns one reading a quad, in order. */
  async read(frame: Frame, quads: readonly Quad[]): Promise<PlateReading[]> {
    if (this.#open === undefined) throw new Error('the reader was not started');
    if (quads.length > this.#options.batchSize) {
      throw new RangeError(`expected at most ${this.#options.batchSize} plates at once, got ${quads.length}`);
    }
    if (quads.length === 0) return [];
    const { model } = this.#options;
    const { input, rows, steps, cropMargin, maxSubsamples } = model.specification;
    const batch = this.#batchOf(quads.length, this.#open);
    const cropBytes = input.widthPx * input.heightPx;
    const crops = quads.map((quad, index) => {
      const crop = {
        pixels: batch.crops.subarray(index * cropBytes, (index + 1) * cropBytes),
        widthPx: input.widthPx,
        heightPx: input.heightPx,
      };
      const corners = widen(quad, cropMargin);
      rectify(frame, crop, {
        corners: corners.flatMap(({ x, y }) => [x, y]),
        subsamples: subsamplesFor(corners, input, maxSubsamples),
      });
      return crop;
    });
    await runInto(this.#open, model, batch.feeds, batch.fetches);
    const logitsEach = rows * steps * CLASSES;
    return crops.map((crop, index) => ({
      lattice: toLattice(batch.logits.subarray(index * logitsEach, (index + 1) * logitsEach), steps, rows),
      sharpness: sharpness(crop),
      crop: { ...crop, pixels: crop.pixels.slice(), plateBox: plateBoxIn(input, cropMargin) },
    }));
  }

  async stop(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    this.#batches.clear();
    await open?.session.release();
  }

  #batchOf(count: number, { Tensor }: OpenSession): Batch {
    const known = this.#batches.get(count);
    if (known !== undefined) return known;
    const { input, output, rows, steps } = this.#options.model.specification;
    const crops = new Uint8Array(count * input.widthPx * input.heightPx);
    const logits = new Float32Array(count * rows * steps * CLASSES);
    const batch: Batch = {
      crops,
      logits,
      feeds: { [input.name]: new Tensor('uint8', crops, [count, 1, input.heightPx, input.widthPx]) },
      fetches: { [output]: new Tensor('float32', logits, [count, rows, steps, CLASSES]) },
    };
    this.#batches.set(count, batch);
    return batch;
  }
}
