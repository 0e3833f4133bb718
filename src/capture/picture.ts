import { readFile, writeFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { Quad } from '../domain/geometry.js';
import { DeviceError, messageOf } from '../lib/errors.js';
import { type GreyPicture, greyOf, matOf } from './grey.js';
import { type Mat, openCv, usingMat } from './opencv.js';

export type { GreyPicture } from './grey.js';

/** What `loadGreyPicture` can be expected to read, by the end of the name. */
export const PICTURE_EXTENSIONS = ['.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff', '.pgm', '.ppm'];

/**
 * Reads a picture file as grey, turned upright by its EXIF orientation.
 * @throws DeviceError capture.bad-picture, naming the file
 */
export async function loadGreyPicture(path: string): Promise<GreyPicture> {
  return usingMat(await loadColour(path), greyOf);
}

/** @param quality 1 to 100 */
export function encodeJpeg(grey: GreyPicture, quality: number): Uint8Array {
  if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
    throw new RangeError(`expected a JPEG quality of 1 to 100, got ${quality}`);
  }
  const cv = openCv();
  const bytes = usingMat(matOf(grey), (mat) => cv.imencode('.jpg', mat, [cv.IMWRITE_JPEG_QUALITY, quality]));
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Area average where it gets smaller, bilinear where it gets larger. */
export function resizeGrey(grey: GreyPicture, widthPx: number, heightPx: number): GreyPicture {
  if (!Number.isInteger(widthPx) || !Number.isInteger(heightPx) || widthPx < 1 || heightPx < 1) {
    throw new RangeError(`expected a size of at least 1 x 1 in whole pixels, got ${widthPx} x ${heightPx}`);
  }
  const cv = openCv();
  const shrinks = widthPx < grey.widthPx || heightPx < grey.heightPx;
  return usingMat(matOf(grey), (mat) =>
    usingMat(mat.resize(heightPx, widthPx, 0, 0, shrinks ? cv.INTER_AREA : cv.INTER_LINEAR), greyOf),
  );
}

export interface Mark {
  readonly quad: Quad;
  /** ASCII: OpenCV's font has nothing else. */
  readonly label: string;
  readonly tone: 'good' | 'doubtful';
}

/**
 * Writes a colour copy of a picture with each quad outlined and its label above it (below where
 * there is no room), green for good and orange for doubtful. The end of `outPath` picks PNG or JPEG.
 * @throws DeviceError capture.bad-picture
 */
export async function drawMarks(picturePath: string, outPath: string, marks: readonly Mark[]): Promise<void> {
  const extension = extname(outPath).toLowerCase();
  if (!['.png', '.jpg', '.jpeg'].includes(extension)) {
    throw new DeviceError('capture.bad-picture', {
      message: `cannot write ${basename(outPath)}: expected a name that ends in .png, .jpg or .jpeg`,
      hint: 'Name the file to draw for example plates.png.',
    });
  }
  const bytes = usingMat(await loadColour(picturePath), (mat) => {
    for (const mark of marks) drawMark(mat, mark);
    return openCv().imencode(extension, mat, []);
  });
  try {
    await writeFile(outPath, bytes);
  } catch (cause) {
    throw new DeviceError('capture.bad-picture', {
      message: `cannot write ${basename(outPath)}: ${messageOf(cause)}`,
      hint: 'Check that the folder exists and may be written.',
      cause,
    });
  }
}

function drawMark(mat: Mat, { quad, label, tone }: Mark): void {
  const cv = openCv();
  const color = tone === 'good' ? new cv.Vec3(80, 220, 60) : new cv.Vec3(0, 150, 255);
  // Lines and letters grow with the picture, so that they can be read when it is shown scaled down.
  const unit = Math.max(mat.cols, mat.rows) / 800;
  const linePx = Math.max(1, Math.round(1.5 * unit));
  for (const [index, from] of quad.entries()) {
    const to = quad[(index + 1) % 4] ?? from;
    mat.drawLine(
      new cv.Point2(Math.round(from.x), Math.round(from.y)),
      new cv.Point2(Math.round(to.x), Math.round(to.y)),
      color,
      linePx,
      cv.LINE_AA,
    );
  }
  const scale = Math.max(0.45, 0.6 * unit);
  const { size, baseLine } = cv.getTextSize(label, cv.FONT_HERSHEY_SIMPLEX, scale, linePx);
  const gap = 2 * linePx;
  const top = Math.min(...quad.map((corner) => corner.y)) - gap - size.height - baseLine;
  const below = Math.max(...quad.map((corner) => corner.y)) + gap;
  const y = Math.round(top >= 0 ? top : Math.min(below, mat.rows - size.height - baseLine));
  const left = Math.min(...quad.map((corner) => corner.x));
  const x = Math.round(Math.max(0, Math.min(left, mat.cols - size.width)));
  const filled = -1;
  mat.drawRectangle(
    new cv.Point2(x, y),
    new cv.Point2(x + size.width, y + size.height + baseLine),
    new cv.Vec3(0, 0, 0),
    filled,
    cv.LINE_AA,
  );
  mat.putText(
    label,
    new cv.Point2(x, y + size.height + Math.round(baseLine / 2)),
    cv.FONT_HERSHEY_SIMPLEX,
    scale,
    color,
    linePx,
    cv.LINE_AA,
  );
}

async function loadColour(path: string): Promise<Mat> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw badPicture(path, messageOf(cause), cause);
  }
  let mat: Mat;
  try {
    if (bytes.length === 0) throw new Error('the file is empty');
    // Decoded in colour also for grey: the same weights of the colours as for a camera's frame.
    mat = openCv().imdecode(bytes, openCv().IMREAD_COLOR);
  } catch (cause) {
    throw badPicture(path, messageOf(cause), cause);
  }
  if (mat.rows > 0 && mat.cols > 0) return mat;
  mat.release();
  throw badPicture(path, 'it is no picture, or broken');
}

function badPicture(path: string, why: string, cause?: unknown): DeviceError {
  return new DeviceError('capture.bad-picture', {
    message: `cannot read the picture ${basename(path)}: ${why}; expected a JPEG, PNG, BMP, WebP, TIFF or PGM file`,
    hint: 'Check that the file opens in a picture viewer, and replace or remove it.',
    ...(cause === undefined ? {} : { cause }),
  });
}
