import { existsSync } from 'node:fs';
import type { VoiEntry } from '../../domain/voi.js';
import type { MatchKey } from '../../domain/vrm.js';
import { type Clock, systemClock } from '../../lib/clock.js';
import { DeviceError, messageOf } from '../../lib/errors.js';
import { openDatabase, type SqliteDatabase } from '../../lib/sqlite.js';
import type { StorageKey } from '../../lib/storage-key.js';
import type { MarkGroup } from '../mark-group.js';
import { batchesOf } from './batches.js';
import { applyDelta, collectStep, type TouchedKey, touchedKeys } from './deltas.js';
import { storeFailed, translated, unreadable } from './failures.js';
import {
  beginGeneration,
  comeIntoForce,
  droppable,
  dropStep,
  endGeneration,
  GenerationWriter,
  supersede,
} from './generations.js';
import {
  type Counts,
  highestRevision,
  isListId,
  type ListMeta,
  listsInForce,
  putConfirmation,
  refuseReplay,
  type StoredList,
} from './list-rows.js';
import { type ListRef, type RevisionRef, type StoredMark, VersionReader } from './reading.js';
import { DISK_RESERVE_BYTES, emptyLog, giveBackStep, requireRoom, whileThereIsRoom } from './room.js';
import { entriesOfText } from './row-text.js';
import { MIGRATIONS } from './schema.js';
import * as staging from './staging.js';
import { type Moment, momentOf } from './writer.js';

export interface ListStoreOptions {
  readonly path: string;
  readonly key: StorageKey;
  /** For whoever only matches. */
  readonly readonly?: boolean;
  /** Its time since boot says how long readers and writers have been gone. */
  readonly clock?: Clock;
  /** Room that is left to others, in bytes; by default 64 MiB. */
  readonly diskReserveBytes?: number;
}

export interface LoadOptions {
  /** After each batch: marks written so far. */
  readonly onProgress?: (marks: number) => void;
  /** Checked with each batch; aborted, its reason is thrown and the list stays as it was. */
  readonly signal?: AbortSignal;
}

/** Another writer holds the lock for a batch, or for a delta that may be long. */
const BUSY_TIMEOUT_MS = 30_000;

/** Holds the inner pages of an index of some million marks, and what one batch changes. */
const CACHE_KIB = 16_384;

/** After a commit, so many pages of the write-ahead log are copied into the file. */
const CHECKPOINT_PAGES = 1_000;

/** The write-ahead log is cut back to this after a large transaction. */
const MOST_LOG_BYTES = 16 * 1024 * 1024;

/**
 * The VOI lists on disk (hotlist.db), encrypted; read and written by several processes at once.
 *
 * Invariants
 * - A list moves from one whole revision to another in one transaction, whatever breaks meanwhile
 *   (bad source, killed, power cut, disk full): the old one or the new one, never neither.
 * - What a reader finds under a (generation, revision) that `lists()` gave it stays the same, and
 *   stays there for a minute after another revision has come into force.
 * - A list never goes back to an earlier revision, not even when it was removed in between.
 *
 * Every method may throw DeviceError hotlist.store-failed: the disk is full, read-only or failing.
 */
export class ListStore {
  readonly #path: string;
  readonly #key: StorageKey;
  readonly #readonly: boolean;
  readonly #clock: Clock;
  readonly #diskReserveBytes: number;
  #database: SqliteDatabase | undefined;
  #reader: VersionReader | undefined;

  constructor(options: ListStoreOptions) {
    this.#path = options.path;
    this.#key = options.key;
    this.#readonly = options.readonly ?? false;
    this.#clock = options.clock ?? systemClock;
    this.#diskReserveBytes = options.diskReserveBytes ?? DISK_RESERVE_BYTES;
  }

  /**
   * @throws DeviceError store.newer-schema where a later version wrote it; store.key-wrong;
   *   hotlist.unreadable where it is only to be read and is missing or bad; store.open-failed where
   *   it is to be written.
   */
  open(): void {
    const database = this.#readonly ? this.#openReadonly() : this.#openWritable();
    database.pragma(`cache_size = -${CACHE_KIB}`);
    this.#database = database;
    this.#reader = new VersionReader(database);
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
    this.#reader = undefined;
  }

  /**
   * Changes whenever another connection has committed to the file: batches of a load and staged
   * blobs too, so compare `lists()` before doing more.
   */
  dataVersion(): number {
    return this.#run((database) => database.pragma('data_version', { simple: true }) as number);
  }

  /** The lists in force, by id. */
  lists(): StoredList[] {
    return this.#run(listsInForce);
  }

  /** The highest revision of a list that was ever in force here, also of one that was removed; 0: none. */
  highestRevision(listId: string): number {
    return this.#run((database) => highestRevision(database, listId));
  }

