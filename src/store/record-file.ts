import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DeviceError } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import { openDamaged, openDatabase, openMemory, type SqliteDatabase, storageFaultOf } from '../lib/sqlite.js';
import type { StorageKey } from '../lib/storage-key.js';
import { furthest, isBehind, noteEnd, readableHead } from './chain-ends.js';
import { noteLostCommits } from './damage.js';
import { readHeadNote } from './head-note.js';
import {
  isMadeUnder,
  isMarkedInUse,
  markInUse,
  mendSchema,
  witnessPath,
  writeWitness,
} from './key-witness.js';
import { framesBelieved, framesInLog } from './log-check.js';
import { STORE_MIGRATIONS } from './migrations.js';
import { PAGE_BYTES, pageSizesOf } from './page-size.js';
import { prepared } from './prepared.js';
import { finishSetAside, nextSetAside, setAside, syncFolder } from './set-aside.js';
import { endChain } from './statements.js';
import { type Before, carry, inherit, lastNumber, seed } from './takeover.js';

/**
 * records.db as a thing that is opened, made anew and replaced.
 *
 * Invariants
 * - What bears the name is whole: a new file is made under another name, with all that it takes over at once,
 *   and renamed. A crash before that leaves the old state, or nothing and the whole new file beside it.
 * - Only a file that was made under this key is ever set aside. What another key made is left as it is.
 */
