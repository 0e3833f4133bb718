import { addon } from './addon.js';

/**
 * The picture kernels: TypeScript checks and decides, C++ (native/) moves bytes. Each gives the
 * same bytes on every machine; test/unit/native/oracle.ts says in TypeScript what they must give.
 */

/** 8-bit grey, widthPx * heightPx bytes, row by row, without padding. */
export interface GreyPixels {
  readonly pixels: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

const MOST_SIDE_PX = 16_384;
const MOST_SUBSAMPLES = 8;

export interface LetterboxOptions {
  /** Size of the scaled picture in the top left corner of the target. */
  readonly scaledWidthPx: number;
  readonly scaledHeightPx: number;
  /** Grey (0 to 255) of the rest of the target. */
  readonly pad: number;
}

/**
 * Scales `source` into the top left corner of `target` and pads the rest. Along each axis: area
 * average when shrinking, bilinear when enlarging (OpenCV's INTER_AREA and INTER_LINEAR, to one level).
 * @throws TypeError, RangeError
 */
export function letterbox(source: GreyPixels, target: GreyPixels, options: LetterboxOptions): void {
  const { scaledWidthPx, scaledHeightPx, pad } = options;
  checkPicture('source', source);
  checkPicture('target', target);
  checkInteger('scaledWidthPx', scaledWidthPx, 1, target.widthPx);
  checkInteger('scaledHeightPx', scaledHeightPx, 1, target.heightPx);
  checkInteger('pad', pad, 0, 255);
  addon().letterbox(
    source.pixels,
    source.widthPx,
    source.heightPx,
    target.pixels,
    target.widthPx,
    target.heightPx,
    scaledWidthPx,
    scaledHeightPx,
    pad,
  );
}

export interface RectifyOptions {
  /**
   * x, y of the top left, top right, bottom right and bottom left corner of what the target shall
   * show, in source pixels (pixel k's centre is at k + 0.5). They may lie outside the picture: its
   * border is repeated. Corners without area give some picture, never an error.
   */
  readonly corners: ArrayLike<number>;
  /** 1 to 8: every target pixel is the mean of subsamples x subsamples bilinear samples. */
  readonly subsamples: number;
}

/**
 * Straightens a quad of `source` into `target` by the homography of its corners.
 * @throws TypeError, RangeError
 */
export function rectify(source: GreyPixels, target: GreyPixels, options: RectifyOptions): void {
  checkPicture('source', source);
  checkPicture('target', target);
  checkInteger('subsamples', options.subsamples, 1, MOST_SUBSAMPLES);
  if (options.corners.length !== 8) {
    throw new RangeError(`corners: expected 8 numbers, got ${options.corners.length}`);
  }
  const corners = Float64Array.from(options.corners);
  if (!corners.every(Number.isFinite)) {
    throw new RangeError(`corners: expected finite numbers, got ${corners.join(', ')}`);
  }
  addon().rectify(
    source.pixels,
    source.widthPx,
    source.heightPx,
    corners,
    target.pixels,
    target.widthPx,
    target.heightPx,
    options.subsamples,
  );
}

/**
 * Variance of the 3 x 3 Laplacian: high for crisp edges, low for motion blur. Compare it only
 * between pictures of one size and alike in brightness.
 * @throws TypeError, RangeError where a side is under 3 pixels
 */
export function sharpness(picture: GreyPixels): number {
  checkPicture('picture', picture);
  if (picture.widthPx < 3 || picture.heightPx < 3) {
    throw new RangeError(`picture: expected at least 3 x 3, got ${picture.widthPx} x ${picture.heightPx}`);
  }
  return addon().sharpness(picture.pixels, picture.widthPx, picture.heightPx);
}

/**
 * How much of a picture moved: the fraction (0 to 1) of 16 x 16 blocks whose mean grey differs by
 * more than `threshold` grey levels.
 * @throws TypeError, RangeError where the sizes differ
 */
export function changedBlocks(previous: GreyPixels, current: GreyPixels, threshold: number): number {
  checkPicture('previous', previous);
  checkPicture('current', current);
  if (previous.widthPx !== current.widthPx || previous.heightPx !== current.heightPx) {
    throw new RangeError(
      `expected two pictures of one size, got ${previous.widthPx} x ${previous.heightPx} and ${current.widthPx} x ${current.heightPx}`,
    );
  }
  if (!(threshold >= 0 && threshold <= 255)) {
    throw new RangeError(`threshold: expected 0 to 255 grey levels, got ${threshold}`);
  }
  return addon().changedBlocks(
    previous.pixels,
    previous.widthPx,
    previous.heightPx,
    current.pixels,
    current.widthPx,
    current.heightPx,
    threshold,
  );
}

/** A part of a picture, all of it inside; whole pixels. */
export interface PicturePart {
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/**
 * Counts the grey levels of a part.
 * @param step 1: every pixel; n: every nth pixel of every nth line, from the part's corner on.
 * @returns 256 counts.
 * @throws TypeError, RangeError
 */
export function countLevels(picture: GreyPixels, part: PicturePart, step: number): Uint32Array {
  checkPart(picture, part, 1);
  checkInteger('step', step, 1, MOST_SIDE_PX);
  const counts = new Uint32Array(256);
  const { pixels, widthPx, heightPx } = picture;
  addon().countLevels(
    pixels,
    widthPx,
    heightPx,
    part.leftPx,
    part.topPx,
    part.widthPx,
    part.heightPx,
    step,
    counts,
  );
  return counts;
}

/**
 * Counts by how many levels (0 to 255) a pixel's two neighbours differ, which is twice the slope
 * there; pixels at the part's border have none.
 * @returns 256 counts of neighbours to the left and right, and 256 of those above and below.
 * @throws TypeError, RangeError where a side of the part is under 3 pixels
 */
export function countSlopes(
  picture: GreyPixels,
  part: PicturePart,
): { readonly across: Uint32Array; readonly down: Uint32Array } {
  checkPart(picture, part, 3);
  const counts = new Uint32Array(512);
  const { pixels, widthPx, heightPx } = picture;
  addon().countSlopes(
    pixels,
    widthPx,
    heightPx,
    part.leftPx,
    part.topPx,
    part.widthPx,
    part.heightPx,
    counts,
  );
  return { across: counts.subarray(0, 256), down: counts.subarray(256) };
}

function checkPart(picture: GreyPixels, part: PicturePart, leastSidePx: number): void {
  checkPicture('picture', picture);
  checkInteger('part.leftPx', part.leftPx, 0, picture.widthPx - 1);
  checkInteger('part.topPx', part.topPx, 0, picture.heightPx - 1);
  checkInteger('part.widthPx', part.widthPx, leastSidePx, picture.widthPx - part.leftPx);
  checkInteger('part.heightPx', part.heightPx, leastSidePx, picture.heightPx - part.topPx);
}

function checkPicture(name: string, { pixels, widthPx, heightPx }: GreyPixels): void {
  if (!(pixels instanceof Uint8Array)) throw new TypeError(`${name}.pixels: expected a Uint8Array`);
  checkInteger(`${name}.widthPx`, widthPx, 1, MOST_SIDE_PX);
  checkInteger(`${name}.heightPx`, heightPx, 1, MOST_SIDE_PX);
  if (pixels.length !== widthPx * heightPx) {
    throw new RangeError(
      `${name}.pixels: expected ${widthPx} x ${heightPx} = ${widthPx * heightPx} bytes, got ${pixels.length}`,
    );
  }
}

function checkInteger(name: string, value: number, least: number, most: number): void {
  if (typeof value !== 'number') throw new TypeError(`${name}: expected a number, got ${typeof value}`);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name}: expected a whole number of ${least} to ${most}, got ${value}`);
  }
}
