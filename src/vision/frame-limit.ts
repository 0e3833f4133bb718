/**
 * Lets no more frames a second through than it was told (pure). Kept as an average: a camera's
 * frames do not come at the moments that a limit asks for, and rounding up to the next one each
 * time would let too few through.
 */
export class FrameLimit {
  #intervalMs = 0;
  #dueMonoMs = Number.NEGATIVE_INFINITY;

  /** @param framesPerSecond above 0; undefined: no limit. */
  set(framesPerSecond: number | undefined): void {
    this.#intervalMs = framesPerSecond === undefined ? 0 : 1000 / framesPerSecond;
    this.#dueMonoMs = Number.NEGATIVE_INFINITY;
  }

  /** How long until the next frame may be taken in; 0: now. */
  waitMs(monoMs: number): number {
    return this.#intervalMs === 0 ? 0 : Math.max(0, this.#dueMonoMs - monoMs);
  }

  /** A frame of this moment was taken in. */
  taken(monoMs: number): void {
    // What a pause left unused is not caught up on.
    const isPaced = monoMs - this.#dueMonoMs < this.#intervalMs;
    this.#dueMonoMs = (isPaced ? this.#dueMonoMs : monoMs) + this.#intervalMs;
  }
}
