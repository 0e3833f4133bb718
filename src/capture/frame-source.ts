import type { Frame } from '../domain/frame.js';

/**
 * The port through which frames come: a camera, a stream, a file or a folder of pictures.
 * Two families live behind it (OpenCV's VideoCapture, and decoded picture files), and
 * test/contract/frame-source.test.ts holds for each.
 */
export interface FrameSource {
  /**
   * Opens the source; for a file, at `resumeFromFrame`.
   * @throws DeviceError capture.open-failed
   */
  open(resumeFromFrame: number): Promise<void>;

  /**
   * The newest frame, waiting until there is one.
   * @returns undefined when a file or folder has been played to its end (a live source has none),
   *   and when it was closed.
   * @throws DeviceError capture.lost when the source went away, capture.silent when it gave
   *   nothing for the configured time, capture.bad-frame when what it gave is no picture.
   */
  next(): Promise<Frame | undefined>;

  /** Frames that were skipped because a newer one was there, since it was made. */
  readonly framesDropped: number;

  /** Lets go of the device; `open` may be called again afterwards. Never throws. */
  close(): Promise<void>;
}
