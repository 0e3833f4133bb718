import { fileURLToPath } from 'node:url';
import type { VisionConfig } from '../config/schema.js';
import { NO_OPTICS, type OpticsLook } from '../domain/optics.js';
import type { Passage } from '../domain/passage.js';
import { Backoff } from '../lib/backoff.js';
import { type Clock, systemClock } from '../lib/clock.js';
import { DeviceError, ERROR_CODES, type ErrorCode } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import { Continuity } from './continuity.js';
import { PassageQueue } from './passage-queue.js';
import type { FromVision, SourceState, VisionConfiguration, VisionProgress } from './protocol.js';
import { VisionChild, type VisionExit } from './vision-child.js';

export interface VisionSupervisorOptions {
  readonly configuration: Omit<VisionConfiguration, 'resumeFromFrame' | 'framesPerSecond' | 'views'>;
  readonly vision: VisionConfig;
  readonly logger: Logger;
  /** Commits a passage to the store. What it rejects is handed in again until it is taken. */
  readonly onPassage: (passage: Passage) => Promise<void>;
  /** The camera's state, as often as it changes. */
  readonly onSource?: (state: SourceState, detail: string) => void;
  /** The process died, hangs or cannot work; it is replaced all the same. */
  readonly onProblem?: (error: DeviceError) => void;
  /** A process is up and takes in frames. */
  readonly onReady?: () => void;
  readonly clock?: Clock;
  /** Built entry of the vision process; the one beside this file unless given. */
  readonly entryPath?: string;
  readonly startWithinMs?: number;
  readonly stopWithinMs?: number;
}

export interface VisionSnapshot {
  readonly state: 'stopped' | 'starting' | 'running' | 'waiting' | 'ended';
  readonly pid: number | undefined;
  /** Processes that were started after the first. */
  readonly restarts: number;
  /** Whether a process runs that has to give signs of work; one that gives none is killed and replaced. */
  readonly owesSigns: boolean;
  /** Signs of work and ends, over all processes: stands still where one hangs that cannot even be killed. */
  readonly signs: number;
  readonly source: { readonly state: SourceState; readonly detail: string } | undefined;
  /** Over all processes, but for what a process did after its last sign. */
  readonly framesProcessed: number;
  readonly framesDropped: number;
  /** Left out because of `limit`. */
  readonly framesLimited: number;
  readonly framesWithoutMotion: number;
  readonly detectMs: number;
  readonly readMs: number;
  readonly noise: number;
  readonly openPassages: number;
  /** As the process that runs now sees it, or the last one did. */
  readonly optics: OpticsLook;
  readonly passages: {
    /** Received and not committed yet. */
    readonly waiting: number;
    readonly committed: number;
    /** Given up at the end because they could not be committed. */
    readonly lost: number;
    readonly orphans: number;
    readonly adopted: number;
    readonly dropped: number;
  };
}

/** Loading models takes a second here and several on a cold card. */
const START_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 10_000;
/** A process that lived for so long did work: the next failure is a new one. */
const HEALTHY_AFTER_MS = 10_000;
/** An orphan waits this much longer than it takes to be seen, read and recognised again. */
const ADOPT_MARGIN_MS = 8_000;
/** Frames of a recording by which a passage may be beside itself after a death: ten seconds or so. */
const GRACE_FRAMES = 250;
const TICK_EVERY_MS = 500;

/**
 * Keeps one camera's vision process alive: watches it, replaces it, and passes on what it reports,
 * so that every vehicle gives exactly one record whatever happens to the process.
 *
 * Invariants
 * - A report is held here from its receipt until `onPassage` has committed it; only then is it
 *   acknowledged. Passages are committed one after another, in order.
 * - Whatever the process dies of, another is started, after waits that grow while it keeps dying.
 */
export class VisionSupervisor {
  readonly #options: VisionSupervisorOptions;
  readonly #clock: Clock;
  readonly #continuity: Continuity;
  readonly #queue: PassageQueue;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #child: VisionChild | undefined;
  #state: VisionSnapshot['state'] = 'stopped';
  #starts = 0;
  #signs = 0;
  #source: VisionSnapshot['source'];
  #progress: VisionProgress = NO_PROGRESS;
  /** Sums of the processes before. */
  #before = NO_PROGRESS;
  #framesPerSecond: number | undefined;
  #views: readonly Uint8Array[] | undefined;
  #hasEnded = false;
  /** The process that runs now, or ran last, said itself why it cannot work. */
  #hasToldWhy = false;

