import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { DeviceError, messageOf } from '../../lib/errors.js';
import { packageInvalid } from './failures.js';
import { MOST_BLOB_BYTES, MOST_ENVELOPE_BYTES } from './limits.js';
import { parseBlobName } from './parts.js';

/**
 * A package as one file (.voi), for a USB stick: a line with the envelope, then for each blob a line
 * `<name> <bytes>`, the bytes, and a line end.
 *
 * Opening walks over the headers alone, so that a file that was cut off or has something behind its
 * end is refused before anything of it is used; blobs are read when they are asked for.
 */
export class PackageFile {
  readonly envelope: Buffer;
  readonly #file: number;
  readonly #blobs: ReadonlyMap<string, { readonly at: number; readonly bytes: number }>;

  /**
   * @throws DeviceError hotlist.unreadable where there is no such file; hotlist.package-invalid
   *   naming the byte at which it stops being a package.
   */
  constructor(path: string) {
    try {
      this.#file = openSync(path, 'r');
    } catch (cause) {
      throw unreadable(path, cause);
    }
    try {
      const sizeBytes = fstatSync(this.#file).size;
      this.envelope = this.#line(0, MOST_ENVELOPE_BYTES, sizeBytes);
      this.#blobs = this.#index(this.envelope.length + 1, sizeBytes);
    } catch (cause) {
      closeSync(this.#file);
      throw cause instanceof DeviceError ? cause : unreadable(path, cause);
    }
  }

  /** @returns undefined where the file has no blob of this name. */
  blob(name: string): Buffer | undefined {
    const found = this.#blobs.get(name);
    return found && this.#read(found.at, found.bytes);
  }

  close(): void {
    closeSync(this.#file);
  }

  #index(from: number, sizeBytes: number): Map<string, { at: number; bytes: number }> {
    const blobs = new Map<string, { at: number; bytes: number }>();
    for (let at = from; at < sizeBytes; ) {
      const header = this.#line(at, MOST_HEADER_BYTES, sizeBytes);
      const [, name, digits] = /^(\S+) ([1-9]\d{0,7})$/.exec(header.toString('latin1')) ?? [];
      if (name === undefined || parseBlobName(name) === undefined) {
        throw packageInvalid(`byte ${at}: no header of a blob; expected its name and its bytes`);
      }
      if (blobs.has(name)) throw packageInvalid(`byte ${at}: ${name} stands there twice`);
      const bytes = Number(digits);
      if (bytes > MOST_BLOB_BYTES) {
        throw packageInvalid(`byte ${at}: ${name} has ${bytes} bytes, expected at most ${MOST_BLOB_BYTES}`);
      }
      const blobAt = at + header.length + 1;
      if (blobAt + bytes >= sizeBytes) throw cutOff(sizeBytes, name);
      if (this.#read(blobAt + bytes, 1)[0] !== LINE_FEED) {
        throw packageInvalid(`byte ${blobAt + bytes}: ${name} does not end here`);
      }
      blobs.set(name, { at: blobAt, bytes });
      at = blobAt + bytes + 1;
    }
    return blobs;
  }

  /** The line that begins at a byte, without its line end. */
  #line(at: number, mostBytes: number, sizeBytes: number): Buffer {
    const bytes = this.#read(at, Math.min(mostBytes + 1, sizeBytes - at));
    const end = bytes.indexOf(LINE_FEED);
    if (end !== -1) return bytes.subarray(0, end);
    if (at + bytes.length >= sizeBytes) throw cutOff(sizeBytes, 'a line');
    throw packageInvalid(`byte ${at}: no line end within ${mostBytes} bytes`);
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    let got = 0;
    while (got < length) {
      const count = readSync(this.#file, bytes, got, length - got, at + got);
      if (count === 0) throw cutOff(at + got, 'the file');
      got += count;
    }
    return bytes;
  }
}

const LINE_FEED = 0x0a;
/** `delta/<12 digits>-<12 digits>/<5 digits> <7 digits>` is 46. */
const MOST_HEADER_BYTES = 64;

/**
 * Writes a package as one file, blob by blob, and flushes it; it is there whole or not at all.
 * @throws the file system's own errors, and what `blobs` throws
 */
export function writePackageFile(
  path: string,
  envelope: Uint8Array,
  blobs: Iterable<{ readonly name: string; readonly bytes: Uint8Array }>,
): void {
  const temporary = `${path}.part`;
  try {
    const file = openSync(temporary, 'w', 0o600);
    try {
      writeAll(file, Buffer.concat([envelope, NEW_LINE]));
      for (const { name, bytes } of blobs) {
        writeAll(file, Buffer.concat([Buffer.from(`${name} ${bytes.length}\n`), bytes, NEW_LINE]));
      }
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

const NEW_LINE = Buffer.from('\n');

function writeAll(file: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

function cutOff(sizeBytes: number, what: string): DeviceError {
  return packageInvalid(`byte ${sizeBytes}: the file is cut off within ${what}`);
}

function unreadable(path: string, cause: unknown): DeviceError {
  return new DeviceError('hotlist.unreadable', {
    message: `cannot read ${path}: ${messageOf(cause)}`,
    hint: 'Name a package that this user may read; the list is as it was.',
    cause,
  });
}
