import type { Frame } from '../domain/frame.js';
import { type Box, boundingBox, plateSize, type Quad } from '../domain/geometry.js';
import type { EncodedImage } from '../domain/passage.js';

/** 8-bit grey, row-major, without padding. */
export interface GreyPicture {
  readonly pixels: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** What pictures are made with; passed in, because OpenCV is capture's alone. */
export interface PictureTools {
  /** Quality 1 to 100. */
  readonly encodeJpeg: (picture: GreyPicture, quality: number) => Uint8Array;
  readonly resizeGrey: (picture: GreyPicture, widthPx: number, heightPx: number) => GreyPicture;
}

export interface PictureCap {
  readonly mostBytes: number;
  readonly mostWidthPx: number;
  readonly mostHeightPx: number;
}

/** Room around the plate in its patch, as a share of the plate's height. */
const PATCH_MARGIN = 0.25;
/** A plate this near to the picture's border may be cut off. */
const BORDER_PX = 3;
/** A new best frame must be this much better: each costs a copy and a resize. */
const BETTER_BY = 1.1;
const CUT_OFF_FACTOR = 0.2;
const DISAGREEING_FACTOR = 0.4;

const BEST_QUALITY = 90;
const WORST_QUALITY = 25;
/** Below this quality, a smaller picture shows more. */
const SHRINK_STEP = 0.85;

interface Shown {
  /** UTC, milliseconds. */
  readonly capturedAtMs: number;
  /** The plate's place in the frame. */
  readonly quad: Quad;
  readonly frameSize: { readonly widthPx: number; readonly heightPx: number };
}

/**
 * The pictures that prove one passage, kept from its best frame so far.
 *
 * Memory is bounded: one patch at the camera's resolution and one overview already scaled down,
 * replaced when a better frame comes; frames themselves are never held.
 */
export class Evidence {
  readonly #tools: PictureTools;
  readonly #overviewMostWidthPx: number;
  #best:
    | (Shown & { readonly score: number; readonly patch: GreyPicture; readonly overview: GreyPicture })
    | undefined;

  constructor(options: { readonly tools: PictureTools; readonly overviewMostWidthPx: number }) {
    this.#tools = options.tools;
    this.#overviewMostWidthPx = options.overviewMostWidthPx;
  }

  /** What is known of the frame that is kept, if any is. */
  get shown(): Shown | undefined {
    return this.#best;
  }

  /**
   * Offers a frame.
   * @param sharpness of the plate in it; undefined where it was not read there.
   * @param agrees that the frame's own read is the fused one.
   */
  offer(frame: Frame, quad: Quad, sharpness: number | undefined, agrees: boolean): void {
    const score = scoreOf(frame, quad, sharpness, agrees);
    if (this.#best !== undefined && score < this.#best.score * BETTER_BY) return;
    this.#best = {
      score,
      capturedAtMs: frame.capturedAtMs,
      quad,
      frameSize: { widthPx: frame.widthPx, heightPx: frame.heightPx },
      patch: cut(frame, patchBox(quad)),
      overview: this.#shrink(frame),
    };
  }