  /**
   * What a list says of a mark, in its order, weeded or not; empty where the mark is not on it.
   * @throws DeviceError hotlist.store-failed where that generation has been dropped, or is another
   *   list's in this file: read `lists()` anew.
   */
  rows(list: ListRef, key: MatchKey): readonly VoiEntry[] {
    const text = this.#read((reader) => reader.rowsText(list, key));
    return text === '' ? [] : entriesOfText(text);
  }

  /**
   * The marks of a list in ascending order, some thousands at a time, as they are in that revision
   * from the first page to the last. No transaction is open between pages; but of a revision that
   * went out of force a minute ago they may end in hotlist.store-failed.
   */
  *keyPages(list: RevisionRef): Generator<MatchKey[]> {
    yield* this.#eachPage(this.#read((reader) => reader.keyPages(list)));
  }

  /** As `keyPages`, with the JSON text of each mark's rows. */
  *markPages(list: RevisionRef): Generator<StoredMark[]> {
    yield* this.#eachPage(this.#read((reader) => reader.markPages(list)));
  }

  /**
   * The marks that changed after revision `from` up to the list's own, ascending.
   * @returns undefined where that is further back than is kept, or in another generation.
   */
  touchedSince(list: RevisionRef, from: number): TouchedKey[] | undefined {
    return this.#run((database) => touchedKeys(database, list, from));
  }

