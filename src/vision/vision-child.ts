import { type ChildProcess, fork } from 'node:child_process';
import type { Clock } from '../lib/clock.js';
import type { FromVision, ToVision } from './protocol.js';

export interface VisionChildOptions {
  /** The compiled entry of the vision process. */
  readonly entryPath: string;
  readonly clock: Clock;
  /** Without a sign of work for so long it hangs. */
  readonly hangAfterMs: number;
  /** Until it says that it is ready: models load, libraries open. */
  readonly startWithinMs: number;
  readonly onMessage: (message: FromVision) => void;
}

/** How a vision process ended. */
export interface VisionExit {
  /**
   * Killed because it gave no sign (`hung`), never got ready (`late`), or was told to end and did
   * not (`killed`); or it went by itself.
   */
  readonly why: 'exited' | 'hung' | 'late' | 'killed';
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
}

const CHECK_EVERY_MS = 200;

/** One run of a vision process: started, watched for signs of work, and ended. */
export class VisionChild {
  readonly #options: VisionChildOptions;
  #child: ChildProcess | undefined;
  #isReady = false;
  #isWatched = true;
  #isRunning = false;
  #signAtMonoMs = 0;
  #why: VisionExit['why'] = 'exited';

  constructor(options: VisionChildOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Whether it runs and owes a sign of work now and then: it hangs, or is told to end, when none comes. */
  get owesSigns(): boolean {
    return this.#isWatched && this.#isRunning;
  }

  /** Starts it. @returns when and how it ended; never rejects. */
  run(): Promise<VisionExit> {
    const { entryPath, clock } = this.#options;
    const child = fork(entryPath, [], {
      serialization: 'advanced',
      execArgv: [],
      // opencv4nodejs looks for a build of its own unless it is told not to.
      env: { ...process.env, OPENCV4NODEJS_DISABLE_AUTOBUILD: '1' },
      // Libraries write to stdout when they are loaded; the log is stderr.
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    this.#child = child;
    this.#isRunning = true;
    this.#signAtMonoMs = clock.monoMs();
    child.on('message', (message) => this.#hear(message as FromVision));
    const watch = this.#watch();
    return new Promise((resolve) => {
      let ended = false;
      const end = (exitCode: number | null, signal: string | null) => {
        if (ended) return;
        ended = true;
        this.#isRunning = false;
        clearInterval(watch);
        resolve({ why: this.#why, exitCode: exitCode ?? undefined, signal: signal ?? undefined });
      };
      // `close` comes after everything that it had written to the channel was read.
      child.on('close', end);
      // Could not be started at all, for example for lack of memory: `close` never comes.
      child.on('error', () => {
        if (child.pid === undefined) end(null, null);
      });
    });
  }

  send(message: ToVision): void {
    // It may be gone already; then its end tells, not this.
    if (this.#child?.connected) this.#child.send(message, () => undefined);
  }

  /** From now on it may be silent: it has nothing more to do than wait for acknowledgements. */
  unwatch(): void {
    this.#isWatched = false;
  }

  kill(why: 'hung' | 'late' | 'killed'): void {
    this.#why = why;
    this.#child?.kill('SIGKILL');
  }

  #hear(message: FromVision): void {
    this.#signAtMonoMs = this.#options.clock.monoMs();
    if (message.kind === 'ready') this.#isReady = true;
    this.#options.onMessage(message);
  }

  #watch(): NodeJS.Timeout {
    const { clock, hangAfterMs, startWithinMs } = this.#options;
    let checkedAtMonoMs = clock.monoMs();
    return setInterval(() => {
      const nowMonoMs = clock.monoMs();
      // This process was held up itself, and signs may wait unread: the child is not to blame.
      if (nowMonoMs - checkedAtMonoMs > 3 * CHECK_EVERY_MS) this.#signAtMonoMs = nowMonoMs;
      checkedAtMonoMs = nowMonoMs;
      const silentMs = nowMonoMs - this.#signAtMonoMs;
      if (!this.#isWatched) return;
      if (this.#isReady && silentMs > hangAfterMs) this.kill('hung');
      if (!this.#isReady && silentMs > startWithinMs) this.kill('late');
    }, CHECK_EVERY_MS);
  }
}
