import type { Frame } from '../domain/frame.js';
import type { Backoff } from '../lib/backoff.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import type { FrameSource } from './frame-source.js';

/** open: frames come; lost: reopening with backoff; ended: a file was played to its end. */
export type SourceState = 'open' | 'lost' | 'ended';

export interface ReopeningSourceOptions {
  readonly source: FrameSource;
  readonly backoff: Backoff;
  readonly clock: Clock;
  /** Told of every change of state, and of every new reason for being lost, with what to do about it. */
  readonly onState: (state: SourceState, detail: string) => void;
  /** Told about twice a second, and at each failure, while `next` has no frame: the process is alive. */
  readonly onWaiting: () => void;
}

const WAITING_EVERY_MS = 500;

/**
 * Makes a source that may be missing, fall silent or go away into one that only ever gives frames:
 * whatever goes wrong with it is reported, and it is opened again, after ever longer waits.
 */
export class ReopeningSource implements FrameSource {
  readonly #options: ReopeningSourceOptions;
  #resumeFromFrame = 0;
  #isOpen = false;
  #reported: { readonly state: SourceState; readonly detail: string } | undefined;
  #closing = new AbortController();

  constructor(options: ReopeningSourceOptions) {
    this.#options = options;
  }

  get framesDropped(): number {
    return this.#options.source.framesDropped;
  }

  /** Only says where to begin; the source itself is opened by `next`, as often as it takes. */
  async open(resumeFromFrame: number): Promise<void> {
    await this.close();
    this.#closing = new AbortController();
    this.#resumeFromFrame = resumeFromFrame;
  }

  async next(): Promise<Frame | undefined> {
    const closing = this.#closing.signal;
    while (!closing.aborted) {
      try {
        const frame = await this.#whileWaiting(this.#read());
        if (closing.aborted) {
          // It may have been opened after close() let go of it.
          await this.#letGo();
          return undefined;
        }
        if (!frame) {
          this.#report('ended', 'The recording was played to its end.');
          return undefined;
        }
        this.#resumeFromFrame = frame.index + 1;
        this.#options.backoff.reset();
        this.#report('open', 'Frames come.');
        return frame;
      } catch (error) {
        if (!(error instanceof DeviceError) || !error.retryable) throw error;
        await this.#letGo();
        if (closing.aborted) return undefined;
        this.#report('lost', `${error.message}. ${error.hint}`);
        this.#options.onWaiting();
        await this.#whileWaiting(this.#pause(closing));
      }
    }
    return undefined;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#letGo();
  }

  async #read(): Promise<Frame | undefined> {
    if (!this.#isOpen) {
      await this.#options.source.open(this.#resumeFromFrame);
      this.#isOpen = true;
    }
    return this.#options.source.next();
  }

  async #letGo(): Promise<void> {
    this.#isOpen = false;
    await this.#options.source.close();
  }

  #pause(closing: AbortSignal): Promise<void> {
    return this.#options.clock.sleep(this.#options.backoff.nextMs(), closing).catch(() => undefined);
  }

  /** Awaits `outcome`, and says every now and then that it does. */
  async #whileWaiting<T>(outcome: Promise<T>): Promise<T> {
    const done = new AbortController();
    const settled = outcome.finally(() => done.abort());
    void this.#sayWaiting(done.signal);
    return settled;
  }

  async #sayWaiting(done: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await this.#options.clock.sleep(WAITING_EVERY_MS, done);
        this.#options.onWaiting();
      }
    } catch (reason) {
      if (!done.aborted) throw reason;
    }
  }

  #report(state: SourceState, detail: string): void {
    if (this.#reported?.state === state && this.#reported.detail === detail) return;
    this.#reported = { state, detail };
    this.#options.onState(state, detail);
  }
}
