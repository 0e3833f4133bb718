import type { HotlistConfig } from '../config/schema.js';
import { type Confusions, NO_CONFUSIONS } from '../domain/confusion.js';
import type { PlateRead } from '../domain/read.js';
import type { Match } from '../domain/voi.js';
import type { Clock } from '../lib/clock.js';
import type { DeviceError } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import type { StorageKey } from '../lib/storage-key.js';
import { type ClockCredibility, clockCredibility } from './clock-credibility.js';
import { EntryReader } from './entry-reader.js';
import { describeList, type HotlistSnapshot, type HotlistState, settingsOf } from './hotlist-snapshot.js';
import { KeyIndex } from './key-index.js';
import type { StoredList } from './list-store/list-rows.js';
import { type ListInForce, Matcher, type NewKeys } from './matcher.js';
import type { Wanted } from './sync/keeper.js';
import { KeeperHost } from './sync/keeper-host.js';
import type { FromKeeper, KeeperConfiguration, ListChange, News } from './sync/protocol.js';
import type { RetryTiming } from './sync/retries.js';
import type { SyncFault, SyncStatus } from './sync/status.js';

export interface HotlistOptions {
  readonly config: HotlistConfig;
  readonly key: StorageKey;
  /** Where the key is, for the keeper's thread, which reads it for itself. */
  readonly keyFile?: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** What is asked for of the broker changed: exactly this, and anew where it was asked for before. */
  readonly onWanted?: (wanted: readonly Wanted[]) => void;
  /** Keys came onto a list, or changed there, which held reads may match. */
  readonly onNews?: (listId: string, news: News) => void;
  readonly onFault?: (fault: SyncFault) => void;
  /** The revision against which all held reads were checked, if one was. */
  readonly recheckedRevision?: (listId: string) => number | undefined;
  readonly timing?: RetryTiming;
  /** The compiled thread of the keeper; the one beside this file unless given. */
  readonly keeperEntry?: URL;
}

interface Held extends ListInForce {
  readonly list: StoredList;
}

/** A poll costs one stat and one pragma; more often than this it would only burn the battery. */
const SHORTEST_POLL_MS = 100;
/** Reading some million marks takes seconds; with a card that hangs, cameras start all the same. */
const START_WITHIN_MS = 60_000;

/**
 * Matches reads against the lists in memory, while a thread of its own follows what is synced and what
 * anprctl imports.
 *
 * Invariants
 * - Matching sees one whole revision of each list: its index is swapped or patched in one step of
 *   this thread, and the rows of a match are read from the revision of the index that matched.
 * - A file that goes missing or bad, or a thread that dies, costs nothing that is in memory: it is
 *   matched against as before, and the state says so.
 */
export class Hotlist {
  readonly #options: HotlistOptions;
  #matcher = new Matcher({ confusions: NO_CONFUSIONS });
  readonly #reader: EntryReader;
  readonly #keeper: KeeperHost;
  readonly #held = new Map<string, Held>();
  #statuses: Readonly<Record<string, SyncStatus>> = {};
  #leftOut: readonly StoredList[] = [];
  #failure: { readonly message: string; readonly hint: string } | undefined;
  /** Messages of failures since the lists could last be followed: a file that fails in turns is logged once. */
  readonly #logged = new Set<string>();
  #isSettled = false;
  #onSettled: () => void = () => undefined;

