import type { Frame } from '../domain/frame.js';
import { changedBlocks } from '../native/kernels.js';

export interface MotionGateOptions {
  /** The longest a picture without motion goes unlooked at; 0 looks at every frame. */
  readonly lookEveryMs: number;
}

/**
 * Grey levels by which the mean of a 16 x 16 block has to change: sensor noise moves it by a fifth
 * of a level, a plate that enters by tens.
 */
const CHANGE_LEVELS = 4;

/**
 * Whether a frame is worth looking for plates in: an empty road at night is most of a camera's
 * life, and looking is most of its power and heat.
 *
 * Frames are compared with the last one that was looked at, so that slow changes add up and are
 * seen; and one is looked at now and then whatever it shows.
 */
export class MotionGate {
  readonly #lookEveryMs: number;
  #lookedAt: Frame | undefined;

  constructor(options: MotionGateOptions) {
    this.#lookEveryMs = options.lookEveryMs;
  }

  /** @param isFollowing whether any plate is being followed: it must not be lost sight of. */
  isWorthLooking(frame: Frame, isFollowing: boolean): boolean {
    const before = this.#lookedAt;
    const isDue =
      before === undefined ||
      isFollowing ||
      frame.capturedMonoMs - before.capturedMonoMs >= this.#lookEveryMs ||
      frame.widthPx !== before.widthPx ||
      frame.heightPx !== before.heightPx ||
      changedBlocks(before, frame, CHANGE_LEVELS) > 0;
    if (isDue) this.#lookedAt = frame;
    return isDue;
  }
}
