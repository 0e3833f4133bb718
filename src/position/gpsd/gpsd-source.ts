import { connect, type Socket } from 'node:net';
import type { Clock } from '../../lib/clock.js';
import { DeviceError, messageOf } from '../../lib/errors.js';
import { FixAssembler } from '../fix-assembler.js';
import type { PositionListener, PositionSource } from '../position-source.js';
import { readReport } from './read-report.js';

export interface GpsdSourceOptions {
  readonly host: string;
  readonly port: number;
  readonly silentAfterMs: number;
  readonly clock: Clock;
}

/**
 * gpsd opens its receiver when the first client comes, and may then try rates for half a minute; it closes
 * it when the last one goes. To leave sooner would begin all of it anew.
 */
const LEAST_PATIENCE_MS = 45_000;
const LOOK_EVERY_MS = 100;
/** A report of the satellites has some 10,000. */
const MOST_LINE_CHARACTERS = 65_536;
const WATCH = '?WATCH={"enable":true,"json":true};\n';

/**
 * gpsd over TCP, its JSON protocol. Fixes are dated by the arrival of their report, which gpsd gives when the
 * receiver has said all of one moment: a third of a second later than its first byte at 9600 baud.
 */
export class GpsdSource implements PositionSource {
  readonly kind = 'gpsd';
  readonly baudRate = undefined;
  readonly #options: GpsdSourceOptions;

  constructor(options: GpsdSourceOptions) {
    this.#options = options;
  }

  async run(listener: PositionListener, signal: AbortSignal): Promise<void> {
    const { host, port, silentAfterMs, clock } = this.#options;
    const patienceMs = Math.max(silentAfterMs, LEAST_PATIENCE_MS);
    const over = new AbortController();
    const ending = AbortSignal.any([signal, over.signal]);
    let heardAtMono = clock.monoMs();
    const socket = connect({ host, port });
    const reports = new ReportReader(listener, () => {
      heardAtMono = clock.monoMs();
    });
    socket.setEncoding('latin1');
    socket.on('connect', () => socket.write(WATCH));
    socket.on('data', (text: string) => reports.push(text, clock.monoMs()));
    socket.on('error', (cause) => over.abort(this.#failed(`cannot be reached: ${messageOf(cause)}`, cause)));
    socket.on('close', () => over.abort(this.#failed('ended the connection')));
    try {
      while (clock.monoMs() - heardAtMono < patienceMs) await clock.sleep(LOOK_EVERY_MS, ending);
      throw this.#failed(`has told nothing of a receiver for ${patienceMs / 1000} s`);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await closed(socket);
    }
  }

  #failed(what: string, cause?: unknown): DeviceError {
    const { host, port } = this.#options;
    return new DeviceError('position.receiver-failed', {
      message: `gpsd on ${host} port ${port} ${what}`,
      hint: 'Check that gpsd runs and listens there, and with cgps or gpspipe -w that it has a receiver.',
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** Lines of JSON to fixes. */
class ReportReader {
  readonly #assembler = new FixAssembler();
  readonly #listener: PositionListener;
  /** Told of what comes from a receiver; gpsd itself also speaks without one. */
  readonly #onReceiver: () => void;
  #line = '';
  #lineAtMono = 0;

  constructor(listener: PositionListener, onReceiver: () => void) {
    this.#listener = listener;
    this.#onReceiver = onReceiver;
  }

  push(text: string, atMono: number): void {
    const [first = '', ...others] = text.split('\n');
    this.#add(first, atMono);
    for (const other of others) {
      this.#endLine();
      this.#add(other, atMono);
    }
  }

  #add(part: string, atMono: number): void {
    if (this.#line === '') this.#lineAtMono = atMono;
    // What is too long stays too long until its line ends, and is then no JSON.
    if (this.#line.length <= MOST_LINE_CHARACTERS) this.#line += part;
  }

  #endLine(): void {
    const line = this.#line.trim();
    this.#line = '';
    if (line === '') return;
    const utterance = line.length > MOST_LINE_CHARACTERS ? undefined : readReport(line);
    if (utterance?.kind === 'other') return;
    this.#listener.onSentence(utterance !== undefined);
    if (!utterance) return;
    this.#onReceiver();
    const assembled = this.#assembler.take(utterance, this.#lineAtMono);
    if (assembled?.kind === 'fix') this.#listener.onFix(assembled.fix);
    if (assembled?.kind === 'no-fix') this.#listener.onNoFix(assembled.atMono);
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) return resolve();
    socket.once('close', () => resolve());
    socket.destroy();
  });
}
