import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { DeviceError, type ErrorCode, messageOf } from '../lib/errors.js';

/**
 * Writes a file of its owner's alone: it is there whole or not at all.
 * @throws DeviceError of this code where it cannot be written, and whatever the pages throw.
 */
export function writeWhole(path: string, pages: Iterable<string>, code: ErrorCode): void {
  const temporary = `${path}.part`;
  try {
    const file = openSync(temporary, 'w', 0o600);
    try {
      for (const page of pages) {
        const bytes = Buffer.from(page);
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      }
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    if (cause instanceof DeviceError) throw cause;
    throw new DeviceError(code, {
      message: `cannot write ${path}: ${messageOf(cause)}`,
      hint: 'Name a file in a folder that this user may write, on a disk that is not full.',
      cause,
    });
  }
}

/** Writes to standard output no faster than it is read. */
export async function writeOut(pages: Iterable<string>): Promise<void> {
  for (const text of pages) {
    if (!process.stdout.write(text)) await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
}
