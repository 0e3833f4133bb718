import type { Passage } from '../domain/passage.js';
import { Backoff } from '../lib/backoff.js';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';

export interface PassageQueueOptions {
  /** Commits a passage; rejecting means that it has to be handed in again. */
  readonly commit: (passage: Passage) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Passages on their way to the store: one after another, in order, each until it is committed. */
export class PassageQueue {
  readonly #options: PassageQueueOptions;
  readonly #closing = new AbortController();
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #committed = 0;
  #lost = 0;

  constructor(options: PassageQueueOptions) {
    this.#options = options;
  }

  snapshot(): { readonly waiting: number; readonly committed: number; readonly lost: number } {
    return { waiting: this.#waiting, committed: this.#committed, lost: this.#lost };
  }

  /** @param onCommitted called once it is in the store. */
  add(passage: Passage, onCommitted?: () => void): void {
    this.#waiting++;
    this.#last = this.#last.then(async () => {
      const committed = await this.#commit(passage);
      this.#waiting--;
      if (committed) onCommitted?.();
    });
  }

  /** Resolves when all that was added so far has been dealt with. */
  async idle(): Promise<void> {
    await this.#last;
  }

  /** Resolves when all is committed, or after the limit; what is left then is lost and counted. */
  async close(limitMs: number): Promise<void> {
    const done = new AbortController();
    const deadline = this.#options.clock.sleep(limitMs, done.signal).then(
      () => this.#closing.abort(),
      () => undefined,
    );
    await this.#last;
    done.abort();
    await deadline;
  }

  async #commit(passage: Passage): Promise<boolean> {
    const { commit, clock, logger } = this.#options;
    const backoff = new Backoff({ firstMs: 200, mostMs: 10_000 });
    for (;;) {
      try {
        await commit(passage);
        this.#committed++;
        return true;
      } catch (error) {
        const isLost = this.#closing.signal.aborted;
        const fields = { passage: passage.id, attempts: backoff.attempts + 1, reason: messageOf(error) };
        if (isLost) {
          this.#lost++;
          logger.error(fields, 'a passage could not be committed before the end and is lost');
          return false;
        }
        logger.warn(fields, 'a passage could not be committed and is tried again');
        await clock.sleep(backoff.nextMs(), this.#closing.signal).catch(() => undefined);
      }
    }
  }
}
