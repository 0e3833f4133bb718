import type { Clock } from '../lib/clock.js';
import { DeviceError, messageOf } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import { isStorageFault, openDatabase, type SqliteDatabase } from '../lib/sqlite.js';
import type { StorageKey } from '../lib/storage-key.js';
import { STORE_MIGRATIONS } from './migrations.js';

export interface StoreFileOptions {
  readonly path: string;
  readonly key: StorageKey;
  readonly clock: Clock;
  readonly log: Logger;
  /**
   * Called for each database before anything else is done with it: the first, the one in memory, the
   * one that takes a damaged file's place. What depends on the database is made or read here.
   */
  readonly onDatabase?: (database: SqliteDatabase) => void;
  /** The state has changed, or rows have come into the database other than by `run`. */
  readonly onChange?: (state: StoreFileState) => void;
}

/** What was lost with a file that was set aside. */
export interface StoreDamage {
  /** Where the damaged file lies now. */
  readonly setAside: string;
  /** UTC, milliseconds. */
  readonly atMs: number;
  /** Whether rows of it are still being taken over. */
  readonly isSalvaging: boolean;
  /** Rows by table. */
  readonly salvaged: Readonly<Record<string, number>>;
  readonly lost: Readonly<Record<string, number>>;
}

export interface StoreFileState {
  readonly medium: 'file' | 'memory';
  /** Why the file is not used; absent while it is. */
  readonly problem?: string;
  /** What the medium can take at most; absent for a file, which the disk and the configuration bound. */
  readonly mostBytes?: number;
  /** The last damage; absent where there was none. */
  readonly damage?: StoreDamage;
}

/** The database under the record store. */
export class StoreFile {
  readonly #options: StoreFileOptions;
  #database: SqliteDatabase | undefined;

  constructor(options: StoreFileOptions) {
    this.#options = options;
  }

  get state(): StoreFileState {
    return { medium: 'file' };
  }

  /** @throws DeviceError store.open-failed, store.key-wrong, store.newer-schema */
  open(): void {
    const { path, key, onDatabase } = this.#options;
    this.#database = openDatabase(path, STORE_MIGRATIONS, { key });
    // What is erased is overwritten, not only forgotten: it is personal data.
    this.#database.pragma('secure_delete = ON');
    onDatabase?.(this.#database);
  }

  /**
   * Does one piece of work on the database of the moment; nothing of it may be kept for the next.
   * @throws DeviceError store.write-failed: nothing was half done, try again later.
   */
  run<T>(work: (database: SqliteDatabase) => T): T {
    if (this.#database === undefined) throw new Error('StoreFile is not open');
    try {
      return work(this.#database);
    } catch (cause) {
      if (!isStorageFault(cause)) throw cause;
      throw new DeviceError('store.write-failed', {
        message: `the store ${this.#options.path} cannot be written or read: ${messageOf(cause)}`,
        hint: 'Check for a full, read-only or failing disk; nothing was half written, and it is tried again.',
        cause,
      });
    }
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }
}
