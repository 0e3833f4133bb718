import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { DeviceError, messageOf } from '../../lib/errors.js';
import { PackageFile } from '../../matching/package/package-file.js';
import type { BlobReader } from '../../matching/package/read-part.js';
import { PackageFolder } from '../../matching/publisher/package-folder.js';

/** A package on this machine, as one file or as a folder; not verified yet. */
export interface PackageSource {
  readonly envelope: Buffer;
  readonly readBlob: BlobReader;
  close(): void;
}

/**
 * What a path holds, told by what is there and not by its name alone.
 * @returns undefined where it is neither a package nor the folder of one: a CSV, then.
 * @throws DeviceError hotlist.unreadable, or hotlist.package-invalid naming the byte.
 */
export function openPackage(path: string): PackageSource | undefined {
  if (isFolder(path)) {
    const folder = new PackageFolder(path);
    const envelope = folder.envelope();
    if (envelope === undefined) {
      throw unreadable(path, new Error('the folder has no manifest; expected the folder of a package'));
    }
    return { envelope, readBlob: (name) => folder.blob(name), close: () => undefined };
  }
  if (!path.endsWith('.voi') && firstByte(path) !== 0x7b) return undefined;
  const file = new PackageFile(path);
  return { envelope: file.envelope, readBlob: (name) => file.blob(name), close: () => file.close() };
}

function isFolder(path: string): boolean {
  try {
    const found = statSync(path);
    // Of what can be read only once, as a pipe, the first byte cannot be looked at beforehand.
    if (!found.isDirectory() && !found.isFile())
      throw new Error('it is no file; a pipe or a device will not do');
    return found.isDirectory();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** A package begins with {, which no first row of a CSV can. */
function firstByte(path: string): number | undefined {
  const bytes = Buffer.alloc(1);
  try {
    const file = openSync(path, 'r');
    try {
      return readSync(file, bytes, 0, 1, 0) === 1 ? bytes[0] : undefined;
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): DeviceError {
  return new DeviceError('hotlist.unreadable', {
    message: `cannot read ${path}: ${messageOf(cause)}`,
    hint: 'Name a CSV file, a package (.voi) or its folder, that this user may read; the list is as it was.',
    cause,
  });
}
