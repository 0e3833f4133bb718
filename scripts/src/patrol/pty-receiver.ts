import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, existsSync, openSync, rmSync } from 'node:fs';
import { systemClock } from '../../../src/lib/clock.js';
import { endWithUs } from '../soak/children.js';
import type { DriveLog } from './drive-log.js';
import { readAtRate } from './wrong-rate.js';

export interface PtyReceiverOptions {
  /** Where the device is to be found; a link to the pseudo terminal. */
  readonly path: string;
  /** Sets the pace, and with `garbles` what is understood. */
  readonly baudRate?: number;
  /**
   * Whether a reader that set the terminal to another rate gets what a real line would give it. A pseudo
   * terminal carries bytes, not levels, so this is computed; but it does know the rate it was set to.
   */
  readonly garbles?: boolean;
}

const SLICE_MS = 20;
const BITS_A_BYTE = 10;

/** A receiver at the far end of a pseudo terminal, which socat holds: it can be plugged in, heard and unplugged. */
export class PtyReceiver {
  readonly #options: PtyReceiverOptions;
  readonly #socat: ChildProcess;
  /** Of the reader's end, to see its rate; nothing is read there. */
  readonly #terminal: number;

  private constructor(options: PtyReceiverOptions, socat: ChildProcess) {
    this.#options = options;
    this.#socat = socat;
    const { O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;
    this.#terminal = openSync(options.path, O_RDWR | O_NOCTTY | O_NONBLOCK);
  }

  /** @throws Error where socat is not installed or cannot make the terminal. */
  static async plugIn(options: PtyReceiverOptions): Promise<PtyReceiver> {
    rmSync(options.path, { force: true });
    const socat = endWithUs(
      spawn('socat', ['-u', 'STDIN', `PTY,link=${options.path},raw,echo=0`], {
        stdio: ['pipe', 'ignore', 'pipe'],
      }),
    );
    // Unplugged while it speaks, it leaves bytes that nobody takes.
    socat.stdin?.on('error', () => undefined);
    let complaint = '';
    socat.stderr?.on('data', (text) => {
      complaint += text;
    });
    let failure: Error | undefined;
    socat.once('error', (error) => {
      failure = error;
    });
    while (!existsSync(options.path)) {
      if (failure || socat.exitCode !== null) {
        throw new Error(`socat made no terminal: ${failure?.message ?? complaint.trim()}`);
      }
      await systemClock.sleep(10);
    }
    return new PtyReceiver(options, socat);
  }

  get isPlugged(): boolean {
    return this.#socat.exitCode === null && this.#socat.signalCode === null;
  }

  /** Speaks at its pace; what is left unsaid when it is unplugged is lost. */
  async say(what: string | Uint8Array): Promise<void> {
    const bytes = this.#asRead(typeof what === 'string' ? Buffer.from(what, 'latin1') : what);
    const bytesAMs = (this.#options.baudRate ?? 9_600) / BITS_A_BYTE / 1000;
    const beganMono = systemClock.monoMs();
    for (let sent = 0; sent < bytes.length && this.isPlugged; ) {
      const due = Math.ceil((systemClock.monoMs() - beganMono + SLICE_MS) * bytesAMs);
      this.#socat.stdin?.write(bytes.subarray(sent, due));
      sent = due;
      await systemClock.sleep(SLICE_MS);
    }
  }

  /**
   * Speaks a drive in real time, from one second of it to another: second `from` now, the others when they are due.
   * @returns when all was said, or the signal was aborted.
   */
  async play(
    log: DriveLog,
    {
      from = 0,
      until = log.seconds,
      signal,
    }: { readonly from?: number; readonly until?: number; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const beganMono = systemClock.monoMs();
    for (let second = from; second < until && this.isPlugged; second++) {
      const waitMs = beganMono + (second - from) * 1000 - systemClock.monoMs();
      await systemClock.sleep(Math.max(0, waitMs), signal).catch(() => undefined);
      if (signal?.aborted) return;
      await this.say(log.sentencesAt(second).join(''));
    }
  }

  /** Takes it away at once, in the middle of a byte if need be; the device's file goes with it. */
  async unplug(): Promise<void> {
    if (!this.isPlugged) return;
    closeSync(this.#terminal);
    const ended = once(this.#socat, 'exit');
    this.#socat.kill('SIGKILL');
    await ended;
    rmSync(this.#options.path, { force: true });
  }

  #asRead(bytes: Uint8Array): Uint8Array {
    const { garbles, baudRate = 9_600 } = this.#options;
    const read = garbles ? this.#rateOfReader() : baudRate;
    return read === baudRate ? bytes : readAtRate(bytes, baudRate, read);
  }

  #rateOfReader(): number {
    const { stdout } = spawnSync('stty', ['speed'], { stdio: [this.#terminal, 'pipe', 'ignore'] });
    return Number(stdout.toString());
  }
}
