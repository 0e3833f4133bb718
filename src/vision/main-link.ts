import type { FromVision, ToVision, VisionConfiguration } from './protocol.js';

/** Reports that may wait for their commit before no more frames are taken in: each holds pictures. */
const MOST_UNACKNOWLEDGED = 64;
const WAITING_EVERY_MS = 500;

/**
 * The child's end of the channel to the main process: numbers reports, and knows which are not
 * acknowledged yet.
 */
export class MainLink {
  readonly #process: NodeJS.Process;
  /** By report, what to do when it is committed. */
  readonly #unacknowledged = new Map<number, (() => void) | undefined>();
  #nextReportId = 1;
  #waiting: { readonly below: number; readonly go: () => void }[] = [];
  #onStop: () => void = () => undefined;
  #onLimit: ((framesPerSecond: number | undefined) => void) | undefined;
  #lastLimit: { readonly framesPerSecond: number | undefined } | undefined;
  #stopAsked = false;

  constructor(options: { readonly process: NodeJS.Process }) {
    this.#process = options.process;
  }

  /** Begins to listen. @returns what the main process wants done. */
  configured(): Promise<VisionConfiguration> {
    return new Promise((resolve) => {
      this.#process.on('message', (message) => {
        const said = message as ToVision;
        if (said.kind === 'configure') resolve(said.configuration);
        else if (said.kind === 'ack') this.#acknowledge(said.reportId);
        else if (said.kind === 'limit') this.#limit(said.framesPerSecond ?? undefined);
        else this.#stop();
      });
    });
  }

  /** Told once when the main process wants an end, also when it said so before. */
  onStop(handler: () => void): void {
    this.#onStop = handler;
    if (this.#stopAsked) handler();
  }

  /**
   * Told how many frames a second may be taken in (undefined: all) whenever that changes after the
   * configuration, also when it was said before.
   */
  onLimit(handler: (framesPerSecond: number | undefined) => void): void {
    this.#onLimit = handler;
    if (this.#lastLimit !== undefined) handler(this.#lastLimit.framesPerSecond);
  }

  send(message: FromVision): void {
    // A parent that is gone is met by `disconnect`; until it arrives nobody listens.
    if (this.#process.connected) this.#process.send?.(message);
  }

  /** Resolves when the channel has taken it, or cannot. */
  sendLast(message: FromVision): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#process.connected || this.#process.send === undefined) resolve();
      else this.#process.send(message, undefined, undefined, () => resolve());
    });
  }

  /** @param onCommitted called when the main process has acknowledged it: it is in the store. */
  report(passage: Extract<FromVision, { kind: 'report' }>['passage'], onCommitted?: () => void): void {
    const reportId = this.#nextReportId++;
    this.#unacknowledged.set(reportId, onCommitted);
    this.send({ kind: 'report', reportId, passage });
  }

  /**
   * Resolves when there is room for more reports.
   * @param onWaiting called now and then until there is: waiting for the store is no hang.
   */
  async room(onWaiting: () => void): Promise<void> {
    if (this.#unacknowledged.size < MOST_UNACKNOWLEDGED) return;
    const waiting = setInterval(onWaiting, WAITING_EVERY_MS);
    await this.#below(MOST_UNACKNOWLEDGED);
    clearInterval(waiting);
  }

  /** Resolves when every report is acknowledged. */
  acknowledged(): Promise<void> {
    return this.#below(1);
  }

  #below(count: number): Promise<void> {
    if (this.#unacknowledged.size < count) return Promise.resolve();
    return new Promise((go) => this.#waiting.push({ below: count, go }));
  }

  #acknowledge(reportId: number): void {
    this.#unacknowledged.get(reportId)?.();
    this.#unacknowledged.delete(reportId);
    const ready = this.#waiting.filter(({ below }) => this.#unacknowledged.size < below);
    this.#waiting = this.#waiting.filter(({ below }) => this.#unacknowledged.size >= below);
    for (const { go } of ready) go();
  }

  #limit(framesPerSecond: number | undefined): void {
    this.#lastLimit = { framesPerSecond };
    this.#onLimit?.(framesPerSecond);
  }

  #stop(): void {
    if (this.#stopAsked) return;
    this.#stopAsked = true;
    this.#onStop();
  }
}
