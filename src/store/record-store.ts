import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { StoreConfig } from '../config/schema.js';
import type { Hit } from '../domain/capture-record.js';
import type { DeviceEvent } from '../domain/device-event.js';
import type { HeldHit } from '../domain/held-hit.js';
import type { HitReference, Outbox } from '../domain/outbox.js';
import type { ChainHead, Loss, Notary } from '../domain/statement.js';
import type { Match } from '../domain/voi.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import type { StorageKey } from '../lib/storage-key.js';
import { type AgeState, advanceAge, believedAtMs, firstAge, readAge, writeAge } from './age-clock.js';
import {
  type Committed,
  commitLate,
  commitReport,
  completeOpen,
  completeThese,
  hitsOf,
  type Report,
} from './commit.js';
import { commitEvent } from './events.js';
import { putHealth } from './health.js';
import { heldHit, heldHits } from './held-hits.js';
import {
  type HeldKey,
  type HeldRead,
  heldKeys,
  heldRead,
  heldReads,
  recheckedRevision,
  setRecheckedRevision,
} from './held-reads.js';
import { spellCount, tellLosses } from './losses.js';
import { SqliteOutbox } from './outbox.js';
import { type Budget, fileBytes, type Removed, Sweep, usedBytes } from './retention.js';
import { type StoreSnapshot, snapshotOf } from './snapshot.js';
import { beginChain, chainHead, type StoredStatement, storedStatements, type Writing } from './statements.js';
import { StoreFile } from './store-file.js';
import { sealWaiting } from './unsealed.js';

export type { StoreSnapshot } from './snapshot.js';

export interface RecordStoreOptions {
  readonly config: StoreConfig;
  readonly key: StorageKey;
  readonly notary: Notary;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called when something was dropped that the broker had not taken, with what the statement of it says. */
  readonly onLoss?: (losses: readonly Loss[]) => void;
  /**
   * Called when reads have come in that no commit brought, out of a damaged file or of memory: lists may have changed since
   * they were matched, which recheckedRevision then says.
   */
  readonly onReadsCameIn?: () => void;
  /** Whether a time source stands by what the clock says: @see AgeState. Left out: none does. */
  readonly isClockVouched?: () => boolean;
  /** Bytes that are left on the disk of a folder. */
  readonly freeBytes?: (folder: string) => Promise<number>;
}

const SWEEP_EVERY_MS = 60_000;
const PAGES_AT_ONCE = 256;
const DAY_MS = 86_400_000;
const MEGABYTE = 1_000_000;

/**
 * Capture records, their pictures, hits, statements and what waits for the broker, in one SQLite file.
 * What `commit` has returned survives a crash and a power cut.
 */
export class RecordStore {
  readonly #options: RecordStoreOptions;
  readonly #config: StoreConfig;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #file: StoreFile;
  readonly #outbox: SqliteOutbox;
  readonly #stopping = new AbortController();
  #age: AgeState;
  #sweeping: Promise<void> | undefined;
  /** The outbox's changes when a sweep last found no acknowledged picture: without more it need not look. */
  #noPicturesAtChange = -1;

