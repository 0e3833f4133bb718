import { statSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { DeviceError, messageOf } from '../lib/errors.js';
import { type GreyPicture, matOf } from './grey.js';
import { type VideoWriter as OpenCvWriter, openCv, usingMat } from './opencv.js';

export interface VideoWriterOptions {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly framesPerSecond: number;
}

export interface VideoWriter {
  /** @throws RangeError where the picture has not the size of the video */
  write(grey: GreyPicture): void;
  /**
   * Completes the file; nothing can be written afterwards.
   * @throws DeviceError capture.open-failed where OpenCV wrote nothing
   */
  close(): void;
}

/**
 * Writes grey pictures as a Motion JPEG video (.avi), which every backend of OpenCV reads back and
 * in which any frame can be found at once.
 * @throws DeviceError capture.open-failed
 */
export function createVideoWriter(path: string, options: VideoWriterOptions): VideoWriter {
  const { widthPx, heightPx, framesPerSecond } = options;
  const cv = openCv();
  let writer: OpenCvWriter;
  try {
    // OpenCV says nothing where it cannot write: try the place by hand first.
    writeFileSync(path, '');
    const fourcc = cv.VideoWriter.fourcc('MJPG');
    writer = new cv.VideoWriter(path, fourcc, framesPerSecond, new cv.Size(widthPx, heightPx), false);
  } catch (cause) {
    throw cannotWrite(path, messageOf(cause), cause);
  }
  return {
    write(grey) {
      if (grey.widthPx !== widthPx || grey.heightPx !== heightPx) {
        throw new RangeError(
          `expected a picture of ${widthPx} x ${heightPx}, got ${grey.widthPx} x ${grey.heightPx}`,
        );
      }
      usingMat(matOf(grey), (mat) => writer.write(mat));
    },
    close() {
      writer.release();
      if (statSync(path).size === 0) throw cannotWrite(path, 'nothing was written');
    },
  };
}

function cannotWrite(path: string, why: string, cause?: unknown): DeviceError {
  return new DeviceError('capture.open-failed', {
    message: `cannot write the video ${basename(path)}: ${why}; expected a name that ends in .avi in a folder that exists`,
    hint: 'Check the name, that the folder exists and may be written, and that the disk is not full.',
    ...(cause === undefined ? {} : { cause }),
  });
}