  /** Takes over another's frame where that is the better one. */
  absorb(other: Evidence): void {
    if (other.#best !== undefined && other.#best.score > (this.#best?.score ?? 0)) this.#best = other.#best;
  }

  release(): void {
    this.#best = undefined;
  }

  /** The pictures within their caps; one that cannot be had within its cap is left out. */
  encode(caps: { readonly patch: PictureCap; readonly overview: PictureCap }): {
    readonly platePatch?: EncodedImage;
    readonly overviewImage?: EncodedImage;
  } {
    if (this.#best === undefined) return {};
    const platePatch = encodeWithin(this.#best.patch, caps.patch, this.#tools);
    const overviewImage = encodeWithin(this.#best.overview, caps.overview, this.#tools);
    return {
      ...(platePatch === undefined ? {} : { platePatch }),
      ...(overviewImage === undefined ? {} : { overviewImage }),
    };
  }

  #shrink(frame: Frame): GreyPicture {
    if (frame.widthPx <= this.#overviewMostWidthPx) {
      return { pixels: frame.pixels.slice(), widthPx: frame.widthPx, heightPx: frame.heightPx };
    }
    const heightPx = Math.max(1, Math.round((frame.heightPx * this.#overviewMostWidthPx) / frame.widthPx));
    return this.#tools.resizeGrey(frame, this.#overviewMostWidthPx, heightPx);
  }
}

/**
 * A JPEG of at most `mostBytes` and within the size given: the largest size at which a quality of
 * at least WORST_QUALITY fits, and there the best quality that does. The cap is kept whatever the
 * picture shows.
 * @returns undefined where even a picture of a few pixels is bigger than the cap.
 */
export function encodeWithin(
  picture: GreyPicture,
  cap: PictureCap,
  tools: PictureTools,
): EncodedImage | undefined {
  let scale = Math.min(1, cap.mostWidthPx / picture.widthPx, cap.mostHeightPx / picture.heightPx);
  for (;;) {
    const widthPx = Math.max(1, Math.floor(picture.widthPx * scale + 1e-6));
    const heightPx = Math.max(1, Math.floor(picture.heightPx * scale + 1e-6));
    const sized =
      widthPx === picture.widthPx && heightPx === picture.heightPx
        ? picture
        : tools.resizeGrey(picture, widthPx, heightPx);
    const jpeg = bestQuality(sized, cap.mostBytes, tools);
    if (jpeg !== undefined) return { jpeg, widthPx, heightPx };
    if (widthPx === 1 && heightPx === 1) return undefined;
    scale *= SHRINK_STEP;
  }
}

/** Halves the range of qualities: four encodings find the best within four points. */
function bestQuality(picture: GreyPicture, mostBytes: number, tools: PictureTools): Uint8Array | undefined {
  const best = tools.encodeJpeg(picture, BEST_QUALITY);
  if (best.length <= mostBytes) return best;
  let fitting: Uint8Array | undefined = tools.encodeJpeg(picture, WORST_QUALITY);
  if (fitting.length > mostBytes) return undefined;
  let low = WORST_QUALITY;
  let high = BEST_QUALITY;
  while (high - low > 4) {
    const middle = Math.round((low + high) / 2);
    const jpeg = tools.encodeJpeg(picture, middle);
    if (jpeg.length <= mostBytes) {
      fitting = jpeg;
      low = middle;
    } else {
      high = middle;
    }
  }
  return fitting;
}

/** Bigger is better: a sharp, large plate, whole, in a frame that says what the passage says. */
function scoreOf(frame: Frame, quad: Quad, sharpness: number | undefined, agrees: boolean): number {
  const { widthPx } = plateSize(quad);
  // Sharpness spans decades; its root keeps it from drowning the size.
  const focus = sharpness === undefined ? 0.1 : 1 + Math.sqrt(sharpness);
  return widthPx * focus * (cutOff(frame, quad) ? CUT_OFF_FACTOR : 1) * (agrees ? 1 : DISAGREEING_FACTOR);
}

function cutOff(frame: Frame, quad: Quad): boolean {
  return quad.some(
    ({ x, y }) =>
      x < BORDER_PX || y < BORDER_PX || x > frame.widthPx - BORDER_PX || y > frame.heightPx - BORDER_PX,
  );
}

function patchBox(quad: Quad): Box {
  const box = boundingBox(quad);
  const margin = plateSize(quad).heightPx * PATCH_MARGIN;
  return {
    x: box.x - margin,
    y: box.y - margin,
    width: box.width + 2 * margin,
    height: box.height + 2 * margin,
  };
}

/** Copies a box out of a frame, as far as it lies within; at least one pixel. */
function cut(frame: Frame, box: Box): GreyPicture {
  const left = Math.min(frame.widthPx - 1, Math.max(0, Math.floor(box.x)));
  const top = Math.min(frame.heightPx - 1, Math.max(0, Math.floor(box.y)));
  const right = Math.min(frame.widthPx, Math.max(left + 1, Math.ceil(box.x + box.width)));
  const bottom = Math.min(frame.heightPx, Math.max(top + 1, Math.ceil(box.y + box.height)));
  const widthPx = right - left;
  const pixels = new Uint8Array(widthPx * (bottom - top));
  for (let y = top; y < bottom; y++) {
    const from = y * frame.widthPx + left;
    pixels.set(frame.pixels.subarray(from, from + widthPx), (y - top) * widthPx);
  }
  return { pixels, widthPx, heightPx: bottom - top };
}
