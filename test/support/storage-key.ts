import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createStorageKey, loadStorageKey, type StorageKey } from '../../src/lib/storage-key.js';

/** The storage key of a test's folder, made at the first call, as an operator makes one. */
export function keyFileIn(folder: string): string {
  const keyFile = join(folder, 'storage.key');
  if (!existsSync(keyFile)) createStorageKey(keyFile);
  return keyFile;
}

export function keyIn(folder: string): StorageKey {
  return loadStorageKey({ keyFile: keyFileIn(folder) });
}
