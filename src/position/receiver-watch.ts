import type { Fix } from '../domain/position.js';
import { Backoff } from '../lib/backoff.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import type { PositionListener, PositionSource } from './position-source.js';

export type ReceiverState = 'fixed' | 'searching' | 'silent';

export interface ReceiverWatchOptions {
  readonly source: PositionSource;
  readonly clock: Clock;
  readonly silentAfterMs: number;
  readonly onFix: (fix: Fix) => void;
  readonly onNoFix: (atMono: number) => void;
  /** Told of every change of state, and of every new reason for silence. No place is in the detail. */
  readonly onState: (state: ReceiverState, detail: string) => void;
  readonly random?: () => number;
}

const FIRST_WAIT_MS = 500;
/** A receiver that is plugged in again is heard within so long. */
const MOST_WAIT_MS = 10_000;
const LOOK_EVERY_MS = 500;

/** Keeps a receiver open: whatever goes wrong with it is told, and it is opened again after ever longer waits. */
export class ReceiverWatch implements PositionListener {
  readonly #options: ReceiverWatchOptions;
  readonly #backoff: Backoff;
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #told: string | undefined;
  #failure = 'It has not said anything yet.';
  #heardAtMono = Number.NEGATIVE_INFINITY;
  #fixAtMono = Number.NEGATIVE_INFINITY;
  #hasFix = false;
  #isLost = false;
  sentences = 0;
  badSentences = 0;
  /** How often it was heard again after it had been lost. */
  reopened = 0;

  constructor(options: ReceiverWatchOptions) {
    this.#options = options;
    this.#backoff = new Backoff({
      firstMs: FIRST_WAIT_MS,
      mostMs: MOST_WAIT_MS,
      ...(options.random ? { random: options.random } : {}),
    });
  }

  /** fixed: it said so within `silentAfterMs`, and has not said otherwise since; silent: also as soon as it is lost. */
  get state(): ReceiverState {
    const { clock, silentAfterMs } = this.#options;
    const sinceMono = clock.monoMs() - silentAfterMs;
    if (this.#isLost || this.#heardAtMono <= sinceMono) return 'silent';
    return this.#hasFix && this.#fixAtMono > sinceMono ? 'fixed' : 'searching';
  }

  start(): void {
    this.#running = Promise.all([this.#keepOpen(), this.#keepTelling()]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  onSentence(isUnderstood: boolean): void {
    if (!isUnderstood) {
      this.badSentences++;
      return;
    }
    this.sentences++;
    if (this.#isLost) this.reopened++;
    this.#isLost = false;
    this.#failure = 'Nothing that can be understood comes any more.';
    this.#heardAtMono = this.#options.clock.monoMs();
    this.#backoff.reset();
  }

  onFix(fix: Fix): void {
    this.#hasFix = true;
    this.#fixAtMono = fix.atMono;
    this.#options.onFix(fix);
  }

  onNoFix(atMono: number): void {
    this.#hasFix = false;
    this.#options.onNoFix(atMono);
  }

  async #keepOpen(): Promise<void> {
    const { source, clock } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await source.run(this, signal);
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        this.#failure = `${error.message}. ${error.hint}`;
        this.#isLost ||= this.sentences > 0;
        this.#hasFix = false;
        this.#tell();
        await clock.sleep(this.#backoff.nextMs(), signal).catch(() => undefined);
      }
    }
  }

  async #keepTelling(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#tell();
      await this.#options.clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
    }
  }

  #tell(): void {
    const { state } = this;
    const detail = { fixed: 'It has a fix.', searching: 'It speaks, and has no fix.', silent: this.#failure };
    const told = `${state} ${detail[state]}`;
    if (told === this.#told) return;
    this.#told = told;
    this.#options.onState(state, detail[state]);
  }
}