  /**
   * Takes a snapshot over: the list is this and nothing else from then on.
   *
   * Meanwhile the list in force is matched against as before, and others may write: the lock is
   * held for a batch at a time. Between batches the process gets on with its work.
   * @param groups in strictly ascending order of their keys. If they throw, nothing changes.
   * @throws DeviceError hotlist.replayed where as late a revision is in force, or a later one ever
   *   was; hotlist.package-invalid where the order is wrong or the counts are not those of `meta`.
   */
  async replaceList(
    meta: ListMeta,
    groups: AsyncIterable<MarkGroup> | Iterable<MarkGroup>,
    options: LoadOptions = {},
  ): Promise<StoredList> {
    if (!isListId(meta.id)) throw new Error('not a list id');
    this.#run((database) => refuseReplay(database, meta.id, meta.revision));
    // First, so that what it leaves is room for what comes. Where it fails, the load may still work.
    await this.#tidyIfPossible();
    const generation = this.#run((database) => beginGeneration(database, meta, this.#now()));
    try {
      const counts = await this.#load(generation, meta, groups, options);
      this.#requireOpen();
      return this.#run((database) => comeIntoForce(database, generation, meta, counts, this.#now()));
    } catch (error) {
      endGeneration(this.#path, generation);
      // The disk may be why it failed; what cannot be dropped now is dropped by a later tidy.
      await this.#tidyIfPossible();
      throw error;
    } finally {
      endGeneration(this.#path, generation);
    }
  }

  /**
   * Changes a list in one transaction.
   * @param from revision after which the groups tell of every change; no later than the one held.
   * @param groups marks that changed, ascending, as they stand at `meta.revision`; without rows:
   *   off the list. If they throw, nothing changes.
   * @throws DeviceError hotlist.replayed where as late a revision is in force; hotlist.gap where the
   *   delta does not follow on it, or the list would not come out with the counts of `meta`;
   *   hotlist.package-invalid where the order is wrong.
   */
  applyDelta(meta: ListMeta, from: number, groups: Iterable<MarkGroup>): StoredList {
    const fitting = whileThereIsRoom(groups, this.#path, this.#diskReserveBytes);
    return this.#run((database) => {
      const now = this.#now();
      // Copying the log into the file takes nearly as long as all else, and the list is in force
      // without: the next commit of anything, or `tidy`, does it.
      database.pragma('wal_autocheckpoint = 0');
      try {
        const list = applyDelta(database, meta, from, fitting, now);
        collectStep(database, list.generation, now);
        return list;
      } finally {
        database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
      }
    });
  }

  /**
   * Takes over what its owner says anew of the revision in force: when it was issued, when it expires.
   * @throws DeviceError hotlist.replayed where another revision is in force, or what it said of this
   *   one was said later.
   */
  confirm(meta: ListMeta): StoredList {
    return this.#run((database) => putConfirmation(database, meta));
  }

  /** The list is matched no more, and what is staged of it is dropped. Unknown lists are fine. */
  removeList(listId: string): void {
    this.#run((database) =>
      database
        .transaction(() => {
          supersede(database, listId, this.#now());
          database.prepare('DELETE FROM lists WHERE id = ?').run(listId);
          staging.dropOffer(database, listId);
          staging.dropStaged(database, listId);
        })
        .immediate(),
    );
  }

  /**
   * Drops what nobody reads or builds any more: generations and versions that were superseded a
   * minute ago, and what a killed writer left half-built; and gives room back where the disk is short
   * of it. In steps, between which others may write and the process gets on with its work. To be
   * called now and then by whoever writes.
   */
  async tidy(): Promise<void> {
    const faults: unknown[] = [];
    for (const generation of this.#run((database) => droppable(database, this.#now()))) {
      try {
        while (this.#step((database) => dropStep(database, generation))) await breathe();
      } catch (fault) {
        // Damage in one, which cannot be dropped then, must not keep the others.
        faults.push(fault);
      }
    }
    if (this.#database === undefined) return;
    for (const { generation } of this.lists()) {
      while (this.#step((database) => collectStep(database, generation, this.#now()))) await breathe();
    }
    if (this.#database !== undefined) this.#run(emptyLog);
    while (this.#step((database) => giveBackStep(database, this.#diskReserveBytes))) await breathe();
    if (faults.length > 0) throw faults[0];
  }

  /** Keeps the envelope of the manifest that is being fetched, in place of an earlier one. */
  putOffer(listId: string, envelope: Uint8Array): void {
    this.#run((database) => staging.putOffer(database, listId, envelope));
  }

  offer(listId: string): Buffer | undefined {
    return this.#run((database) => staging.offerOf(database, listId));
  }

  dropOffer(listId: string): void {
    this.#run((database) => staging.dropOffer(database, listId));
  }

  /** Keeps a blob that has come; it must have been verified. */
  stageBlob(listId: string, name: string, bytes: Uint8Array): void {
    requireRoom(this.#path, this.#diskReserveBytes);
    this.#run((database) => staging.stageBlob(database, listId, name, bytes));
  }

  /** Looks whether blobs of so many bytes can still be staged. */
  requireRoomFor(bytes: number): void {
    requireRoom(this.#path, this.#diskReserveBytes + bytes);
  }

  stagedBlob(listId: string, name: string): Buffer | undefined {
    return this.#run((database) => staging.stagedBlob(database, listId, name));
  }

  /** Names of the blobs that are kept for a list, with their lengths in bytes. */
  stagedNames(listId: string): Map<string, number> {
    return this.#run((database) => staging.stagedNames(database, listId));
  }

  /** @param names absent: all of the list's. */
  dropStaged(listId: string, names?: Iterable<string>): void {
    this.#run((database) => staging.dropStaged(database, listId, names));
  }

  async #tidyIfPossible(): Promise<void> {
    if (this.#database === undefined) return;
    await this.tidy().catch((error) => {
      if (!(error instanceof DeviceError)) throw error;
    });
  }

  async #load(
    generation: number,
    meta: ListMeta,
    groups: AsyncIterable<MarkGroup> | Iterable<MarkGroup>,
    { onProgress, signal }: LoadOptions,
  ): Promise<Counts> {
    const writer = this.#run((database) => new GenerationWriter(database, generation, meta));
    for await (const batch of batchesOf(groups)) {
      signal?.throwIfAborted();
      this.#requireOpen();
      requireRoom(this.#path, this.#diskReserveBytes);
      this.#run(() => writer.write(batch, this.#now()));
      onProgress?.(writer.counts.markCount);
      await breathe();
    }
    return writer.counts;
  }

  /** Whoever closes the store while it loads is no bug: the load ends, and the list stays. */
  #requireOpen(): void {
    if (this.#database === undefined) throw storeFailed(this.#path, 'it was closed meanwhile');
  }

  /** One of many steps of long work; whoever closes the store meanwhile ends it. */
  #step(work: (database: SqliteDatabase) => boolean): boolean {
    return this.#database !== undefined && this.#run(work);
  }

  #openWritable(): SqliteDatabase {
    const database = openDatabase(this.#path, MIGRATIONS, { key: this.#key, canShrink: true });
    database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    database.pragma(`journal_size_limit = ${MOST_LOG_BYTES}`);
    // Given a key, SQLite overwrites what it deletes: to drop a list it would write all of it once
    // more. What is deleted is encrypted, and flash keeps what was overwritten anyway.
    database.pragma('secure_delete = OFF');
    return database;
  }

  #openReadonly(): SqliteDatabase {
    if (!existsSync(this.#path)) throw unreadable(this.#path, 'there is no such file');
    let database: SqliteDatabase | undefined;
    try {
      database = openDatabase(this.#path, MIGRATIONS, { key: this.#key, readonly: true });
      // Read through a table: a file that is no hotlist is found now, not at the first match.
      listsInForce(database);
      return database;
    } catch (cause) {
      database?.close();
      const isKnown = cause instanceof DeviceError && cause.code !== 'store.open-failed';
      throw isKnown ? cause : unreadable(this.#path, messageOf(cause), cause);
    }
  }

  #now(): Moment {
    return momentOf(this.#clock);
  }

  #read<T>(read: (reader: VersionReader) => T): T {
    return this.#run(() => read(this.#reader as VersionReader));
  }

  #run<T>(work: (database: SqliteDatabase) => T): T {
    if (this.#database === undefined) throw new Error('ListStore is not open');
    try {
      return work(this.#database);
    } catch (thrown) {
      throw translated(this.#path, thrown);
    }
  }

  *#eachPage<T>(pages: Generator<T>): Generator<T> {
    for (;;) {
      const { done, value } = this.#run(() => pages.next());
      if (done) return;
      yield value;
    }
  }
}

/** Lets everything else that the process has to do go first. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
