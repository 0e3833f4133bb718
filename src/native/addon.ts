import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DeviceError, messageOf } from '../lib/errors.js';
import { packageRoot } from '../lib/package-root.js';

/** What native/src/addon exports; the other files of this folder are its only callers. */
export interface Addon {
  letterbox(
    source: Uint8Array,
    width: number,
    height: number,
    target: Uint8Array,
    targetWidth: number,
    targetHeight: number,
    scaledWidth: number,
    scaledHeight: number,
    pad: number,
  ): void;
  rectify(
    source: Uint8Array,
    width: number,
    height: number,
    corners: Float64Array,
    target: Uint8Array,
    targetWidth: number,
    targetHeight: number,
    subsamples: number,
  ): void;
  sharpness(source: Uint8Array, width: number, height: number): number;
  changedBlocks(
    previous: Uint8Array,
    previousWidth: number,
    previousHeight: number,
    current: Uint8Array,
    width: number,
    height: number,
    threshold: number,
  ): number;
  countLevels(
    source: Uint8Array,
    width: number,
    height: number,
    left: number,
    top: number,
    partWidth: number,
    partHeight: number,
    step: number,
    counts: Uint32Array,
  ): void;
  countSlopes(
    source: Uint8Array,
    width: number,
    height: number,
    left: number,
    top: number,
    partWidth: number,
    partHeight: number,
    counts: Uint32Array,
  ): void;
  /** @returns what adjtimex(2) says, or the error number where it may not be asked. */
  clockState(): TimexState | number;
  /** @returns 0, or the error number of setrlimit(2). */
  forbidCoreDumps(): number;
  /** Sends one datagram. @param address of a socket, @ first for an abstract one. @returns 0, or the error number. */
  notifyServiceManager(address: string, text: string): number;
}

/** Of struct timex, in its own units. */
export interface TimexState {
  /** What adjtimex returned: 5 is TIME_ERROR, not synchronised. */
  readonly state: number;
  /** STA_... bits. */
  readonly status: number;
  /** Still to be added to the clock: microseconds, or nanoseconds with STA_NANO. */
  readonly offset: number;
  /** Microseconds. */
  readonly maxError: number;
}

let loaded: Addon | undefined;

/**
 * The compiled addon, loaded at the first call.
 * @throws DeviceError addon.missing
 */
export function addon(): Addon {
  loaded ??= loadAddon(join(packageRoot(import.meta.dirname), 'native/build/Release/anprd_native.node'));
  return loaded;
}

/** @throws DeviceError addon.missing */
export function loadAddon(path: string): Addon {
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (cause) {
    throw new DeviceError('addon.missing', {
      message: `cannot load the addon ${path}: ${messageOf(cause)}`,
      hint: 'Build it on this machine: run scripts/test, or npm run build:native.',
      cause,
    });
  }
}
