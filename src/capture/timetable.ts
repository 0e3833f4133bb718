import type { Clock } from '../lib/clock.js';

/** realtime: as a camera would have given it; fast: as quickly as it can be read, nothing skipped. */
export type Pace = 'realtime' | 'fast';

export interface FrameTimes {
  readonly capturedAtMs: number;
  readonly capturedMonoMs: number;
}

/**
 * When the frames of a recording are due, and the times that they are given.
 *
 * Playing starts with the first frame asked for, wherever in the recording that is: after a
 * restart it goes on from there, and no frame of it lies in the past.
 */
export class Timetable {
  readonly #pace: Pace;
  readonly #clock: Clock;
  #start: { readonly monoMs: number; readonly utcMs: number } | undefined;

  constructor(options: { readonly pace: Pace; readonly clock: Clock }) {
    this.#pace = options.pace;
    this.#clock = options.clock;
  }

  /** To be called before the first frame after opening. */
  restart(): void {
    this.#start = undefined;
  }

  /** Monotonic time at which the frame at `ptsMs` of the recording is due. */
  dueMonoMs(ptsMs: number): number {
    return this.#started(ptsMs).monoMs + ptsMs;
  }

  timesOf(ptsMs: number): FrameTimes {
    const start = this.#started(ptsMs);
    if (this.#pace === 'fast') return { capturedMonoMs: ptsMs, capturedAtMs: start.utcMs + ptsMs };
    const capturedMonoMs = start.monoMs + ptsMs;
    // Through the clock as it stands now, which may have been set since the start.
    return { capturedMonoMs, capturedAtMs: this.#clock.nowMs() - (this.#clock.monoMs() - capturedMonoMs) };
  }

  #started(ptsMs: number): { readonly monoMs: number; readonly utcMs: number } {
    this.#start ??= { monoMs: this.#clock.monoMs() - ptsMs, utcMs: this.#clock.nowMs() - ptsMs };
    return this.#start;
  }
}