export interface RecordFileOptions {
  readonly path: string;
  readonly key: StorageKey;
  /** UTC, milliseconds. */
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** What rows in memory may take; beyond it commits fail, and their reports wait where they were made. */
export const MOST_MEMORY_BYTES = 64_000_000;
/**
 * Pages that every commit touches are written to the file once for all that the log holds. The longer it is, the
 * longer a commit takes that finds it full, and a start after a power cut, which reads it.
 */
const FILE = { canShrink: true, pageBytes: PAGE_BYTES, checkpointBytes: 8_000_000 } as const;
/** The sweep keeps to the first; between two sweeps there is room for what comes. */
const MEMORY_SLACK = 1.5;

/**
 * Opens the file for writing; makes it where there is none, and replaces it where it is damaged.
 * @throws DeviceError store.key-wrong, store.newer-schema; store.open-failed and what the file system throws where
 *   it cannot be written.
 */
export function openRecordFile(options: RecordFileOptions, before: Before): SqliteDatabase {
  const { path } = options;
  mkdirSync(dirname(path), { recursive: true });
  finishSetAside(path);
  const fresh = `${path}.new`;
  if (!existsSync(path)) {
    if (existsSync(`${path}-wal`) && existsSync(witnessPath(path))) return replaceDamaged(options, before);
    // Whole, where a crash came before it was renamed, and one that is not is found to be damaged.
    if (existsSync(fresh) && existsSync(witnessPath(path))) {
      // Nobody has used this one yet.
      markInUse(path, false);
      renameSync(fresh, path);
    } else if (!existsSync(`${path}-wal`)) makeFresh(options, undefined, before);
  }
  // A file is given its name when it has content, so that one without any has lost it.
  const isEmpty = statSync(path, { throwIfNoEntry: false })?.size === 0;
  if (isEmpty && existsSync(witnessPath(path))) return replaceDamaged(options, before);
  try {
    return openWhole(options);
  } catch (error) {
    if (!(error instanceof DeviceError) || error.code !== 'store.key-wrong') throw error;
    if (!isMadeUnder(path, options.key)) throw error;
    return replaceDamaged(options, before);
  }
}

/**
 * Sets a damaged file aside and opens a new one, which knows of it.
 * @param inUse the connection to the damaged file, which is closed.
 */
export function replaceDamaged(
  options: RecordFileOptions,
  before: Before,
  inUse?: SqliteDatabase,
): SqliteDatabase {
  const { path, key } = options;
  const aside = nextSetAside(path);
  const pages = mendSchema(path, path, key);
  // What was there is evidence like the rest.
  if (pages.length > 0) writeFileSync(`${aside}.pages`, pages, { mode: 0o600 });
  makeFresh(options, aside, before);
  setAside(path, aside);
  // Not before it has lost its name: closed under it, it would take its log over and change.
  inUse?.close();
  markInUse(path, false);
  renameSync(`${path}.new`, path);
  syncFolder(path);
  return openWhole(options);
}

/**
 * A database in memory in the place of the file, with what can be read of the file and is needed at once.
 * @param before of the file, which goes on with its chain when it is back.
 */
export function openInMemory(
  { path, key, nowMs }: RecordFileOptions,
  file: SqliteDatabase | undefined,
  before: Before,
): SqliteDatabase {
  const memory = openMemory(STORE_MIGRATIONS, MOST_MEMORY_BYTES * MEMORY_SLACK);
  memory.transaction(() => {
    seed(memory, nowMs(), before.number);
    noteEnd(memory, furthest(before.head, readHeadNote(path, key)));
    if (file === undefined) return;
    try {
      memory.transaction(() => carry(file, memory))();
    } catch (error) {
      // Its disk is failing, which is why we are here.
      if (storageFaultOf(error) === undefined) throw error;
    }
  })();
  return memory;
}

/** Makes `.new`: of a damaged file where one is to be set aside under that name. */
function makeFresh(options: RecordFileOptions, aside: string | undefined, before: Before): void {
  const { path, key, nowMs } = options;
  const fresh = `${path}.new`;
  for (const part of ['', '-wal', '-shm', '-journal']) rmSync(fresh + part, { force: true });
  const database = openDatabase(fresh, STORE_MIGRATIONS, { key, ...FILE });
  try {
    database.transaction(() => {
      if (aside !== undefined) {
        takeOver(database, options, aside, before);
        return;
      }
      const hasLostAll = existsSync(witnessPath(path));
      if (hasLostAll || before.number > 0) seed(database, nowMs(), before.number);
      if (!hasLostAll) return;
      noteEnd(database, readHeadNote(path, key));
      noteLostCommits(database, nowMs());
    })();
    database.pragma('wal_checkpoint(TRUNCATE)');
    writeWitness(path, key, database, fresh);
  } finally {
    database.close();
  }
  if (aside === undefined) renameSync(fresh, path);
  syncFolder(path);
}

function takeOver(
  target: SqliteDatabase,
  { path, key, nowMs }: RecordFileOptions,
  aside: string,
  before: Before,
): void {
  const source = openIfReadable(path, key);
  seed(target, nowMs(), Math.max(before.number, source === undefined ? 0 : lastNumber(source)));
  const head = before.head ?? (source && readableHead(source));
  noteEnd(target, furthest(head, readHeadNote(path, key)));
  prepared(
    target,
    `INSERT INTO salvages (source, at_ms, pass, batches, is_done, salvaged, lost) VALUES (?, ?, '', 0, 0, '{}', '{}')`,
  ).run(aside, nowMs());
  if (source === undefined) return;
  try {
    inherit(source, target);
    carry(source, target);
  } finally {
    source.close();
  }
}

/** @returns undefined where not even the schema can be read. */
export function openIfReadable(path: string, key: StorageKey): SqliteDatabase | undefined {
  try {
    return openDamaged(path, key);
  } catch (error) {
    if (storageFaultOf(error) === undefined) throw error;
    return undefined;
  }
}

/** Opens it and finds out whether it can be written, and whether its log was all there. */
function openWhole({ path, key, nowMs, log }: RecordFileOptions): SqliteDatabase {
  const wasInUse = isMarkedInUse(path);
  const frames = framesInLog(path, pageSizesOf(path)[0] as number);
  const database = openDatabase(path, STORE_MIGRATIONS, { key, ...FILE });
  try {
    // What is erased is overwritten, not only forgotten: it is personal data.
    database.pragma('secure_delete = ON');
    const own = readableHead(database);
    const noted = readHeadNote(path, key);
    // A database in use always has its log; one that is behind its own note is an older one, or lost its log.
    const hasLostCommits = (frames === undefined && wasInUse) || isBehind(own, noted);
    const mayHaveLostSome = frames !== undefined && framesBelieved(database) < frames;
    database
      .transaction(() => {
        // A file that can only be read opens as well: it is asked for a write.
        database.pragma(`user_version = ${database.pragma('user_version', { simple: true })}`);
        if (hasLostCommits || mayHaveLostSome) {
          endChain(database);
          noteEnd(database, furthest(own, noted));
        }
        if (hasLostCommits) noteLostCommits(database, nowMs());
      })
      .immediate();
    if (hasLostCommits) {
      const statements = furthest(own, noted)?.sequence ?? 0;
      log.error(
        { statements, left: own?.sequence ?? 0 },
        'the store is older than it was: its last commits are lost, and its chain of statements ends',
      );
    }
    writeWitness(path, key, database, path);
    markInUse(path, true);
    rmSync(`${path}.new`, { force: true });
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** @throws what the file system throws; the file is closed then as well. */
export function closeRecordFile(database: SqliteDatabase, path: string): void {
  database.close();
  markInUse(path, false);
}
