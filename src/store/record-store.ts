import type { StoreConfig } from '../config/schema.js';
import type { Hit } from '../domain/capture-record.js';
import { LANES, type Lane, type Outbox } from '../domain/outbox.js';
import type { Match } from '../domain/voi.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError, messageOf } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import { isStorageFault, openDatabase, type SqliteDatabase } from '../lib/sqlite.js';
import type { StorageKey } from '../lib/storage-key.js';
import { type Committed, commitLate, commitReport, completeOpen, type Report } from './commit.js';
import { readCounters } from './counters.js';
import {
  type HeldKey,
  type HeldRead,
  heldKeys,
  heldRead,
  heldReads,
  recheckedRevision,
  setRecheckedRevision,
} from './held-reads.js';
import { STORE_MIGRATIONS } from './migrations.js';
import { SqliteOutbox } from './outbox.js';
import { sweep, usedBytes } from './retention.js';

export interface StoreSnapshot {
  /** The sequence number given last. */
  readonly lastSequence: number;
  readonly records: number;
  /** Records whose vehicle is still in view. */
  readonly openRecords: number;
  readonly hits: number;
  readonly waiting: Readonly<Record<Lane, number>>;
  /** Since the oldest item that waits was put into the outbox; absent where none waits. */
  readonly oldestWaitingMs?: number;
  readonly usedBytes: number;
  readonly mostBytes: number;
  /** Taken out after the broker had them: records by age, records and pictures by the budget. */
  readonly erased: { readonly age: number; readonly budget: number };
  /** Taken out before the broker had them, because the budget was spent. */
  readonly dropped: { readonly images: number; readonly reads: number };
}

export interface RecordStoreOptions {
  readonly config: StoreConfig;
  readonly key: StorageKey;
  readonly clock: Clock;
  readonly log: Logger;
}

const SWEEP_EVERY_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * Capture records, their pictures, hits and what waits for the broker, in one SQLite file.
 * What `commit` has returned survives a crash and a power cut.
 */
export class RecordStore {
  readonly #config: StoreConfig;
  readonly #key: StorageKey;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #outbox: SqliteOutbox;
  readonly #stopping = new AbortController();
  #database: SqliteDatabase | undefined;
  #sweeping: Promise<void> | undefined;

  constructor(options: RecordStoreOptions) {
    this.#config = options.config;
    this.#key = options.key;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#outbox = new SqliteOutbox({ run: (work) => this.#run(work) });
  }

  /** What waits for the broker; usable between start and stop. */
  get outbox(): Outbox {
    return this.#outbox;
  }

  /** @throws DeviceError store.open-failed, store.key-wrong, store.newer-schema, store.write-failed */
  async start(): Promise<void> {
    this.#database = openDatabase(this.#config.path, STORE_MIGRATIONS, { key: this.#key });
    // What is erased is overwritten, not only forgotten: it is personal data.
    this.#database.pragma('secure_delete = ON');
    const completed = this.completeOpen();
    if (completed > 0)
      this.#log.warn({ records: completed }, 'completed records that the last run left open');
    this.#sweeping = this.#sweepAlways();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#sweeping;
    this.#database?.close();
    this.#database = undefined;
  }

