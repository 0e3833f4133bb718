import type { ClockQuality } from '../domain/capture-record.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import type { ServiceTime } from './time-service.js';

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

/** chrony is asked in a process of its own, which costs. */
const ASK_SERVICE_EVERY_MS = 30_000;
/** What a receiver's sentence is late by, at most: it says the second, and takes a part of one to come. */
const SATELLITE_ERROR_MS = 1_000;
/** A clock further off than this is not kept by what the satellites say. */
export const SATELLITES_AGREE_MS = 2_000;

/**
 * To a tenth of a millisecond, and the error upwards: no better than it is.
 * @param satelliteOffsetMs how far the clock is ahead of the time that a receiver of positions gives.
 */
export function clockQualityFrom(
  kernel: KernelClockState | undefined,
  service?: ServiceTime,
  satelliteOffsetMs?: number,
): ClockQuality {
  if (kernel?.isSynchronised) {
    return {
      source: service?.source ?? 'ntp',
      offsetMs: tenths(service?.offsetMs ?? kernel.offsetMs),
      maxErrorMs: Math.ceil(kernel.maxErrorMs),
    };
  }
  if (satelliteOffsetMs === undefined) return { source: 'unknown' };
  const offsetMs = tenths(satelliteOffsetMs);
  if (Math.abs(offsetMs) > SATELLITES_AGREE_MS) return { source: 'unknown', offsetMs };
  return { source: 'gps', offsetMs, maxErrorMs: Math.ceil(Math.abs(offsetMs)) + SATELLITE_ERROR_MS };
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10 + 0;
}

export interface ClockWatchOptions {
  readonly clock: Clock;
  readonly readKernel: () => KernelClockState | undefined;
  readonly log: Logger;
  /** Must not reject. */
  readonly askService?: () => Promise<ServiceTime | undefined>;
  readonly satelliteOffsetMs?: () => number | undefined;
}

/**
 * Notices when the clock is set, by comparing it with the one that only grows, and keeps what records
 * say of the clock they were made under. Nothing waits or is ordered by the clock that jumps.
 */
export class ClockWatch {
  readonly #options: ClockWatchOptions;
  /** UTC less the monotonic clock, milliseconds: the same for ever, unless the clock is set. */
  #differenceMs: number;
  #quality: ClockQuality = { source: 'unknown' };
  #service: ServiceTime | undefined;
  #askServiceAtMono = -Infinity;
  #jumps = 0;
  #hasFailed = false;

  constructor(options: ClockWatchOptions) {
    this.#options = options;
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
    this.#askService();
    this.#quality = clockQualityFrom(this.#ask(), this.#service, this.#options.satelliteOffsetMs?.());
    const differenceMs = this.#difference();
    const byMs = differenceMs - this.#differenceMs;
    // Slow turning is followed, so that hours of it do not add up to a jump.
    this.#differenceMs = differenceMs;
    if (Math.abs(byMs) < LEAST_JUMP_MS) return undefined;
    const jump = { atMs: this.#options.clock.nowMs(), byMs: Math.round(byMs) };
    this.#jumps++;
    this.#options.log.warn({ byMs: jump.byMs, ...this.#quality }, 'the clock was set');
    return jump;
  }

  #askService(): void {
    const { askService, clock } = this.#options;
    const nowMono = clock.monoMs();
    if (askService === undefined || nowMono < this.#askServiceAtMono) return;
    this.#askServiceAtMono = nowMono + ASK_SERVICE_EVERY_MS;
    void askService().then((service) => {
      this.#service = service;
    });
  }

  #difference(): number {
    const { clock } = this.#options;
    return clock.nowMs() - clock.monoMs();
  }

  /** A missing addon is told by the vision process, which cannot do without it; here it is a clock unknown. */
  #ask(): KernelClockState | undefined {
    try {
      return this.#options.readKernel();
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      if (!this.#hasFailed) this.#options.log.warn({ code: error.code }, error.message);
      this.#hasFailed = true;
      return undefined;
    }
  }
}
