import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import { NmeaDecoder } from './nmea/nmea-decoder.js';
import type { PositionListener, PositionSource } from './position-source.js';
import { type OpenSerialLine, openSerialLine, type SerialLine } from './serial-line.js';

export interface SerialSourceOptions {
  readonly device: string;
  readonly baudRate: number | 'auto';
  /** A receiver that was understood is given up when nothing could be understood for so long. */
  readonly silentAfterMs: number;
  readonly clock: Clock;
  readonly openLine?: OpenSerialLine;
}

/** The likeliest first: what u-blox receivers are shipped with (9600, later 38400), then NMEA's own 4800. */
export const USUAL_BAUD_RATES = [9_600, 38_400, 4_800, 115_200, 57_600, 19_200] as const;

/** Receivers speak once a second; one at 4800 that tells all its satellites needs most of one to do so. */
const TRIED_FOR_MS = 2_500;
const LOOK_EVERY_MS = 100;

/**
 * A receiver that speaks NMEA 0183 over a serial line.
 *
 * Its rate is known to be right by sentences whose checksums are: at a wrong one come other bytes, or
 * none. The rate that worked is tried first when the line is opened again.
 */
export class SerialSource implements PositionSource {
  readonly kind = 'serial';
  readonly #options: SerialSourceOptions;
  #foundBaudRate: number | undefined;

  constructor(options: SerialSourceOptions) {
    this.#options = options;
  }

  get baudRate(): number | undefined {
    const { baudRate } = this.#options;
    return baudRate === 'auto' ? this.#foundBaudRate : baudRate;
  }

  async run(listener: PositionListener, signal: AbortSignal): Promise<void> {
    const { device, clock, openLine = openSerialLine } = this.#options;
    const rates = this.#ratesToTry();
    const over = new AbortController();
    const ending = AbortSignal.any([signal, over.signal]);
    const attempt = new Attempt(listener);
    const line = await openLine({
      device,
      baudRate: rates[0] as number,
      onBytes: (chunk) => attempt.push(chunk, clock.monoMs()),
      onGone: (error) => over.abort(error),
    });
    try {
      await this.#listen(line, attempt, rates, ending);
    } catch (error) {
      // The signal's reason is whatever its owner chose; only the end of the line is an error here.
      if (!signal.aborted) throw error;
    } finally {
      await line.close();
    }
  }

  async #listen(line: SerialLine, attempt: Attempt, rates: readonly number[], ending: AbortSignal) {
    const { baudRate, silentAfterMs } = this.#options;
    const patienceMs = baudRate === 'auto' ? TRIED_FOR_MS : silentAfterMs;
    for (const rate of rates) {
      await line.setBaudRate(rate);
      const beganMono = this.#options.clock.monoMs();
      attempt.begin();
      await this.#untilSilent(attempt, beganMono, patienceMs, ending);
      if (attempt.heardAtMono === undefined) continue;
      this.#foundBaudRate = rate;
      await this.#untilSilent(attempt, beganMono, silentAfterMs, ending);
      throw this.#silent(`has said nothing that can be understood for ${silentAfterMs / 1000} s`);
    }
    throw this.#silent(`said nothing that can be understood at ${rates.join(', ')} baud`);
  }

  /** Returns when nothing was understood for so long, or, at first, as soon as something was. */
  async #untilSilent(attempt: Attempt, beganMono: number, patienceMs: number, ending: AbortSignal) {
    const { clock } = this.#options;
    const wasHeard = attempt.heardAtMono !== undefined;
    while (clock.monoMs() - (attempt.heardAtMono ?? beganMono) < patienceMs) {
      await clock.sleep(LOOK_EVERY_MS, ending);
      if (!wasHeard && attempt.heardAtMono !== undefined) return;
    }
  }

  #ratesToTry(): readonly number[] {
    const { baudRate } = this.#options;
    if (baudRate !== 'auto') return [baudRate];
    const found = this.#foundBaudRate;
    return found === undefined
      ? USUAL_BAUD_RATES
      : [found, ...USUAL_BAUD_RATES.filter((rate) => rate !== found)];
  }

  #silent(what: string): DeviceError {
    return new DeviceError('position.receiver-failed', {
      message: `the receiver on ${this.#options.device} ${what}`,
      hint: 'Check that it has power, that position.receiver names the right device and baud rate, and that it is set to send NMEA.',
    });
  }
}

/** What was understood since the rate was set. */
class Attempt {
  readonly #listener: PositionListener;
  #decoder: NmeaDecoder | undefined;
  #pushedAtMono = 0;
  heardAtMono: number | undefined;

  constructor(listener: PositionListener) {
    this.#listener = listener;
  }

  begin(): void {
    this.heardAtMono = undefined;
    this.#decoder = new NmeaDecoder({
      onFix: (fix) => this.#listener.onFix(fix),
      onNoFix: (atMono) => this.#listener.onNoFix(atMono),
      onSentence: (isUnderstood) => {
        if (isUnderstood) this.heardAtMono = this.#pushedAtMono;
        this.#listener.onSentence(isUnderstood);
      },
    });
  }

  push(chunk: Uint8Array, atMono: number): void {
    this.#pushedAtMono = atMono;
    this.#decoder?.push(chunk, atMono);
  }
}
