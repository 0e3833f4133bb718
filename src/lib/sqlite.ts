import { chownSync, closeSync, existsSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { DeviceError, messageOf } from './errors.js';
import type { StorageKey } from './storage-key.js';

export type SqliteDatabase = Database.Database;

export interface Migration {
  /** Said in errors; one idea each. */
  readonly name: string;
  readonly sql: string;
  /** It changes rows of sqlite_schema, by the rules of SQLite's manual for ALTER TABLE. */
  readonly rewritesSchema?: true;
}

export interface OpenOptions {
  readonly key: StorageKey;
  readonly readonly?: boolean;
  /**
   * The file can give freed pages back (PRAGMA incremental_vacuum). Only a new file takes it on; it
   * costs a page in 800, and no time that could be measured.
   */
  readonly canShrink?: boolean;
  /** Of one page: a power of two from 512. Only a new file takes it on; 4,096 unless told. */
  readonly pageBytes?: number;
  /** Of the log, at which what is in it is written to the file; SQLite's 1,000 pages unless told. */
  readonly checkpointBytes?: number;
}

/**
 * ChaCha20-Poly1305, every page with its own nonce and tag. It needs nothing of the processor: the
 * Cortex-A72 of a Raspberry Pi 4 has no AES instructions. Measured on x86 with AES instructions,
 * 300,000 rows against an unencrypted file: sorted load 1.7 times as long, look-ups 2.6 times
 * (16 against 6 microseconds). SQLCipher (AES and HMAC) there took 1.2 to 1.8 times as long as this to
 * load and the same to look up, and would be far slower without them; AEGIS, the fastest there
 * (1.1 times), is AES through and through.
 */
const CIPHER = 'chacha20';

/**
 * Opens (or creates) an encrypted database in write-ahead mode with synchronous=FULL: a power cut
 * then loses no committed row (NORMAL was seen to lose acknowledged ones), and brings its schema
 * up to date.
 *
 * Invariants
 * - All that reaches the disk is encrypted: SQLite encrypts the file, its write-ahead log and its
 *   rollback journal, but not its temporary files, so these are kept in memory.
 * - A file that the key does not open is never written to, and never taken for an empty one. Nor is
 *   one without a byte beside a log, which SQLite would throw away: a log comes after the first page.
 *
 * Migrations are numbered by their place in the list; `user_version` counts those applied. Each
 * runs in its own transaction, so one that breaks leaves the database as it was before it.
 *
 * @throws DeviceError store.key-wrong where the key does not open the file or its first page is
 *   damaged; store.open-failed; store.newer-schema where a later version wrote the file.
 */
export function openDatabase(
  path: string,
  migrations: readonly Migration[],
  options: OpenOptions,
): SqliteDatabase {
  const isReadonly = options.readonly ?? false;
  let database: SqliteDatabase | undefined;
  try {
    // In this order: another process may be making the file just now.
    if (sizeOf(`${path}-wal`) > 0 && sizeOf(path) === 0) throw keyWrong(path);
    if (!isReadonly && !existsSync(path)) createPrivate(path);
    database = new Database(path, { readonly: isReadonly, timeout: 5_000 });
    unlock(database, options.key);
    if (!isReadonly) {
      const { canShrink, pageBytes, checkpointBytes } = options;
      if (pageBytes !== undefined) database.pragma(`page_size = ${pageBytes}`);
      if (canShrink) database.pragma('auto_vacuum = INCREMENTAL');
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = FULL');
      if (checkpointBytes !== undefined) {
        database.pragma(`wal_autocheckpoint = ${Math.ceil(checkpointBytes / pageBytesOf(database))}`);
      }
    }
    database.pragma('foreign_keys = ON');
    const version = versionOf(database);
    if (version > migrations.length) throw newerSchema(path, version, migrations.length);
    if (!isReadonly) migrate(database, migrations);
    return database;
  } catch (cause) {
    database?.close();
    if (cause instanceof DeviceError) throw cause;
    if (isNoDatabase(cause)) throw keyWrong(path, cause);
    throw isBug(cause) ? cause : openFailed(path, cause);
  }
}

/**
 * Opens a damaged database, or one that was cut short, to read what is left of it; nothing is written but its
 * index of the log (-shm). Statements may throw a fault of kind `damage` at any row.
 * @throws what SQLite throws where not even the schema can be read.
 */
export function openDamaged(path: string, key: StorageKey): SqliteDatabase {
  const database = new Database(path, { readonly: true, timeout: 5_000 });
  try {
    // Said before the first page is read: SQLite then takes a file that is too short for what it is. It
    // believes this of a connection only that may harm the file; this one cannot write to it.
    database.unsafeMode();
    database.pragma('writable_schema = ON');
    unlock(database, key);
    return database;
  } catch (cause) {
    database.close();
    throw cause;
  }
}

/** A database with this schema in memory alone, of at most so many bytes; gone when it is closed. */
export function openMemory(migrations: readonly Migration[], mostBytes: number): SqliteDatabase {
  const database = new Database(':memory:');
  database.pragma('temp_store = MEMORY');
  database.pragma('foreign_keys = ON');
  database.pragma(`max_page_count = ${Math.floor(mostBytes / pageBytesOf(database))}`);
  migrate(database, migrations);
  return database;
}

/** The key goes in as bytes, never as SQL: what SQLite says of a statement then cannot repeat it. */
function unlock(database: SqliteDatabase, key: StorageKey): void {
  database.pragma(`cipher = '${CIPHER}'`);
  // raw: the key is random, so there is nothing that deriving it slowly would make safer.
  (database as Keyed).key(Buffer.from(`raw:${key.reveal()}`));
  database.pragma('temp_store = MEMORY');
  // Reads the first page: a key that does not fit is found before anything is written.
  database.prepare('SELECT count(*) FROM sqlite_schema').get();
}

/** Added to better-sqlite3 by the build with ciphers; its types do not name it. */
type Keyed = SqliteDatabase & { key(bytes: Buffer): number };

function migrate(database: SqliteDatabase, migrations: readonly Migration[]): void {
  migrations.forEach((migration, index) => {
    // Looked at under the lock: another process may have just done it.
    const apply = database.transaction(() => {
      if (versionOf(database) > index) return;
      if (migration.rewritesSchema) rewriteSchema(database, migration.sql);
      else database.exec(migration.sql);
      database.pragma(`user_version = ${index + 1}`);
    });
    if (versionOf(database) <= index) apply.immediate();
  });
}

function rewriteSchema(database: SqliteDatabase, sql: string): void {
  database.unsafeMode();
  try {
    database.pragma('writable_schema = ON');
    database.exec(sql);
  } finally {
    // Reads the schema again as well: this connection knows it as it was.
    database.pragma('writable_schema = RESET');
    database.unsafeMode(false);
  }
}

function versionOf(database: SqliteDatabase): number {
  return database.pragma('user_version', { simple: true }) as number;
}

function pageBytesOf(database: SqliteDatabase): number {
  return database.pragma('page_size', { simple: true }) as number;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Marks are in there, so the file is its owner's alone; SQLite gives its -wal and -shm files the
 * same mode and owner. Made by root (an operator's import), it belongs to the folder's owner, or
 * the service could not open it.
 */
function createPrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(dirname(path));
  chownSync(path, uid, gid);
}

/**
 * Whether a thrown value is SQLite saying that the disk or the file failed (full, busy, read-only,
 * damaged), as against a wrong statement or a broken constraint, which are bugs.
 */
export function isStorageFault(thrown: unknown): boolean {
  return thrown instanceof Database.SqliteError && !isBug(thrown);
}

function isBug(thrown: unknown): boolean {
  return (
    thrown instanceof Database.SqliteError &&
    /^SQLITE_(CONSTRAINT|ERROR|MISUSE|RANGE|MISMATCH|TOOBIG)/.test(thrown.code)
  );
}

/** What a storage fault is about; `other`: another process is in the way, for example. */
export type StorageFault = 'damage' | 'read-only' | 'full' | 'disk' | 'other';

const FAULTS: readonly (readonly [RegExp, StorageFault])[] = [
  [/^SQLITE_(CORRUPT|NOTADB)/, 'damage'],
  [/^SQLITE_(READONLY|PERM)/, 'read-only'],
  [/^SQLITE_FULL/, 'full'],
  [/^SQLITE_(IOERR|CANTOPEN|AUTH)/, 'disk'],
];

/** @returns undefined where it is no storage fault. */
export function storageFaultOf(thrown: unknown): StorageFault | undefined {
  if (!isStorageFault(thrown)) return undefined;
  const { code } = thrown as InstanceType<typeof Database.SqliteError>;
  return FAULTS.find(([pattern]) => pattern.test(code))?.[1] ?? 'other';
}

/** Damage and a wrong key look alike: the first page cannot be authenticated. */
function isNoDatabase(thrown: unknown): boolean {
  return thrown instanceof Database.SqliteError && /^SQLITE_(NOTADB|CORRUPT)/.test(thrown.code);
}

function keyWrong(path: string, cause?: unknown): DeviceError {
  return new DeviceError('store.key-wrong', {
    message: `the storage key does not open the database ${path}, or the file is damaged; it was left as it is`,
    hint: 'Put the key back that the database was made with. If it is lost, or the file is damaged, move the file (with its -wal and -shm) away to start empty.',
    cause,
  });
}

function newerSchema(path: string, version: number, known: number): DeviceError {
  return new DeviceError('store.newer-schema', {
    message: `the database ${path} has schema ${version}, this version of anprd knows up to ${known}`,
    hint: 'Install the version of anprd that wrote it, or move the file away to start empty.',
  });
}

function openFailed(path: string, cause: unknown): DeviceError {
  return new DeviceError('store.open-failed', {
    message: `cannot open the database ${path}: ${messageOf(cause)}`,
    hint: 'Check that its folder exists and that the service may write there, and that the disk is neither full nor read-only.',
    cause,
  });
}
