import { statSync } from 'node:fs';
import type { HotlistConfig } from '../config/schema.js';
import type { Match } from '../domain/voi.js';
import type { MatchKey, Vrm } from '../domain/vrm.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError, messageOf } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import type { StorageKey } from '../lib/storage-key.js';
import { type VoiSet, VoiSetBuilder } from './voi-set.js';
import { VoiStore } from './voi-store.js';

/** loaded: matching against what is on disk; missing: no file; unreadable: a file that is no hotlist. */
export type HotlistState = 'loaded' | 'missing' | 'unreadable';

export interface HotlistSnapshot {
  readonly state: HotlistState;
  /** Why, and what to do, where the state is not `loaded`. */
  readonly detail: string;
  /** Different marks in memory. */
  readonly markCount: number;
  readonly lists: readonly {
    readonly id: string;
    readonly revision: number;
    readonly entryCount: number;
    /** Since the device took the revision over. */
    readonly ageMs: number;
  }[];
}

export interface HotlistOptions {
  readonly config: HotlistConfig;
  readonly key: StorageKey;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A poll costs one stat and one pragma; more often than this it would only burn the battery. */
const SHORTEST_POLL_MS = 100;

/**
 * Matches reads against the lists in memory, and follows the file on disk.
 *
 * Invariants
 * - Matching sees one whole set; a reload replaces it in one assignment.
 * - A file that goes missing or bad costs nothing that is in memory: the last good set stays,
 *   and the state says so.
 */
export class Hotlist {
  readonly #config: HotlistConfig;
  readonly #key: StorageKey;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  #store: VoiStore | undefined;
  /** Which file is open and what it held when it was loaded; a replaced file has another inode. */
  #loaded = '';
  #set: VoiSet = new VoiSetBuilder().build([]);
  #state: HotlistState = 'missing';
  #detail = '';
  #polling: Promise<void> | undefined;

  constructor(options: HotlistOptions) {
    this.#config = options.config;
    this.#key = options.key;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Loads the lists; a missing or bad file is a state, never an error. */
  async start(): Promise<void> {
    await this.#refresh();
    this.#polling = this.#poll();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#polling;
    this.#close();
  }

  /** @param nowMs UTC, milliseconds: the time of the read. */
  match(read: { readonly vrm: Vrm; readonly matchKey: MatchKey }, nowMs: number): Match | undefined {
    return this.#set.match(read, nowMs);
  }

  snapshot(): HotlistSnapshot {
    const nowMs = this.#clock.nowMs();
    return {
      state: this.#state,
      detail: this.#detail,
      markCount: this.#set.markCount,
      lists: this.#set.lists.map(({ id, revision, entryCount, importedAtMs }) => ({
        id,
        revision,
        entryCount,
        ageMs: Math.max(0, nowMs - importedAtMs),
      })),
    };
  }

  async #poll(): Promise<void> {
    const waitMs = Math.max(SHORTEST_POLL_MS, this.#config.reloadSeconds * 1000);
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#clock.sleep(waitMs, signal).catch(() => undefined);
      if (!signal.aborted) await this.#refresh();
    }
  }

  async #refresh(): Promise<void> {
    try {
      const inode = inodeOf(this.#config.path);
      if (inode === undefined) {
        this.#close();
        this.#enter('missing', `there is no hotlist ${this.#config.path}`);
        return;
      }
      if (!this.#loaded.startsWith(`${inode} `)) this.#close();
      this.#store ??= openReadonly(this.#config.path, this.#key);
      const version = `${inode} ${this.#store.dataVersion()}`;
      if (version === this.#loaded) return;
      const builder = new VoiSetBuilder();
      const lists = await this.#store.load((entry) => builder.add(entry));
      this.#set = builder.build(lists);
      // Read before loading: a commit in between is seen as a change by the next poll.
      this.#loaded = version;
      this.#enter('loaded', '');
      const entries = lists.reduce((sum, list) => sum + list.entryCount, 0);
      this.#log.info({ lists: lists.length, entries }, 'hotlist loaded');
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#close();
      this.#enter('unreadable', `${messageOf(error)} ${error.hint}`);
    }
  }

  #enter(state: HotlistState, detail: string): void {
    if (detail !== this.#detail && state !== 'loaded') {
      this.#log.warn({ state, detail }, 'the hotlist cannot be followed; what is in memory stays');
    }
    this.#state = state;
    this.#detail = detail;
  }

  #close(): void {
    this.#store?.close();
    this.#store = undefined;
    this.#loaded = '';
  }
}

function openReadonly(path: string, key: StorageKey): VoiStore {
  const store = new VoiStore({ path, key, readonly: true });
  store.open();
  return store;
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
