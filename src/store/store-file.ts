import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../lib/clock.js';
import { DeviceError, messageOf } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import { type SqliteDatabase, storageFaultOf } from '../lib/sqlite.js';
import type { StorageKey } from '../lib/storage-key.js';
import { readableHead } from './chain-ends.js';
import { damageIn, giveUp, nextSalvage, type StoreDamage } from './damage.js';
import { FaultPatience } from './fault-patience.js';
import { writeHeadNote } from './head-note.js';
import {
  closeRecordFile,
  MOST_MEMORY_BYTES,
  openIfReadable,
  openInMemory,
  openRecordFile,
  replaceDamaged,
} from './record-file.js';
import { usedBytes } from './retention.js';
import { Salvage, type SalvageRow } from './salvage.js';
import { isOnReadOnlyDisk, isUnusable, reasonOf, tooLittleRoom, writeFailed } from './store-faults.js';
import { type Before, beforeIn, moveHome } from './takeover.js';

export interface StoreFileOptions {
  readonly path: string;
  readonly key: StorageKey;
  readonly clock: Clock;
  readonly log: Logger;
  /**
   * Called for each database before anything else is done with it, and again when rows of a damaged one have come
   * into it: what depends on the database is made or read here, what waits to be sealed is.
   */
  readonly onDatabase?: (database: SqliteDatabase) => void;
  /** The state has changed, or rows have come into the database other than by `run`. */
  readonly onChange?: (state: StoreFileState) => void;
  /** Reads have come into the database that were matched against the lists of another day. */
  readonly onReadsCameIn?: () => void;
  /** Records of a file that came back: they are open, and whoever would have closed them is gone. */
  readonly onStale?: (recordIds: readonly string[]) => void;
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

const RETRY_MS = 30_000;
/** Commits wait for no longer than a slice and the flush at its end. */
const SLICE_MS = 8;
const MOST_BATCHES = 16;
/** Room that the file needs beside what moves home. */
const HOME_ROOM_BYTES = 8_000_000;
/** Left to what is committed: a salvage waits until there is so much. */
const SALVAGE_ROOM_BYTES = 16_000_000;

/**
 * The database under the record store: a file, and memory while there is no file that can be written.
 *
 * Invariants
 * - There is always a database to commit to, from `open` to `close`. What keeps the file from being used (a full disk,
 *   a read-only or failing one, damage) costs what was in damaged pages, and nothing else.
 * - Only a wrong key and a newer schema keep it from starting: in both somebody else's data would be at stake.
 * - A damaged file is set aside under another name and never deleted; what can be read of it is taken over
 *   while the new one is in use (salvage.ts). Several are kept: they are evidence, and `damage` says their size.
 * - In memory, the file's rows stay where they are, and what waited there waits again when it is back. Rows in
 *   memory move home in one transaction, so a crash leaves them moved or lost with the memory, never both.
 * - Each database has a chain of statements of its own, and greater row numbers than those before it.
 * - `run` may end on another database than it began on, so nothing of a database is kept from one `run` to the
 *   next.
 */
export class StoreFile {
  readonly #options: StoreFileOptions;
  readonly #patience = new FaultPatience();
  readonly #stopping = new AbortController();
  #database: SqliteDatabase | undefined;
  #medium: 'file' | 'memory' = 'file';
  #problem = '';
  #damage: StoreDamage | undefined;
  #isSalvaging = false;
  /** Of the statement up to which the chain was noted. */
  #notedDigest = '';

  constructor(options: StoreFileOptions) {
    this.#options = options;
  }

