import type { Clock } from '../lib/clock.js';
import type { Logger } from '../lib/log.js';

/** What a stage has before it and has done, as of now. */
export interface StageWork {
  /** As the log and systemctl status name it; a configured id may be in it, a VRM or place never. */
  readonly name: string;
  /** Whether there is something that it could do. An empty road or a dead broker gives it nothing. */
  readonly hasInput: boolean;
  /** Any count that changes whenever the stage gets something done. */
  readonly done: number;
  /** How long it may take over what is before it, milliseconds. */
  readonly patienceMs: number;
}

export interface WatchdogSnapshot {
  /** Names of stages that have input and get nothing done; while there are any, nothing is said. */
  readonly stalled: readonly string[];
}

export interface WatchdogOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Tells the service manager (native/service-manager.ts). @returns whether it listens. */
  readonly notify: (text: string) => boolean;
}

/** Looks come every second. What lies further apart was not spent working: the process itself was held up. */
const MOST_BETWEEN_LOOKS_MS = 5_000;
/** Every change of the status line wakes whoever follows the service manager. */
const STATUS_EVERY_MS = 10_000;

/**
 * Tells the service manager that the device works, so that it restarts one that does not.
 *
 * Invariants
 * - WATCHDOG=1 is said only in a look in which every stage that has input has got something done within
 *   its patience. A main loop that hangs does not look.
 * - Time in which this process was held up itself (a stopped machine, a suspended one) is nobody's fault.
 * - A stage without input is never stalled, however long that lasts.
 */
export class Watchdog {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #notify: (text: string) => boolean;
  readonly #stages = new Map<string, { done: number; idleMs: number }>();
  #lookedAtMono: number | undefined;
  #stalled: readonly string[] = [];
  #status = { text: '', atMono: Number.NEGATIVE_INFINITY };

  constructor(options: WatchdogOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#notify = options.notify;
  }

  /** Everything is started and frames are taken in: whoever waits for this unit may go on. */
  ready(): void {
    this.#notify('READY=1');
  }

  /** The clean stop has begun. */
  stopping(): void {
    this.#notify('STOPPING=1\nSTATUS=stopping: what waits is sent');
  }

  /**
   * Call it every second with all stages. @param status one line for systemctl status.
   * @returns whether the watchdog was fed.
   */
  look(stages: readonly StageWork[], status: string): boolean {
    const nowMono = this.#clock.monoMs();
    const passedMs = Math.min(nowMono - (this.#lookedAtMono ?? nowMono), MOST_BETWEEN_LOOKS_MS);
    this.#lookedAtMono = nowMono;
    this.#judge(stages, passedMs);
    const isFed = this.#stalled.length === 0;
    if (isFed) this.#notify('WATCHDOG=1');
    this.#tell(isFed ? status : `stalled: ${this.#stalled.join(', ')}`, nowMono);
    return isFed;
  }

  snapshot(): WatchdogSnapshot {
    return { stalled: this.#stalled };
  }

  #judge(stages: readonly StageWork[], passedMs: number): void {
    const stalled: string[] = [];
    for (const { name, hasInput, done, patienceMs } of stages) {
      const before = this.#stages.get(name);
      const hasMoved = before === undefined || before.done !== done || !hasInput;
      const idleMs = hasMoved ? 0 : before.idleMs + passedMs;
      this.#stages.set(name, { done, idleMs });
      if (idleMs > patienceMs) stalled.push(name);
    }
    const news = stalled.filter((name) => !this.#stalled.includes(name));
    if (news.length > 0) {
      this.#log.error({ stages: news }, 'a stage gets nothing done; the service manager will restart anprd');
    }
    this.#stalled = stalled;
  }

  #tell(text: string, nowMono: number): void {
    if (text === this.#status.text || nowMono - this.#status.atMono < STATUS_EVERY_MS) return;
    this.#status = { text, atMono: nowMono };
    // A line end would begin another message.
    this.#notify(`STATUS=${text.replaceAll(/\s+/g, ' ')}`);
  }
}
