import { Worker } from 'node:worker_threads';
import { Backoff } from '../../lib/backoff.js';
import type { Clock } from '../../lib/clock.js';
import { messageOf } from '../../lib/errors.js';
import type { Wanted } from './keeper.js';
import type { FromKeeper, KeeperConfiguration, ToKeeper } from './protocol.js';

export interface KeeperHostOptions {
  /** Asked for at each start: what is held by then differs. */
  readonly configuration: () => KeeperConfiguration;
  readonly clock: Clock;
  readonly onMessage: (message: FromKeeper) => void;
  /** The thread died; it is started again. */
  readonly onDeath: (why: string) => void;
  /** The compiled keeper-worker.js; the one beside this file unless given. */
  readonly entry?: URL;
}

const RESTART = { firstMs: 500, mostMs: 60_000 };
/** A thread that lived for so long did work: the next failure is a new one. */
const HEALTHY_AFTER_MS = 60_000;
const STOP_WITHIN_MS = 5_000;
/** A few megabytes are used; a fault must not take the memory that the models need. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 16 };

/**
 * Keeps the keeper's thread alive, and hands it what comes, one piece at a time.
 *
 * Invariant: of each list and name the newest piece alone waits here, so that however fast a broker
 * sends and however long the thread is busy, what waits is what was asked for and no more.
 */
export class KeeperHost {
  readonly #options: KeeperHostOptions;
  readonly #stopping = new AbortController();
  readonly #waiting = new Map<string, { wanted: Wanted; bytes: Uint8Array<ArrayBuffer> }>();
  #worker: Worker | undefined;
  #isBusy = false;
  #isConnected = false;
  #running: Promise<void> | undefined;
  #restarts = -1;

  constructor(options: KeeperHostOptions) {
    this.#options = options;
  }

  /** Threads that were started after the first. */
  get restarts(): number {
    return Math.max(0, this.#restarts);
  }

  start(): void {
    this.#running = this.#keepAlive();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const worker = this.#worker;
    this.#send({ kind: 'stop' });
    const done = new AbortController();
    const deadline = this.#options.clock.sleep(STOP_WITHIN_MS, done.signal).then(
      () => worker?.terminate(),
      () => undefined,
    );
    await this.#running;
    done.abort();
    await deadline;
  }

  /** @param bytes handed over: they are empty afterwards. */
  take(wanted: Wanted, bytes: Uint8Array<ArrayBuffer>): void {
    const key = `${wanted.listId} ${wanted.name}`;
    // To the end of the line: what was asked for earlier goes first.
    this.#waiting.delete(key);
    this.#waiting.set(key, { wanted, bytes });
    this.#pump();
  }

  linkChanged(isConnected: boolean): void {
    if (isConnected === this.#isConnected) return;
    this.#isConnected = isConnected;
    this.#send({ kind: 'link', isConnected });
  }

  async #keepAlive(): Promise<void> {
    const { clock, onDeath } = this.#options;
    const { signal } = this.#stopping;
    const backoff = new Backoff(RESTART);
    while (!signal.aborted) {
      this.#restarts++;
      const startedMono = clock.monoMs();
      const why = await this.#runWorker();
      if (signal.aborted) return;
      onDeath(why);
      if (clock.monoMs() - startedMono > HEALTHY_AFTER_MS) backoff.reset();
      await clock.sleep(backoff.nextMs(), signal).catch(() => undefined);
    }
  }

  /** @returns why it ended. */
  #runWorker(): Promise<string> {
    const { configuration, entry } = this.#options;
    const worker = new Worker(entry ?? new URL('./keeper-worker.js', import.meta.url), {
      workerData: configuration(),
      resourceLimits: RESOURCE_LIMITS,
      name: 'keeper',
    });
    this.#worker = worker;
    this.#isBusy = false;
    // What waited for the one before is asked for again by the next one.
    this.#waiting.clear();
    this.#send({ kind: 'link', isConnected: this.#isConnected });
    let why = 'it ended';
    worker.on('message', (message: FromKeeper) => this.#hear(message));
    worker.on('error', (error) => {
      why = messageOf(error);
    });
    return new Promise((resolve) => {
      worker.once('exit', () => {
        this.#worker = undefined;
        resolve(why);
      });
    });
  }

  #hear(message: FromKeeper): void {
    if (message.kind === 'taken') {
      this.#isBusy = false;
      this.#pump();
      return;
    }
    if (!this.#stopping.signal.aborted) this.#options.onMessage(message);
  }

  #pump(): void {
    const [next] = this.#waiting;
    if (next === undefined || this.#isBusy || this.#worker === undefined) return;
    const [key, { wanted, bytes }] = next;
    this.#waiting.delete(key);
    this.#isBusy = true;
    this.#send({ kind: 'take', wanted, bytes }, [bytes.buffer]);
  }

  #send(message: ToKeeper, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }
}
