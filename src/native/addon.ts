import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DeviceError, messageOf } from '../lib/errors.js';
import { packageRoot } from '../lib/package-root.js';

/** What native/src/addon exports; kernels.ts is its only caller. */
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