  /**
   * Stores a report whole or not at all; the same report again changes nothing.
   * @throws DeviceError store.write-failed: nothing of it was stored, report it again later.
   */
  commit(report: Report): Committed {
    return this.#run((database) =>
      database.transaction(() => commitReport(database, report, this.#clock.nowMs())).immediate(),
    );
  }

  /**
   * Completes and enqueues records that are still open, when the process that would close them is
   * gone: of one camera, or of all.
   * @returns how many there were.
   */
  completeOpen(cameraId?: string): number {
    return this.#run((database) =>
      database.transaction(() => completeOpen(database, cameraId, this.#clock.nowMs())).immediate(),
    );
  }

  /**
   * Adds a late hit to a record that is still held, whole or not at all; the same again changes
   * nothing.
   * @param matchedAtMs UTC, milliseconds: when the match was made.
   * @returns undefined where the record is gone by now, or has told the match before.
   * @throws DeviceError store.write-failed
   */
  commitLate(recordId: string, match: Match, matchedAtMs: number): Hit | undefined {
    return this.#run((database) =>
      database
        .transaction(() => commitLate(database, recordId, { match, matchedAtMs, nowMs: this.#clock.nowMs() }))
        .immediate(),
    );
  }

  /** @see heldKeys in held-reads.ts. @throws DeviceError store.write-failed, as all that reads. */
  heldKeys(sinceMs: number, afterSequence: number, limit: number): readonly HeldKey[] {
    return this.#run((database) => heldKeys(database, { sinceMs, afterSequence, limit }));
  }

  heldReads(sinceMs: number, afterSequence: number, limit: number): readonly HeldRead[] {
    return this.#run((database) => heldReads(database, { sinceMs, afterSequence, limit }));
  }

  heldRead(sequence: number): HeldRead | undefined {
    return this.#run((database) => heldRead(database, sequence));
  }

  /** The revision of a list that all held reads have been checked against; undefined: none. */
  recheckedRevision(listId: string): number | undefined {
    return this.#run((database) => recheckedRevision(database, listId));
  }

  setRecheckedRevision(listId: string, revision: number): void {
    this.#run((database) => setRecheckedRevision(database, listId, revision));
  }

  /**
   * Erases what is too old and makes room where the budget is spent; runs by itself every minute.
   * @throws DeviceError store.write-failed
   */
  async sweep(): Promise<void> {
    const totals: Record<string, number> = {};
    const steps = this.#run((database) =>
      sweep(database, {
        nowMs: this.#clock.nowMs(),
        retentionMs: this.#config.retentionDays * DAY_MS,
        mostBytes: this.#mostBytes,
        isLeased: (id) => this.#outbox.isLeased(id),
      }),
    );
    while (!this.#stopping.signal.aborted) {
      const step = this.#run(() => steps.next());
      if (step.done) break;
      for (const [reason, by] of Object.entries(step.value)) totals[reason] = (totals[reason] ?? 0) + by;
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.#run(usedBytes) > this.#mostBytes) {
      this.#log.error('the store is over its budget: only hits and what is on its way are left to drop');
    }
    if (Object.keys(totals).length === 0) return;
    // The log that SQLite keeps beside the file still holds what was erased: empty it.
    this.#run((database) => database.pragma('wal_checkpoint(TRUNCATE)'));
    this.#log.info(totals, 'records erased');
    const dropped = (totals['dropped.image'] ?? 0) + (totals['dropped.read'] ?? 0);
    if (dropped > 0) this.#log.error(totals, 'the store is full: dropped what the broker had not taken');
  }

  /** @throws DeviceError store.write-failed where the file cannot be read. */
  snapshot(): StoreSnapshot {
    return this.#run((database) => {
      const counters = readCounters(database);
      const waiting = Object.fromEntries(Object.keys(LANES).map((lane) => [lane, 0])) as Record<Lane, number>;
      const byLane = database.prepare('SELECT lane, count(*) FROM outbox GROUP BY lane').raw().all() as [
        number,
        number,
      ][];
      const laneNames = Object.keys(LANES) as Lane[];
      for (const [lane, count] of byLane) waiting[laneNames[lane] as Lane] = count;
      const one = (sql: string) => database.prepare(sql).pluck().get() as number;
      const oldestAtMs = database.prepare('SELECT min(queued_at_ms) FROM outbox').pluck().get() as
        | number
        | null;
      return {
        lastSequence: counters.sequence,
        records: one('SELECT count(*) FROM records'),
        openRecords: one(`SELECT count(*) FROM records WHERE phase = 'settled'`),
        hits: one('SELECT count(*) FROM hits'),
        waiting,
        ...(oldestAtMs !== null && { oldestWaitingMs: Math.max(0, this.#clock.nowMs() - oldestAtMs) }),
        usedBytes: usedBytes(database),
        mostBytes: this.#mostBytes,
        erased: { age: counters['erased.age'], budget: counters['erased.budget'] },
        dropped: { images: counters['dropped.image'], reads: counters['dropped.read'] },
      };
    });
  }

  get #mostBytes(): number {
    return this.#config.mostMegabytes * 1_000_000;
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

  #run<T>(work: (database: SqliteDatabase) => T): T {
    if (this.#database === undefined) throw new Error('RecordStore is not started');
    try {
      return work(this.#database);
    } catch (cause) {
      if (!isStorageFault(cause)) throw cause;
      throw new DeviceError('store.write-failed', {
        message: `the store ${this.#config.path} cannot be written or read: ${messageOf(cause)}`,
        hint: 'Check for a full, read-only or failing disk; nothing was half written, and it is tried again.',
        cause,
      });
    }
  }
}
