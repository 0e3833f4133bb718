import { chownSync, closeSync, existsSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { DeviceError, messageOf } from './errors.js';

export type SqliteDatabase = Database.Database;

export interface Migration {
  /** Said in errors; one idea each. */
  readonly name: string;
  readonly sql: string;
}

/**
 * Opens (or creates) a database in write-ahead mode with synchronous=FULL: a power cut then loses
 * no committed row (NORMAL was seen to lose acknowledged ones), and brings its schema up to date.
 *
 * Migrations are numbered by their place in the list; `user_version` counts those applied. Each
 * runs in its own transaction, so one that breaks leaves the database as it was before it.
 *
 * @throws DeviceError store.open-failed, or store.newer-schema where a later version wrote the file.
 */
export function openDatabase(
  path: string,
  migrations: readonly Migration[],
  options: { readonly readonly?: boolean } = {},
): SqliteDatabase {
  let database: SqliteDatabase;
  try {
    if (!options.readonly && !existsSync(path)) createPrivate(path);
    database = new Database(path, { readonly: options.readonly ?? false, timeout: 5_000 });
    if (!options.readonly) {
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = FULL');
    }
    database.pragma('foreign_keys = ON');
  } catch (cause) {
    throw new DeviceError('store.open-failed', {
      message: `cannot open the database ${path}: ${messageOf(cause)}`,
      hint: 'Check that its folder exists and that the service may write there, and that the disk is neither full nor read-only.',
      cause,
    });
  }
  const version = database.pragma('user_version', { simple: true }) as number;
  if (version > migrations.length) {
    database.close();
    throw new DeviceError('store.newer-schema', {
      message: `the database ${path} has schema ${version}, this version of anprd knows up to ${migrations.length}`,
      hint: 'Install the version of anprd that wrote it, or move the file away to start empty.',
    });
  }
  if (options.readonly) return database;
  for (let index = version; index < migrations.length; index++) {
    const migration = migrations[index] as Migration;
    database.transaction(() => {
      database.exec(migration.sql);
      database.pragma(`user_version = ${index + 1}`);
    })();
  }
  return database;
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
  if (!(thrown instanceof Database.SqliteError)) return false;
  return !/^SQLITE_(CONSTRAINT|ERROR|MISUSE|RANGE|MISMATCH|TOOBIG)/.test(thrown.code);
}
