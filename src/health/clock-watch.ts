import type { ClockQuality } from '../domain/capture-record.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';

/** What the kernel says of its clock; native/kernel-clock.ts asks it. */
export interface KernelClockState {
  readonly isSynchronised: boolean;
  /** Positive: ahead of its source. */
  readonly offsetMs: number;
  readonly maxErrorMs: number;
}

/** Somebody set the clock: a time source after a long outage, an operator, or a wrong one. */
export interface ClockJump {
  /** UTC, milliseconds: what the clock said after it. */
  readonly atMs: number;
  /** Positive: forward. */
  readonly byMs: number;
}

export interface ClockWatchSnapshot extends ClockQuality {
  /** Since the start. */
  readonly jumps: number;
}

/** More than any service turns a clock by between two looks without setting it. */
const LEAST_JUMP_MS = 1_000;

/** To a tenth of a millisecond, and the error upwards: no better than it is. */
export function clockQualityFrom(state: KernelClockState | undefined): ClockQuality {
  if (state === undefined || !state.isSynchronised) return { source: 'unknown' };
  return {
    source: 'ntp',
    offsetMs: Math.round(state.offsetMs * 10) / 10 + 0,
    maxErrorMs: Math.ceil(state.maxErrorMs),
  };
}

/**
 * Notices when the clock is set, by comparing it with the one that only grows, and keeps what records
 * say of the clock they were made under. Nothing waits or is ordered by the clock that jumps.
 */
export class ClockWatch {
  readonly #clock: Clock;
  readonly #readKernel: () => KernelClockState | undefined;
  readonly #log: Logger;
  /** UTC less the monotonic clock, milliseconds: the same for ever, unless the clock is set. */
  #differenceMs: number;
  #quality: ClockQuality = { source: 'unknown' };
  #jumps = 0;
  #hasFailed = false;

  constructor(options: {
    readonly clock: Clock;
    readonly readKernel: () => KernelClockState | undefined;
    readonly log: Logger;
  }) {
    this.#clock = options.clock;
    this.#readKernel = options.readKernel;
    this.#log = options.log;
    this.#differenceMs = this.#difference();
  }

  /** As of the last look. */
  get quality(): ClockQuality {
    return this.#quality;
  }

  snapshot(): ClockWatchSnapshot {
    return { ...this.#quality, jumps: this.#jumps };
  }

  /**
   * To be called every second or so.
   * @returns the jump since the last look, if there was one.
   */
  look(): ClockJump | undefined {
    this.#quality = clockQualityFrom(this.#ask());
    const differenceMs = this.#difference();
    const byMs = differenceMs - this.#differenceMs;
    // Slow turning is followed, so that hours of it do not add up to a jump.
    this.#differenceMs = differenceMs;
    if (Math.abs(byMs) < LEAST_JUMP_MS) return undefined;
    const jump = { atMs: this.#clock.nowMs(), byMs: Math.round(byMs) };
    this.#jumps++;
    this.#log.warn({ byMs: jump.byMs, ...this.#quality }, 'the clock was set');
    return jump;
  }

  #difference(): number {
    return this.#clock.nowMs() - this.#clock.monoMs();
  }

  /** A missing addon is told by the vision process, which cannot do without it; here it is a clock unknown. */
  #ask(): KernelClockState | undefined {
    try {
      return this.#readKernel();
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      if (!this.#hasFailed) this.#log.warn({ code: error.code }, error.message);
      this.#hasFailed = true;
      return undefined;
    }
  }
}
