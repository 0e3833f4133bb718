/** A passage's extent in frames. */
export interface FrameSpan {
  readonly firstFrameIndex: number;
  readonly lastFrameIndex: number;
}

/** Chains of vehicles that overlap in view are followed back this far, a minute or so of frames. */
const MOST_FRAMES_BACK = 2_000;

/**
 * From which frame a file must be played again after the process died, so that every passage that
 * had not ended is seen whole, and none that had ended is seen in part: a part of a passage looks
 * like another one. That is the last frame before the oldest open passage at which nothing was in
 * view, or as far back as it is worth going.
 */
export class ReplayStart {
  #frameIndex = 0;
  #ended: FrameSpan[] = [];

  get frameIndex(): number {
    return this.#frameIndex;
  }

  ended(span: FrameSpan): void {
    this.#ended.push({ firstFrameIndex: span.firstFrameIndex, lastFrameIndex: span.lastFrameIndex });
  }

  /** @param frameIndex of the frame that was just taken in. */
  advance(frameIndex: number, open: readonly FrameSpan[]): void {
    const limit = frameIndex - MOST_FRAMES_BACK;
    this.#ended = this.#ended.filter(({ lastFrameIndex }) => lastFrameIndex >= limit);
    let start = Math.min(frameIndex + 1, ...open.map((span) => span.firstFrameIndex));
    for (let moved = true; moved; ) {
      moved = false;
      for (const { firstFrameIndex, lastFrameIndex } of this.#ended) {
        if (firstFrameIndex < start && lastFrameIndex >= start) {
          start = firstFrameIndex;
          moved = true;
        }
      }
    }
    this.#frameIndex = Math.max(start, limit);
  }
}
