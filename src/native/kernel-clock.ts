import { addon, type TimexState } from './addon.js';

/** What the kernel knows of its clock, from whatever service keeps it (chrony, ntpd, timesyncd). */
export interface KernelClock {
  /** A service has set it from a time source, and not too long ago: the kernel forgets by itself. */
  readonly isSynchronised: boolean;
  /** How far the clock is ahead of that source by the kernel's account; chrony leaves it at 0. */
  readonly offsetMs: number;
  /** How far it is from that source at most; grows until the service asks its source again. */
  readonly maxErrorMs: number;
}

/**
 * @returns undefined where this process may not ask, as in some containers.
 * @throws DeviceError addon.missing
 */
export function kernelClock(): KernelClock | undefined {
  const state = addon().clockState();
  return typeof state === 'number' ? undefined : kernelClockFrom(state);
}

/** linux/timex.h */
const TIME_ERROR = 5;
const STA_UNSYNC = 0x40;
const STA_NANO = 0x2000;

export function kernelClockFrom({ state, status, offset, maxError }: TimexState): KernelClock {
  const unitsPerMs = (status & STA_NANO) === 0 ? 1_000 : 1_000_000;
  return {
    isSynchronised: state !== TIME_ERROR && (status & STA_UNSYNC) === 0,
    // What is still to be added is what the clock is behind.
    offsetMs: offset === 0 ? 0 : -offset / unitsPerMs,
    maxErrorMs: maxError / 1_000,
  };
}
