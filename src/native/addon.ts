import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DeviceError, messageOf } from '../lib/errors.js';

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

/** The folder with package.json: two or three up, from src/native as from dist/src/native. */
function packageRoot(from: string): string {
  let folder = from;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${from}`);
    folder = parent;
  }
  return folder;
}
