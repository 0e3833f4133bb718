import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../../lib/atomic-file.js';
import { DeviceError, messageOf } from '../../lib/errors.js';
import { isGone, thisWriter } from '../list-store/writer.js';
import { MOST_BLOB_BYTES, MOST_ENVELOPE_BYTES } from '../package/limits.js';
import type { Manifest } from '../package/manifest.js';
import { blobName, type Part, parseBlobName, partName } from '../package/parts.js';

/**
 * A package as a folder: `manifest`, and the blobs in files called as on the wire. What its owner
 * publishes from and to; there is no other state.
 *
 * Invariants
 * - The manifest is replaced whole, after every blob it names is on the disk; blobs that no manifest
 *   names are removed after that. Killed at any moment, the folder is the old package or the new.
 * - One process at a time changes it.
 */
export class PackageFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** @returns undefined where the folder has no package yet. */
  envelope(): Buffer | undefined {
    return this.#read('manifest', MOST_ENVELOPE_BYTES);
  }

  /** @returns undefined where there is no such blob. */
  blob(name: string): Buffer | undefined {
    if (parseBlobName(name) === undefined) throw new Error('not the name of a blob');
    return this.#read(name, MOST_BLOB_BYTES);
  }

  /**
   * Does what changes the folder, alone.
   * @throws DeviceError hotlist.publish-failed where another process is at it, or the disk fails.
   */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const lock = join(this.path, LOCK);
    try {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
      this.#takeLock(lock);
    } catch (cause) {
      throw this.#failed(cause);
    }
    try {
      return await work();
    } catch (cause) {
      throw this.#failed(cause);
    } finally {
      rmSync(lock, { force: true });
    }
  }

  /** Writes a blob of a part that no manifest names yet, and flushes it. */
  writeBlob(part: Parameters<typeof partName>[0], index: number, bytes: Uint8Array): void {
    const path = join(this.path, blobName(part, index));
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFlushed(path, bytes, 'w');
  }

  /** The package is another one from here on. */
  async commit(envelope: Uint8Array, manifest: Manifest): Promise<void> {
    const parts: readonly Part[] = [manifest.snapshot, ...manifest.deltas];
    for (const part of parts) flushFolder(join(this.path, partName(part)));
    for (const kind of KINDS) flushFolder(join(this.path, kind));
    await writeFileAtomic(join(this.path, 'manifest'), envelope);
    this.#tidy(new Set(parts.map(partName)));
  }

  /** Removes what no manifest names, also what a publish that was killed has left. */
  #tidy(named: ReadonlySet<string>): void {
    for (const kind of KINDS) {
      if (!existsSync(join(this.path, kind))) continue;
      for (const span of readdirSync(join(this.path, kind))) {
        if (!named.has(`${kind}/${span}`)) rmSync(join(this.path, kind, span), { recursive: true });
      }
    }
    for (const name of readdirSync(this.path)) {
      if (/^(manifest|lock)\.[0-9a-f]+\.tmp$/.test(name)) rmSync(join(this.path, name));
    }
  }

  #takeLock(lock: string): void {
    const whole = join(this.path, `lock.${randomBytes(6).toString('hex')}.tmp`);
    for (;;) {
      try {
        writeLock(lock, whole);
        return;
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
      }
      if (!isLeftBehind(lock)) {
        throw new DeviceError('hotlist.publish-failed', {
          message: `another process is publishing from ${this.path}`,
          hint: `Wait for it to end. If there is none, on no computer, remove ${lock}.`,
        });
      }
      rmSync(lock, { force: true });
    }
  }

  #read(name: string, mostBytes: number): Buffer | undefined {
    const path = join(this.path, name);
    try {
      // One byte more than may be there: that it is too large is found by whoever checks it.
      if (statSync(path).size > mostBytes) return Buffer.alloc(mostBytes + 1);
      return readFileSync(path);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'ENOENT') return undefined;
      throw new DeviceError('hotlist.unreadable', {
        message: `cannot read ${path}: ${messageOf(cause)}`,
        hint: 'Name the folder of a package that this user may read; the list is as it was.',
        cause,
      });
    }
  }

  #failed(cause: unknown): unknown {
    if (cause instanceof DeviceError || !(cause instanceof Error) || !('syscall' in cause)) return cause;
    return new DeviceError('hotlist.publish-failed', {
      message: `cannot write the package ${this.path}: ${cause.message}`,
      hint: 'Check that this user may write there and that the disk is neither full nor read-only; the package is as it was.',
      cause,
    });
  }
}

const KINDS = ['snapshot', 'delta'] as const;
const LOCK = 'publishing.lock';

/**
 * A lock is there whole or not at all: whoever is killed while writing one would hold it for good. Only
 * sticks, whose file systems have no links, take that chance.
 * @throws EEXIST where somebody holds it.
 */
function writeLock(lock: string, whole: string): void {
  writeFlushed(whole, Buffer.from(thisWriter), 'w');
  try {
    linkSync(whole, lock);
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (!['EPERM', 'ENOTSUP', 'ENOSYS'].includes(code)) throw cause;
    writeFlushed(lock, Buffer.from(thisWriter), 'wx');
  } finally {
    unlinkSync(whole);
  }
}

/** Whether the process that took the lock was killed, or the lock was spoilt by what stopped its computer. */
function isLeftBehind(lock: string): boolean {
  try {
    return isGone(readFileSync(lock, 'utf8'));
  } catch (error) {
    return error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function writeFlushed(path: string, bytes: Uint8Array, flags: 'w' | 'wx'): void {
  const file = openSync(path, flags, 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}

function flushFolder(path: string): void {
  if (!existsSync(path)) return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
