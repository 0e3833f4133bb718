import { DeviceError } from '../lib/errors.js';
import { type Mat, openCv, usingMat } from './opencv.js';

/** An 8-bit grey picture: widthPx * heightPx bytes, row by row, without padding. */
export interface GreyPicture {
  readonly pixels: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

const CV_8U = 0;

/**
 * Copies a Mat of 1, 3 (blue, green, red) or 4 channels out as grey. The Mat stays the caller's.
 * @throws DeviceError capture.bad-frame where it is no 8-bit picture.
 */
export function greyOf(mat: Mat): GreyPicture {
  if (mat.rows < 1 || mat.cols < 1 || mat.depth !== CV_8U || ![1, 3, 4].includes(mat.channels)) {
    throw new DeviceError('capture.bad-frame', {
      message: `the source gave ${mat.cols} x ${mat.rows} samples of ${mat.channels} channels and depth ${mat.depth}, expected an 8-bit picture of 1, 3 or 4 channels`,
      hint: 'Set the camera or the pipeline to BGR or GRAY8.',
    });
  }
  if (mat.channels === 1) return copied(mat);
  const cv = openCv();
  return usingMat(mat.cvtColor(mat.channels === 3 ? cv.COLOR_BGR2GRAY : cv.COLOR_BGRA2GRAY), copied);
}

/** A Mat with a copy of the picture; the caller releases it. */
export function matOf(grey: GreyPicture): Mat {
  const { pixels, widthPx, heightPx } = grey;
  if (!isSize(widthPx) || !isSize(heightPx) || pixels.length !== widthPx * heightPx) {
    throw new RangeError(`expected ${widthPx} x ${heightPx} bytes of grey, got ${pixels.length}`);
  }
  const cv = openCv();
  return new cv.Mat(
    Buffer.from(pixels.buffer, pixels.byteOffset, pixels.length),
    heightPx,
    widthPx,
    cv.CV_8UC1,
  );
}

function copied(mat: Mat): GreyPicture {
  const data = mat.getData();
  return {
    pixels: new Uint8Array(data.buffer, data.byteOffset, data.length),
    widthPx: mat.cols,
    heightPx: mat.rows,
  };
}

function isSize(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}