  get state(): StoreFileState {
    const damage = this.#damage && { damage: this.#damage };
    if (this.#medium === 'file') return { medium: 'file', ...damage };
    return { medium: 'memory', problem: this.#problem, mostBytes: MOST_MEMORY_BYTES, ...damage };
  }

  /** @throws DeviceError store.key-wrong, store.newer-schema */
  open(): void {
    try {
      this.#use(openRecordFile(this.#fileOptions, { number: 0 }));
    } catch (cause) {
      if (!isUnusable(cause)) throw cause;
      this.#leave(undefined, cause);
    }
    void this.#watch();
  }

  /**
   * Does one piece of work on the database of the moment. Where that turns out to be damaged, or its disk to be lost,
   * the work is done once more on the one that takes its place.
   * @throws DeviceError store.write-failed: nothing was half done, try again later.
   */
  run<T>(work: (database: SqliteDatabase) => T): T {
    const database = this.#open;
    try {
      const changesBefore = this.#patience.isTried ? totalChanges(database) : 0;
      const result = work(database);
      if (this.#patience.isTried && totalChanges(database) > changesBefore) this.#patience.wrote();
      return result;
    } catch (cause) {
      if (storageFaultOf(cause) === undefined) throw cause;
      if (!this.#hasReplaced(database, cause)) throw writeFailed(this.#options.path, cause);
    }
    try {
      return work(this.#open);
    } catch (cause) {
      throw storageFaultOf(cause) === undefined ? cause : writeFailed(this.#options.path, cause);
    }
  }

  /** What is in memory alone is written home, if the disk takes it; what is lost with the memory is told. */
  close(): void {
    this.#stopping.abort();
    if (this.#database === undefined) return;
    if (this.#medium === 'memory' && this.#isWorthMoving()) this.#goHome({ isLast: true });
    this.noteHead();
    const database = this.#database;
    this.#database = undefined;
    if (this.#medium === 'memory') this.#closeMemory(database);
    else closeQuietly(database, this.#options.path);
  }

  /** Notes beside the file how far its chain is, where that has changed; memory has no place to note it. */
  noteHead(): void {
    if (this.#database === undefined || this.#medium === 'memory') return;
    const head = readableHead(this.#database);
    if (head === undefined || head.digest === this.#notedDigest) return;
    try {
      writeHeadNote(this.#options.path, this.#options.key, head);
      this.#notedDigest = head.digest;
    } catch (error) {
      // A disk that is full or failing: the note before stays true, and what is committed tells of the disk.
      if (!isUnusable(error)) throw error;
    }
  }

  #closeMemory(memory: SqliteDatabase): void {
    const count = (table: string) => memory.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
    const [records, undelivered] = [count('records'), count('outbox')];
    memory.close();
    if (records + undelivered === 0) return;
    this.#options.log.error(
      { records, undelivered, reason: this.#problem },
      'what was in memory only is lost: the disk did not take it at the end',
    );
  }

  get #open(): SqliteDatabase {
    if (this.#database === undefined) throw new Error('StoreFile is not open');
    return this.#database;
  }

  get #fileOptions() {
    const { path, key, clock, log } = this.#options;
    return { path, key, log, nowMs: () => clock.nowMs() };
  }

  /** Puts a file into service. */
  #use(opened: SqliteDatabase): void {
    const { file, result } = this.#sound(opened, (each) => {
      this.#options.onDatabase?.(each);
      return damageIn(each, this.#options.path);
    });
    this.#adopt(file, result);
  }

  #adopt(file: SqliteDatabase, damage: StoreDamage | undefined): void {
    this.#database = file;
    this.#medium = 'file';
    this.#problem = '';
    this.#damage = damage;
    this.#patience.wrote();
    this.noteHead();
    if (damage?.isSalvaging) {
      this.#options.log.error(
        { setAside: damage.setAside },
        'the store was damaged: what can be read is taken over',
      );
    }
    void this.#salvage();
    this.#tell();
  }

  /** Works on a file that was just opened, or on the one that takes its place where that shows it to be damaged. */
  #sound<T>(opened: SqliteDatabase, work: (file: SqliteDatabase) => T): { file: SqliteDatabase; result: T } {
    let file = opened;
    try {
      try {
        return { file, result: work(file) };
      } catch (cause) {
        if (storageFaultOf(cause) !== 'damage') throw cause;
        file = replaceDamaged(this.#fileOptions, knownOf(file), file);
        return { file, result: work(file) };
      }
    } catch (cause) {
      closeQuietly(file, this.#options.path);
      throw cause;
    }
  }

  /** @returns whether another database is in its place now. */
  #hasReplaced(database: SqliteDatabase, cause: unknown): boolean {
    if (database !== this.#database) return true;
    if (this.#medium === 'memory') return false;
    const { clock, log } = this.#options;
    const fault = storageFaultOf(cause) ?? 'other';
    if (fault === 'damage') {
      log.error(
        { reason: messageOf(cause) },
        'the store is damaged: it is set aside, and what can be read is taken over',
      );
      try {
        this.#use(replaceDamaged(this.#fileOptions, knownOf(database), database));
      } catch (error) {
        if (!isUnusable(error)) throw error;
        this.#leave(database, error);
      }
      return true;
    }
    const isReadOnly = fault === 'disk' && isOnReadOnlyDisk(this.#options.path);
    if (!this.#patience.failed(isReadOnly ? 'read-only' : fault, clock.monoMs())) return false;
    this.#leave(database, cause);
    return true;
  }

  /** Goes on in memory. */
  #leave(file: SqliteDatabase | undefined, cause: unknown): void {
    const { log, onDatabase } = this.#options;
    const readable = file?.open ? file : undefined;
    const before = readable === undefined ? { number: 0 } : knownOf(readable);
    const memory = openInMemory(this.#fileOptions, readable, before);
    closeQuietly(readable, this.#options.path);
    onDatabase?.(memory);
    this.#database = memory;
    this.#medium = 'memory';
    this.#problem = reasonOf(this.#options.path, cause);
    log.error(
      { reason: this.#problem },
      'the store cannot be written: records are kept in memory until it can',
    );
    this.#tell();
  }

  async #watch(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    for (;;) {
      await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
      if (this.#medium === 'memory') this.#goHome();
      else void this.#salvage();
    }
  }

  /**
   * Opens the file and moves what is in memory there; stays in memory where that fails.
   * @param isLast at the end room is left for nothing else: what does not fit in is lost either way.
   */
  #goHome({ isLast = false } = {}): void {
    const { log, onDatabase, onReadsCameIn, onStale } = this.#options;
    const memory = this.#open;
    try {
      // Its chain is told of when it moves.
      const opened = openRecordFile(this.#fileOptions, { number: knownOf(memory).number });
      const { file, result } = this.#sound(opened, (each) => {
        if (!isLast && !this.#hasRoom(memory)) throw tooLittleRoom();
        onDatabase?.(each);
        return { stale: moveHome(memory, each), damage: damageIn(each, this.#options.path) };
      });
      const { stale, damage } = result;
      this.#adopt(file, damage);
      memory.close();
      log.warn({ stale: stale.length }, 'the store can be written again: what was in memory has moved there');
      if (stale.length > 0) onStale?.(stale);
      onReadsCameIn?.();
    } catch (error) {
      // A wrong key as well: somebody has put another disk there, and it is not ours to write to.
      if (this.#database !== memory || !(isUnusable(error) || error instanceof DeviceError)) throw error;
      this.#problem = reasonOf(this.#options.path, error);
      this.#tell();
    }
  }

  #hasRoom(memory: SqliteDatabase): boolean {
    return this.#freeBytes() > 2 * usedBytes(memory) + HOME_ROOM_BYTES;
  }

  #freeBytes(): number {
    const { bavail, bsize } = statfsSync(dirname(this.#options.path));
    return bavail * bsize;
  }

  #isWorthMoving(): boolean {
    const sql = 'SELECT (SELECT count(*) FROM records) + (SELECT count(*) FROM outbox)';
    return (this.#open.prepare(sql).pluck().get() as number) > 0;
  }

  /** Takes over what is left of files that were set aside, slice by slice, for as long as this file is in use. */
  async #salvage(): Promise<void> {
    if (this.#isSalvaging) return;
    this.#isSalvaging = true;
    const { log, onDatabase, onReadsCameIn } = this.#options;
    try {
      for (;;) {
        const target = this.#database;
        if (target === undefined || this.#medium === 'memory') return;
        const row = nextSalvage(target);
        if (row === undefined) return;
        const end = await this.#salvageOne(target, row);
        if (end === 'no room') return;
        if (end === 'replaced') continue;
        onDatabase?.(target);
        this.#damage = damageIn(target, this.#options.path);
        this.#tell();
        onReadsCameIn?.();
        const { salvaged, lost } = this.#damage ?? {};
        log.error({ salvaged, lost }, 'what could be read of the damaged store was taken over');
      }
    } catch (error) {
      // A disk that fails: what is committed stays, and it is gone on with at the next look.
      if (!isUnusable(error)) throw error;
      const database = this.#database;
      if (database !== undefined) this.#hasReplaced(database, error);
    } finally {
      this.#isSalvaging = false;
    }
  }

  /** Ends before it is done where another database comes into service, or the disk gets full: later, then. */
  async #salvageOne(target: SqliteDatabase, row: SalvageRow): Promise<'done' | 'replaced' | 'no room'> {
    const { clock, key } = this.#options;
    const source = existsSync(row.source) ? openIfReadable(row.source, key) : undefined;
    if (source === undefined) {
      giveUp(target, row);
      return 'done';
    }
    try {
      const salvage = new Salvage(source, target, row);
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        if (this.#stopping.signal.aborted || this.#database !== target) return 'replaced';
        if (this.#freeBytes() < SALVAGE_ROOM_BYTES) return 'no room';
        const untilMonoMs = clock.monoMs() + SLICE_MS;
        let batches = 0;
        if (!salvage.step(() => ++batches === MOST_BATCHES || clock.monoMs() >= untilMonoMs)) return 'done';
        this.#damage = damageIn(target, this.#options.path);
        this.#tell();
      }
    } finally {
      source.close();
    }
  }

  #tell(): void {
    this.#options.onChange?.(this.state);
  }
}

function totalChanges(database: SqliteDatabase): number {
  return database.prepare('SELECT total_changes()').pluck().get() as number;
}

function knownOf(database: SqliteDatabase): Before {
  try {
    return beforeIn(database);
  } catch {
    return { number: 0 };
  }
}

function closeQuietly(file: SqliteDatabase | undefined, path: string): void {
  try {
    if (file !== undefined) closeRecordFile(file, path);
  } catch {
    // Its disk is failing: what it could not write is in its log, or was never committed.
  }
}