  constructor(options: HotlistOptions) {
    const { config, key, clock } = options;
    this.#options = options;
    this.#reader = new EntryReader({ path: config.path, key, onFailure: (error) => this.#failed(error) });
    this.#keeper = new KeeperHost({
      configuration: () => this.#keeperConfiguration(),
      clock,
      onMessage: (message) => this.#hear(message),
      onDeath: (why) => this.#keeperDied(why),
      ...(options.keeperEntry !== undefined && { entry: options.keeperEntry }),
    });
  }

  /**
   * Loads the lists; a missing or bad file is a state, never an error.
   * @param confusions how the reader errs, as its models' manifest says.
   */
  async start(confusions: Confusions): Promise<void> {
    this.#matcher = new Matcher({ confusions });
    const done = new AbortController();
    const settled = new Promise<void>((resolve) => {
      this.#onSettled = resolve;
    });
    this.#keeper.start();
    await Promise.race([
      settled,
      this.#options.clock.sleep(START_WITHIN_MS, done.signal).catch(() => undefined),
    ]);
    done.abort();
  }

  async stop(): Promise<void> {
    await this.#keeper.stop();
    this.#reader.close();
  }

  /** @param readAtMs UTC, milliseconds: when the plate was seen. */
  match(read: PlateRead, readAtMs: number): Match | undefined {
    return this.#match(read, readAtMs);
  }

  /**
   * Matches a read that was matched before, against keys that are new since.
   * @param keys absent: every key of the list.
   * @returns undefined also where the list is not in force any more.
   */
  matchLate(read: PlateRead, readAtMs: number, listId: string, keys?: KeyIndex): Match | undefined {
    const held = this.#held.get(listId);
    return held && this.#match(read, readAtMs, { listId, keys: keys ?? held.index });
  }

  /** Whether the clock can be right, as far as the lists tell. */
  get clock(): ClockCredibility {
    return this.#credibility(this.#options.clock.nowMs());
  }

  /** Revision of a list that is matched against. */
  revisionOf(listId: string): number | undefined {
    return this.#held.get(listId)?.list.revision;
  }

  /** Hands over what came for a list; the bytes are gone afterwards. */
  take(wanted: Wanted, bytes: Uint8Array<ArrayBuffer>): void {
    this.#keeper.take(wanted, bytes);
  }

  linkChanged(isConnected: boolean): void {
    this.#keeper.linkChanged(isConnected);
  }

  snapshot(): HotlistSnapshot {
    const { config, clock } = this.#options;
    const nowMs = clock.nowMs();
    const inForce = [
      ...[...this.#held.values()].map(({ list }) => ({ list, isMatched: true })),
      ...this.#leftOut.map((list) => ({ list, isMatched: false })),
    ];
    const ids = new Set([...inForce.map(({ list }) => list.id), ...config.lists.map(({ id }) => id)]);
    return {
      state: this.#state(),
      detail: this.#detail(),
      markCount: [...this.#held.values()].reduce((sum, { index }) => sum + index.count, 0),
      clock: this.#credibility(nowMs),
      keeperRestarts: this.#keeper.restarts,
      lists: [...ids].sort().map((id) => {
        const found = inForce.find(({ list }) => list.id === id);
        const sync = this.#statuses[id];
        return {
          id,
          ...(found && {
            inForce: describeList(found.list, {
              nowMs,
              maximumAgeMs: settingsOf(config, found.list).maximumAgeMs,
              isMatched: found.isMatched,
            }),
          }),
          ...(sync && { sync }),
        };
      }),
    };
  }

  #match(read: PlateRead, readAtMs: number, only?: NewKeys): Match | undefined {
    const nowMs = this.#options.clock.nowMs();
    const moment = { readAtMs, nowMs, clock: this.#credibility(nowMs) };
    return this.#matcher.match(read, moment, [...this.#held.values()], this.#reader, only);
  }

  #credibility(nowMs: number): ClockCredibility {
    return clockCredibility(
      nowMs,
      [...this.#held.values()].map(({ list }) => list),
    );
  }

  #hear(message: FromKeeper): void {
    const { log, onFault, onWanted } = this.#options;
    switch (message.kind) {
      case 'opened':
        this.#failure = undefined;
        this.#reader.reopen();
        // What came while no file was open is gone: a broker sends it again to whoever asks anew.
        onWanted?.([]);
        return;
      case 'unreadable':
        this.#failed(message);
        return;
      case 'settled':
        this.#isSettled = true;
        this.#onSettled();
        return;
      case 'fault': {
        const { kind, listId: list, code, hint, message: found } = message.fault;
        // What is refused takes a person; what fails is tried again.
        log[kind === 'refused' ? 'error' : 'warn']({ list, code, hint }, `list not taken over: ${found}`);
        onFault?.(message.fault);
        return;
      }
      case 'taken-over': {
        const { id, revision, entryCount } = message.list;
        log.info({ list: id, revision, entries: entryCount }, 'took a list over');
        return;
      }
      case 'sync':
        this.#logged.clear();
        this.#statuses = message.statuses;
        this.#leftOut = message.leftOut;
        onWanted?.(message.wanted);
        return;
      case 'taken':
        return;
      default:
        this.#follow(message);
    }
  }

  /** One step, within which nothing is matched. */
  #follow(change: ListChange): void {
    const { config, onNews } = this.#options;
    switch (change.kind) {
      case 'gone':
        this.#held.delete(change.listId);
        return;
      case 'news':
        onNews?.(change.listId, change.news);
        return;
      default: {
        const { list } = change;
        const index = change.kind === 'loaded' ? KeyIndex.from(change.keys) : this.#held.get(list.id)?.index;
        if (index === undefined) throw new Error('a list was changed that was never loaded');
        if (change.kind === 'patched') index.apply(change.added, change.removed);
        const settings = settingsOf(config, list);
        this.#held.set(list.id, { list, generation: list.generation, index, settings });
      }
    }
  }

  #keeperConfiguration(): KeeperConfiguration {
    const { config, keyFile, timing, recheckedRevision } = this.#options;
    const held = [...this.#held.values()].map(({ list }) => list);
    const ids = [...config.lists.map(({ id }) => id), ...held.map(({ id }) => id)];
    const rechecked = ids.flatMap((id) => {
      const revision = recheckedRevision?.(id);
      return revision === undefined ? [] : [[id, revision] as const];
    });
    return {
      path: config.path,
      keyFile,
      lists: config.lists.map(({ id, publicKeys }) => ({ id, publicKeys })),
      reloadMs: Math.max(SHORTEST_POLL_MS, config.reloadSeconds * 1000),
      held,
      rechecked: Object.fromEntries(rechecked),
      ...(timing !== undefined && { timing }),
    };
  }

  #failed(error: Pick<DeviceError, 'code' | 'message' | 'hint'>): void {
    this.#failure = error;
    const { code, hint, message } = error;
    if (this.#logged.has(message)) return;
    this.#logged.add(message);
    this.#options.log.error({ code, hint }, message);
  }

  #keeperDied(why: string): void {
    const message = `the thread that follows the lists died: ${why}`;
    this.#failure = {
      message,
      hint: 'It is started again by itself; if this comes back, report it with the log.',
    };
    this.#options.log.error(message);
    this.#onSettled();
  }

  #state(): HotlistState {
    if (this.#failure !== undefined) return 'unreadable';
    if (!this.#isSettled) return 'starting';
    return this.#held.size > 0 ? 'loaded' : 'missing';
  }

  #detail(): string {
    if (this.#failure !== undefined) return `${this.#failure.message}. ${this.#failure.hint}`;
    if (this.#state() !== 'missing') return '';
    if (this.#leftOut.length === 0) return 'no list was imported, and none has come from the broker yet';
    const ids = this.#leftOut.map(({ id }) => id).join(', ');
    return `the configuration does not name what is held (${ids}); expected it below hotlist.lists`;
  }
}
