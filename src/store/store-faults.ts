import { accessSync, constants, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DeviceError, messageOf } from '../lib/errors.js';
import { storageFaultOf } from '../lib/sqlite.js';

/** What the world outside does to the store's file, and how it is told. */

export function writeFailed(path: string, cause: unknown): DeviceError {
  return new DeviceError('store.write-failed', {
    message: `the store ${path} cannot be written or read: ${messageOf(cause)}`,
    hint: 'Check for a full, read-only or failing disk; nothing was half written, and it is tried again.',
    cause,
  });
}

/** Whether the file cannot be used as things stand, as against a wrong key, a newer schema or a bug. */
export function isUnusable(thrown: unknown): boolean {
  if (thrown instanceof DeviceError) return thrown.code === 'store.open-failed';
  if (storageFaultOf(thrown) !== undefined) return true;
  return thrown instanceof Error && typeof (thrown as NodeJS.ErrnoException).syscall === 'string';
}

export function tooLittleRoom(): DeviceError {
  return new DeviceError('store.open-failed', {
    message: 'the disk has too little room for what is kept in memory',
    hint: 'Free some room below store.path; it is tried again by itself.',
  });
}

/** SQLite says only that a write has failed; a read-only file system refuses even root. */
export function isOnReadOnlyDisk(path: string): boolean {
  try {
    accessSync(dirname(path), constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS';
  }
}

/** With less nothing can be written, whoever asks. */
const FULL_BYTES = 65_536;

/** SQLite calls many a full or read-only disk an I/O error: what the disk itself says comes with its words. */
export function reasonOf(path: string, thrown: unknown): string {
  const said = messageOf(thrown);
  if (isOnReadOnlyDisk(path)) return `${said} (the file system is read-only)`;
  return isFull(path) ? `${said} (the disk is full)` : said;
}

function isFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < FULL_BYTES;
  } catch {
    // A folder that is not there, or a disk that is gone: what was thrown says so.
    return false;
  }
}
