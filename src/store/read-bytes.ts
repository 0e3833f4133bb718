import { closeSync, openSync, readSync } from 'node:fs';

/** Bytes of a file; fewer where it ends, none where there is no such file. */
export function readBytes(path: string, at: number, length: number): Buffer {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return Buffer.alloc(0);
  }
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, at));
  } finally {
    closeSync(file);
  }
}
