import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DeviceError, messageOf } from './errors.js';

/** Where the key is where neither the configuration nor systemd names it. */
export const DEFAULT_STORAGE_KEY_PATH = '/etc/anprd/storage.key';

const CREDENTIAL = 'storage-key';
const KEY_BYTES = 32;
/** Far more than a key and its line end; whatever is longer is no key and need not be read. */
const MOST_FILE_BYTES = 1_024;

/**
 * The key under which everything that SQLite writes is encrypted.
 *
 * It is held in a private field, so that neither JSON, nor a log line, nor an inspected object, nor
 * a message to another thread can carry it: a worker thread loads it for itself.
 */
export class StorageKey {
  readonly #bytes: Buffer;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** @param hex 64 hex digits. */
  static fromHex(hex: string): StorageKey {
    const bytes = Buffer.from(hex, 'hex');
    if (bytes.length !== KEY_BYTES || hex.length !== 2 * KEY_BYTES) throw new Error('not 64 hex digits');
    return new StorageKey(bytes);
  }

  /** The 64 hex digits, for lib/sqlite.ts alone. */
  reveal(): string {
    return this.#bytes.toString('hex');
  }
}

/**
 * Reads the key: from the file that the configuration names, else from the systemd credential
 * `storage-key`, else from /etc/anprd/storage.key.
 *
 * systemd alone decides who may read a credential, and shows it with the mode of an access list;
 * any other file must be its owner's alone.
 *
 * @throws DeviceError store.key-missing: no such file, not readable, open to others, or no key in it.
 */
export function loadStorageKey(
  config: { readonly keyFile?: string | undefined },
  env: NodeJS.ProcessEnv = process.env,
): StorageKey {
  const credentials = env.CREDENTIALS_DIRECTORY;
  if (config.keyFile !== undefined) {
    return readKey(config.keyFile, credentials !== undefined && isBelow(config.keyFile, credentials));
  }
  const credential = credentials && join(credentials, CREDENTIAL);
  if (credential && exists(credential)) return readKey(credential, true);
  return readKey(DEFAULT_STORAGE_KEY_PATH, false);
}

/**
 * Makes a new random key in a file of its owner's alone.
 * @throws DeviceError store.key-not-made where the file exists (it is left as it is) or cannot be written.
 */
export function createStorageKey(path: string): void {
  try {
    const file = openSync(path, 'wx', 0o600);
    try {
      writeSync(file, `${randomBytes(KEY_BYTES).toString('hex')}\n`);
      fsyncSync(file);
    } catch (cause) {
      // Half a key would be in the way of a whole one.
      unlinkSync(path);
      throw cause;
    } finally {
      closeSync(file);
    }
    // The name as well: databases that outlive a power cut are lost with a key that does not.
    const folder = openSync(dirname(path), 'r');
    fsyncSync(folder);
    closeSync(folder);
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new DeviceError('store.key-not-made', {
      message: isThere
        ? `${path} exists already and was left as it is: whoever loses a key loses the records under it`
        : `cannot make a storage key in ${path}: ${messageOf(cause)}`,
      hint: isThere
        ? 'Use the key that is there, or name another file with --out.'
        : 'Make its folder first, and run this as a user who may write there.',
      cause,
    });
  }
}

function readKey(path: string, isCredential: boolean): StorageKey {
  let text: string;
  let mode: number;
  try {
    // Not waiting: a pipe that nobody writes to would stop the start for ever.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(file);
      if (!stat.isFile()) throw new Error('it is no file');
      mode = stat.mode;
      text = stat.size > MOST_FILE_BYTES ? '' : readFileSync(file, 'latin1');
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw missing(`cannot read the storage key ${path}: ${messageOf(cause)}`, path, cause);
  }
  if (!isCredential && (mode & 0o077) !== 0) {
    throw new DeviceError('store.key-missing', {
      message: `the storage key ${path} is open to others than its owner (mode ${(mode & 0o777).toString(8)}); expected 600 or 400`,
      hint: `Close it: chmod 600 ${path}. If others may have read it, move the databases away and make a new key.`,
    });
  }
  const hex = /^([0-9A-Fa-f]{64})\r?\n?$/.exec(text)?.[1];
  if (hex === undefined) {
    throw missing(`${path} holds no storage key: expected 64 hex digits and a line end`, path);
  }
  return StorageKey.fromHex(hex);
}

function missing(message: string, path: string, cause?: unknown): DeviceError {
  return new DeviceError('store.key-missing', {
    message,
    hint: `Nothing is kept unencrypted, so a key is needed. Make one: anprctl storage-key --out ${path}; or put the one back that the databases were made with.`,
    cause,
  });
}

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch (error) {
    // One that is there and cannot be read is a fault to tell, not a reason to look elsewhere.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
