import { randomBytes } from 'node:crypto';
import { createSecret, loadSecret, type SecretKind } from './secret-file.js';

/** Where the key is where neither the configuration nor systemd names it. */
export const DEFAULT_STORAGE_KEY_PATH = '/etc/anprd/storage.key';

const KEY_BYTES = 32;

const STORAGE_KEY: SecretKind = {
  name: 'storage key',
  credential: 'storage-key',
  defaultPath: DEFAULT_STORAGE_KEY_PATH,
  form: '64 hex digits and a line end',
  reason: 'Nothing is kept unencrypted',
  ifExposed: 'move the databases away and make a new key',
  ifMissing: 'or put the one back that the databases were made with',
  ifLost: 'whoever loses a key loses the records under it',
  missing: 'store.key-missing',
  notMade: 'store.key-not-made',
};

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
 * @throws DeviceError store.key-missing: no such file, not readable, open to others, or no key in it.
 */
export function loadStorageKey(
  config: { readonly keyFile?: string | undefined },
  env: NodeJS.ProcessEnv = process.env,
): StorageKey {
  return loadSecret(STORAGE_KEY, config, parseKey, env);
}

/**
 * Makes a new random key in a file of its owner's alone.
 * @throws DeviceError store.key-not-made where the file exists (it is left as it is) or cannot be written.
 */
export function createStorageKey(path: string): void {
  createSecret(STORAGE_KEY, path, `${randomBytes(KEY_BYTES).toString('hex')}\n`);
}

function parseKey(text: string): StorageKey | undefined {
  const hex = /^([0-9A-Fa-f]{64})\r?\n?$/.exec(text)?.[1];
  return hex === undefined ? undefined : StorageKey.fromHex(hex);
}