  constructor(options: VisionSupervisorOptions) {
    const { camera, passages } = options.configuration;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const recorded = camera.source.kind === 'file' || camera.source.kind === 'pictures';
    const withinMs = passages.rejoinWithinSeconds * 1000 + ADOPT_MARGIN_MS;
    this.#continuity = new Continuity({
      timeline: recorded ? { kind: 'recording', graceFrames: GRACE_FRAMES } : { kind: 'live', withinMs },
      adoptWithinMs: withinMs,
    });
    this.#queue = new PassageQueue({
      commit: options.onPassage,
      clock: this.#clock,
      logger: options.logger,
    });
  }

  /** Starts the process and returns; from then on it is kept alive until `stop` or its source's end. */
  start(signal?: AbortSignal): void {
    if (this.#running !== undefined) throw new Error('the vision supervisor was started twice');
    signal?.addEventListener('abort', () => void this.stop(), { once: true });
    this.#running = this.#keepAlive();
  }

  /** Resolves when a recording was played to its end and all of it is committed, or after `stop`. */
  async finished(): Promise<void> {
    await this.#running;
    await this.#queue.idle();
  }

  /** Flushes open passages, waits for their commit, and ends the process; by force where it must. */
  async stop(): Promise<void> {
    const child = this.#child;
    const limitMs = this.#options.stopWithinMs ?? STOP_WITHIN_MS;
    this.#stopping.abort();
    child?.unwatch();
    child?.send({ kind: 'stop' });
    const done = new AbortController();
    const deadline = this.#clock.sleep(limitMs, done.signal).then(
      () => child?.kill('killed'),
      () => undefined,
    );
    await this.#running;
    done.abort();
    await deadline;
    await this.#queue.close(limitMs);
    if (this.#state !== 'ended') this.#state = 'stopped';
  }

  /** Has no more frames taken in than this, also by processes to come; undefined: all. Above 0. */
  limit(framesPerSecond: number | undefined): void {
    if (framesPerSecond !== undefined && !(framesPerSecond > 0)) {
      throw new RangeError(`expected a limit above 0 frames a second, got ${framesPerSecond}`);
    }
    if (framesPerSecond === this.#framesPerSecond) return;
    this.#framesPerSecond = framesPerSecond;
    this.#child?.send({ kind: 'limit', framesPerSecond: framesPerSecond ?? null });
  }

  snapshot(): VisionSnapshot {
    const sum = (name: Summed) => this.#before[name] + this.#progress[name];
    return {
      state: this.#state,
      pid: this.#child?.pid,
      restarts: Math.max(0, this.#starts - 1),
      owesSigns: this.#child?.owesSigns ?? false,
      signs: this.#signs,
      source: this.#source,
      framesProcessed: sum('framesProcessed'),
      framesDropped: sum('framesDropped'),
      framesLimited: sum('framesLimited'),
      framesWithoutMotion: sum('framesWithoutMotion'),
      detectMs: sum('detectMs'),
      readMs: sum('readMs'),
      noise: sum('noise'),
      openPassages: this.#progress.openPassages,
      optics: this.#progress.optics,
      passages: { ...this.#queue.snapshot(), ...this.#continuity.snapshot() },
    };
  }

  async #keepAlive(): Promise<void> {
    const { restartFirstSeconds, restartMostSeconds } = this.#options.vision;
    const backoff = new Backoff({ firstMs: restartFirstSeconds * 1000, mostMs: restartMostSeconds * 1000 });
    const ticking = setInterval(
      () => this.#passOn(this.#continuity.tick(this.#clock.monoMs())),
      TICK_EVERY_MS,
    );
    try {
      while (!this.#stopping.signal.aborted) {
        const startedMonoMs = this.#clock.monoMs();
        const exit = await this.#runChild();
        this.#signs++;
        this.#continuity.died(this.#clock.monoMs(), this.#clock.nowMs());
        if (this.#hasEnded || this.#stopping.signal.aborted) break;
        this.#tellExit(exit);
        if (this.#clock.monoMs() - startedMonoMs > HEALTHY_AFTER_MS) backoff.reset();
        this.#state = 'waiting';
        await this.#clock.sleep(backoff.nextMs(), this.#stopping.signal).catch(() => undefined);
      }
      this.#passOn(this.#continuity.finish());
    } finally {
      clearInterval(ticking);
      this.#child = undefined;
      this.#state = this.#hasEnded ? 'ended' : 'stopped';
    }
  }

  async #runChild(): Promise<VisionExit> {
    const { configuration, vision, entryPath, startWithinMs } = this.#options;
    const resumeFromFrame = this.#progress.resumeFromFrame;
    this.#before = addUp(this.#before, this.#progress);
    this.#progress = { ...NO_PROGRESS, resumeFromFrame };
    const framesPerSecond = this.#framesPerSecond;
    const views = this.#views;
    const child = new VisionChild({
      entryPath: entryPath ?? fileURLToPath(new URL('./entry.js', import.meta.url)),
      clock: this.#clock,
      hangAfterMs: vision.hangAfterSeconds * 1000,
      startWithinMs: startWithinMs ?? START_WITHIN_MS,
      onMessage: (message) => this.#hear(child, message),
    });
    this.#child = child;
    this.#state = 'starting';
    this.#hasToldWhy = false;
    this.#starts++;
    const exited = child.run();
    child.send({
      kind: 'configure',
      configuration: {
        ...configuration,
        resumeFromFrame,
        ...(framesPerSecond !== undefined && { framesPerSecond }),
        ...(views !== undefined && { views }),
      },
    });
    return exited;
  }

  #hear(child: VisionChild, message: FromVision): void {
    const { onSource, onProblem, onReady } = this.#options;
    this.#signs++;
    switch (message.kind) {
      case 'ready':
        this.#state = 'running';
        onReady?.();
        return;
      case 'beat':
        this.#progress = message.progress;
        this.#passOn(this.#continuity.progress(message.progress, this.#clock.monoMs()));
        return;
      case 'report': {
        const acknowledge = () => child.send({ kind: 'ack', reportId: message.reportId });
        const passage = this.#continuity.take(message.passage);
        if (passage === undefined) acknowledge();
        else this.#queue.add(passage, acknowledge);
        return;
      }
      case 'views':
        this.#views = message.views;
        return;
      case 'source':
        this.#source = { state: message.state, detail: message.detail };
        if (message.state === 'ended') {
          // All it still does is wait for acknowledgements.
          this.#hasEnded = true;
          child.unwatch();
        }
        onSource?.(message.state, message.detail);
        return;
      case 'failed':
        this.#hasToldWhy = true;
        onProblem?.(new DeviceError(codeOf(message.code), { message: message.message, hint: message.hint }));
    }
  }

  #passOn(passages: readonly Passage[]): void {
    for (const passage of passages) this.#queue.add(passage);
  }

  #tellExit({ why, exitCode, signal }: VisionExit): void {
    const { configuration, vision, logger, onProblem } = this.#options;
    const how = {
      hung: `gave no sign of work for ${vision.hangAfterSeconds} s and was killed`,
      late: 'did not come up in time and was killed',
      killed: 'was killed',
      exited: `ended with ${signal ?? `exit code ${exitCode ?? 'unknown'}`}`,
    }[why];
    const message = `the vision process of ${configuration.camera.id} ${how}, expected it to run on`;
    logger.warn({ camera: configuration.camera.id, exitCode, signal, why }, message);
    if (this.#hasToldWhy) return;
    const hint = 'It is replaced by itself; if this comes back, report it with the log.';
    onProblem?.(new DeviceError('vision.exited', { message, hint }));
  }
}

type Summed =
  | 'framesProcessed'
  | 'framesDropped'
  | 'framesLimited'
  | 'framesWithoutMotion'
  | 'detectMs'
  | 'readMs'
  | 'noise';

const NO_PROGRESS: VisionProgress = {
  framesProcessed: 0,
  framesDropped: 0,
  framesLimited: 0,
  framesWithoutMotion: 0,
  resumeFromFrame: 0,
  openPassages: 0,
  standingIds: [],
  noise: 0,
  detectMs: 0,
  readMs: 0,
  optics: NO_OPTICS,
};

function addUp(a: VisionProgress, b: VisionProgress): VisionProgress {
  return {
    ...NO_PROGRESS,
    framesProcessed: a.framesProcessed + b.framesProcessed,
    framesDropped: a.framesDropped + b.framesDropped,
    framesLimited: a.framesLimited + b.framesLimited,
    framesWithoutMotion: a.framesWithoutMotion + b.framesWithoutMotion,
    noise: a.noise + b.noise,
    detectMs: a.detectMs + b.detectMs,
    readMs: a.readMs + b.readMs,
  };
}

function codeOf(code: string): ErrorCode {
  return code in ERROR_CODES ? (code as ErrorCode) : 'vision.exited';
}
