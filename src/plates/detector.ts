import type { Tensor } from 'onnxruntime-node';
import type { Frame } from '../domain/frame.js';
import { letterbox } from '../native/kernels.js';
import { type Detection, decodeDetections } from './decode.js';
import type { DetectorSpecification } from './manifest.js';
import type { Model } from './models.js';
import { type OpenSession, openSession, runInto } from './session.js';

export interface DetectorOptions {
  readonly model: Model<DetectorSpecification>;
  readonly threads: number;
  /** Frames are scaled to this width; a multiple of the model's size multiple. */
  readonly widthPx: number;
  /** 0 to 1: plates below this score are not reported. */
  readonly threshold: number;
}

/** Grey of the canvas beside the frame; the same in training. */
const PADDING = 114;
/** Shape of the frame that warms the model up. */
const WARM_UP_ASPECT = 16 / 9;

/** Tensors for frames of one size. */
interface Canvas {
  readonly frameWidthPx: number;
  readonly frameHeightPx: number;
  readonly scaledHeightPx: number;
  readonly heightPx: number;
  readonly pixels: Uint8Array;
  readonly heat: Float32Array;
  readonly corners: Float32Array;
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly fetches: Readonly<Record<string, Tensor>>;
}

/** Finds plates in a frame, wherever they are. */
export class Detector {
  readonly #options: DetectorOptions;
  #open: OpenSession | undefined;
  #canvas: Canvas | undefined;

  constructor(options: DetectorOptions) {
    this.#options = options;
  }

  /**
   * Loads the model and runs it once, so that the first frame waits for nothing.
   * @throws DeviceError models.load-failed
   */
  async start(): Promise<void> {
    const { model, threads, widthPx } = this.#options;
    const { input, outputs } = model.specification;
    this.#open = await openSession(model, { input: input.name, outputs }, threads);
    const heightPx = Math.round(widthPx / WARM_UP_ASPECT);
    await this.detect({
      pixels: new Uint8Array(widthPx * heightPx),
      widthPx,
      heightPx,
      index: 0,
      capturedAtMs: 0,
      capturedMonoMs: 0,
    });
  }

  /** Plates, best first, in frame pixels. */
  async detect(frame: Frame): Promise<Detection[]> {
    if (this.#open === undefined) throw new Error('the detector was not started');
    const { model, widthPx, threshold } = this.#options;
    const { stride } = model.specification;
    const canvas = this.#canvasFor(frame, this.#open);
    letterbox(frame, canvasPicture(canvas, widthPx), {
      scaledWidthPx: widthPx,
      scaledHeightPx: canvas.scaledHeightPx,
      pad: PADDING,
    });
    await runInto(this.#open, model, canvas.feeds, canvas.fetches);
    return decodeDetections(
      {
        heat: canvas.heat,
        corners: canvas.corners,
        columns: widthPx / stride,
        rows: canvas.heightPx / stride,
        stride,
      },
      {
        threshold,
        scaleX: widthPx / frame.widthPx,
        scaleY: canvas.scaledHeightPx / frame.heightPx,
        frameWidthPx: frame.widthPx,
        frameHeightPx: frame.heightPx,
      },
    );
  }

  async stop(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    this.#canvas = undefined;
    await open?.session.release();
  }

  #canvasFor(frame: Frame, { Tensor }: OpenSession): Canvas {
    const known = this.#canvas;
    if (known?.frameWidthPx === frame.widthPx && known.frameHeightPx === frame.heightPx) return known;
    const { model, widthPx } = this.#options;
    const { input, stride } = model.specification;
    const scaledHeightPx = Math.max(1, Math.round((frame.heightPx * widthPx) / frame.widthPx));
    const heightPx = Math.ceil(scaledHeightPx / input.sizeMultiple) * input.sizeMultiple;
    const columns = widthPx / stride;
    const rows = heightPx / stride;
    const pixels = new Uint8Array(widthPx * heightPx);
    const heat = new Float32Array(rows * columns);
    const corners = new Float32Array(8 * rows * columns);
    this.#canvas = {
      frameWidthPx: frame.widthPx,
      frameHeightPx: frame.heightPx,
      scaledHeightPx,
      heightPx,
      pixels,
      heat,
      corners,
      feeds: { [input.name]: new Tensor('uint8', pixels, [1, 1, heightPx, widthPx]) },
      fetches: {
        heat: new Tensor('float32', heat, [1, 1, rows, columns]),
        corners: new Tensor('float32', corners, [1, 8, rows, columns]),
      },
    };
    return this.#canvas;
  }
}

function canvasPicture({ pixels, heightPx }: Canvas, widthPx: number) {
  return { pixels, widthPx, heightPx };
}