  constructor(options: RecordStoreOptions) {
    const { config, key, clock, log } = options;
    this.#options = options;
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
    this.#age = firstAge(clock.nowMs(), clock.monoMs());
    this.#file = new StoreFile({
      path: config.path,
      key,
      clock,
      log,
      onDatabase: (database) => this.#begin(database),
      onChange: () => this.#outbox.rescan(),
      onReadsCameIn: () => options.onReadsCameIn?.(),
      onStale: (recordIds) => this.#completeStale(recordIds),
    });
    this.#outbox = new SqliteOutbox({ run: (work) => this.#file.run(work) });
  }

  /** What waits for the broker; usable between start and stop. */
  get outbox(): Outbox {
    return this.#outbox;
  }

  /** @throws DeviceError store.key-wrong, store.newer-schema, store.write-failed */
  async start(): Promise<void> {
    this.#file.open();
    const completed = this.completeOpen();
    if (completed > 0)
      this.#log.warn({ records: completed }, 'completed records that the last run left open');
    this.#sweeping = this.#sweepAlways();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#sweeping;
    this.#file.close();
  }

  /**
   * Stores a report whole or not at all, its statements sealed; the same report again changes nothing.
   * @throws DeviceError store.write-failed: nothing of it was stored, report it again later.
   */
  commit(report: Report): Committed {
    return this.#write((writing) => commitReport(writing, report));
  }

  /**
   * Completes and enqueues records that are still open, when the process that would close them is
   * gone: of one camera, or of all.
   * @returns how many there were.
   */
  completeOpen(cameraId?: string): number {
    return this.#write((writing) => completeOpen(writing, cameraId));
  }

  /**
   * Adds a late hit to a record that is still held, whole or not at all; the same again changes
   * nothing.
   * @param matchedAtMs UTC, milliseconds: when the match was made.
   * @returns undefined where the record is gone by now, or has told the match before.
   * @throws DeviceError store.write-failed
   */
  commitLate(recordId: string, match: Match, matchedAtMs: number): Hit | undefined {
    return this.#write((writing) => commitLate(writing, recordId, { match, matchedAtMs }));
  }

  /**
   * Stores an event, its statement sealed; it goes to the broker with the hits and is never dropped. The same id
   * again changes nothing.
   * @throws DeviceError store.write-failed
   */
  commitEvent(event: DeviceEvent): void {
    this.#write((writing) => commitEvent(writing, event));
  }

  /**
   * Puts what the device says of itself into lane `health`, in the place of what it said before, unless
   * that is on its way already.
   * @param id UUIDv7. @param atMs UTC, milliseconds. @param text JSON.
   * @throws DeviceError store.write-failed
   */
  putHealth(id: string, atMs: number, text: string): void {
    const isLeased = (outboxId: number) => this.#outbox.isLeased(outboxId);
    this.#write((writing) => putHealth(writing, { id, atMs, text }, isLeased));
  }

  /** The end of the chain of statements. @throws DeviceError store.write-failed */
  head(): ChainHead {
    return this.#file.run(chainHead);
  }

  /** @see storedStatements in statements.ts. @throws DeviceError store.write-failed */
  statements(afterPosition: number, limit: number): readonly StoredStatement[] {
    return this.#file.run((database) => storedStatements(database, { afterPosition, limit }));
  }

  /** @see heldKeys in held-reads.ts. @throws DeviceError store.write-failed, as all that reads. */
  heldKeys(sinceMs: number, afterSequence: number, limit: number): readonly HeldKey[] {
    return this.#file.run((database) => heldKeys(database, { sinceMs, afterSequence, limit }));
  }

  heldReads(sinceMs: number, afterSequence: number, limit: number): readonly HeldRead[] {
    return this.#file.run((database) => heldReads(database, { sinceMs, afterSequence, limit }));
  }

  heldRead(sequence: number): HeldRead | undefined {
    return this.#file.run((database) => heldRead(database, sequence));
  }

  /** Of about so long, the newest, the oldest first. @see heldHits in held-hits.ts. */
  heldHits(withinMs: number, limit: number): readonly HeldHit[] {
    const sinceMs = this.#clock.nowMs() - withinMs;
    const sinceBelievedMs = believedAtMs(this.#age, this.#clock.monoMs()) - withinMs;
    return this.#file.run((database) => heldHits(database, { sinceMs, sinceBelievedMs, limit }));
  }

  heldHit(hitId: string): HeldHit | undefined {
    return this.#file.run((database) => heldHit(database, hitId));
  }

  /** Of a record, in the order in which they were issued. */
  hitsOf(recordId: string): readonly HitReference[] {
    return this.#file.run((database) => hitsOf(database, recordId));
  }

  /** The revision of a list that all held reads have been checked against; undefined: none. */
  recheckedRevision(listId: string): number | undefined {
    return this.#file.run((database) => recheckedRevision(database, listId));
  }

  setRecheckedRevision(listId: string, revision: number): void {
    this.#file.run((database) => setRecheckedRevision(database, listId, revision));
  }

  /**
   * Erases what is too old, makes room where a budget is spent, and states what was lost by that; runs by
   * itself every minute.
   * @throws DeviceError store.write-failed
   */
  async sweep(): Promise<void> {
    this.#advanceAge();
    const mostBytes = await this.#mostBytesOnDisk();
    const { changes } = this.#outbox;
    const sweep = new Sweep(this.#budget(mostBytes));
    const totals: Record<string, number> = {};
    while (!this.#stopping.signal.aborted) {
      const removed = this.#file.run((database) => sweep.next(database));
      if (removed === undefined) break;
      addTo(totals, removed);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (sweep.hasNoAcknowledgedPictures) this.#noPicturesAtChange = changes;
    // Also what an earlier run dropped and did not come to tell.
    const losses = this.#write(tellLosses);
    if (losses !== undefined) {
      const lost = losses.map((loss) => `${spellCount(loss)} of ${loss.lane}, ${loss.reason}`);
      this.#log.error({ lost }, 'what the broker had not taken is lost; the centre is told');
      this.#options.onLoss?.(losses);
    }
    this.#file.noteHead();
    if (this.#file.run(usedBytes) > mostBytes) {
      this.#log.error('the store is over its budget: only hits and what is on its way are left to drop');
    }
    if (Object.keys(totals).length === 0) return;
    if (mostBytes < this.#mostBytes) await this.#giveBackPages();
    // The log that SQLite keeps beside the file still holds what was erased: empty it.
    this.#file.run((database) => database.pragma('wal_checkpoint(TRUNCATE)'));
    this.#log.info(totals, 'records erased');
  }

  /** Pages that hold nothing go back to a disk that is short of room, where the file can give them; few at a time. */
  async #giveBackPages(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const bytes = this.#file.run((database) => {
        const before = fileBytes(database);
        database.pragma(`incremental_vacuum(${PAGES_AT_ONCE})`);
        return before - fileBytes(database);
      });
      if (bytes <= 0) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** @throws DeviceError store.write-failed where the file cannot be read. */
  snapshot(): StoreSnapshot {
    return this.#file.run((database) =>
      snapshotOf(database, {
        believedMs: believedAtMs(this.#age, this.#clock.monoMs()),
        mostBytes: this.#mostBytes,
        file: this.#file.state,
      }),
    );
  }

  /** What every database needs before it is written to. */
  #begin(database: SqliteDatabase): void {
    this.#age = readAge(database) ?? this.#age;
    const begin = database.transaction(() => {
      beginChain(database);
      return sealWaiting(this.#writing(database));
    });
    let sealed = 0;
    for (let some = begin.immediate(); some > 0; some = begin.immediate()) sealed += some;
    if (sealed > 0) this.#log.info({ statements: sealed }, 'sealed what an earlier version left waiting');
  }

  /** Whoever would have closed them has reported to another database meanwhile. */
  #completeStale(recordIds: readonly string[]): void {
    try {
      this.#write((writing) => completeThese(writing, recordIds));
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      // The next start completes them.
      this.#log.error({ code: error.code }, error.message);
    }
  }

  #write<T>(work: (writing: Writing) => T): T {
    return this.#file.run((database) =>
      database.transaction(() => work(this.#writing(database))).immediate(),
    );
  }

  #writing(database: SqliteDatabase): Writing {
    return {
      database,
      notary: this.#options.notary,
      nowMs: this.#clock.nowMs(),
      believedAtMs: believedAtMs(this.#age, this.#clock.monoMs()),
    };
  }

  #advanceAge(): void {
    const age = advanceAge(this.#age, {
      wallMs: this.#clock.nowMs(),
      monoMs: this.#clock.monoMs(),
      isVouched: this.#options.isClockVouched?.() ?? false,
    });
    this.#file.run((database) => writeAge(database, age));
    this.#age = age;
  }

  get #mostBytes(): number {
    return Math.min(
      this.#config.mostMegabytes * MEGABYTE,
      this.#file.state.mostBytes ?? Number.POSITIVE_INFINITY,
    );
  }

  /** The budget, or less where the disk has too little room left beside the file. */
  async #mostBytesOnDisk(): Promise<number> {
    const { leaveFreeMegabytes, path } = this.#config;
    if (this.#file.state.medium === 'memory') return this.#mostBytes;
    const free = await (this.#options.freeBytes ?? freeBytes)(dirname(path));
    const missing = Math.max(0, leaveFreeMegabytes * MEGABYTE - free);
    if (missing === 0) return this.#mostBytes;
    return Math.max(0, Math.min(this.#mostBytes, this.#file.run(fileBytes) - missing));
  }

  #budget(mostBytes: number): Budget {
    const { lanes, retentionDays } = this.#config;
    const laneOf = ({ mostMegabytes, mostDays }: { mostMegabytes: number; mostDays: number }) => ({
      mostBytes: mostMegabytes * MEGABYTE,
      mostMs: mostDays * DAY_MS,
    });
    return {
      believedMs: this.#age.believedMs,
      retentionMs: retentionDays * DAY_MS,
      mostBytes,
      lanes: {
        reads: laneOf(lanes.reads),
        'hit-images': laneOf(lanes.hitImages),
        'read-images': laneOf(lanes.readImages),
        health: laneOf(lanes.health),
      },
      mayHoldAcknowledgedPictures: this.#outbox.changes !== this.#noPicturesAtChange,
      isLeased: (id) => this.#outbox.isLeased(id),
    };
  }

  async #sweepAlways(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.sweep();
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        this.#log.error({ code: error.code }, error.message);
      }
      await this.#clock.sleep(SWEEP_EVERY_MS, signal).catch(() => undefined);
    }
  }
}

async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    // A folder that cannot be asked is told of by the writes that fail; it is no reason to drop anything.
    return Number.POSITIVE_INFINITY;
  }
}

function addTo(totals: Record<string, number>, removed: Removed): void {
  for (const [counter, by] of Object.entries(removed)) totals[counter] = (totals[counter] ?? 0) + by;
}
