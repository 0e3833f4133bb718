import type { Clock } from '../../lib/clock.js';
import type { StoredList } from '../list-store/list-rows.js';
import type { ListStore } from '../list-store/list-store.js';
import { ListSync } from './list-sync.js';
import { RETRY_TIMING, type RetryTiming } from './retries.js';
import type { SyncFault, SyncStatus } from './status.js';

export interface KeeperOptions {
  /** Open for writing. */
  readonly store: ListStore;
  readonly lists: readonly { readonly id: string; readonly publicKeys: readonly string[] }[];
  readonly clock: Clock;
  /** A list has come into force or was confirmed to be. */
  readonly onTakenOver: (list: StoredList) => void;
  readonly onFault: (fault: SyncFault) => void;
  readonly timing?: RetryTiming;
}

/** What is asked for of a list: `manifest`, or a blob by its name. */
export interface Wanted {
  readonly listId: string;
  readonly name: string;
}

/** The manifest of every list is listened to for good. */
export const MANIFEST_NAME = 'manifest';

/** Few at a time: what is on its way lies in memory, and holds up nobody for long. */
export const WINDOW_BLOBS = 4;

/** Work that took longer may have kept what came from being looked at. */
const LONG_WORK_MS = 1_000;

/**
 * Keeps every list that the configuration names in step with its owner. Whatever is called, its work
 * is done one after another, in the order of the calls.
 */
export class Keeper {
  readonly #clock: Clock;
  readonly #lists: ReadonlyMap<string, ListSync>;
  #isConnected = false;
  #working: Promise<void> = Promise.resolve();

  constructor(options: KeeperOptions) {
    const { store, clock, onFault, onTakenOver, timing = RETRY_TIMING } = options;
    this.#clock = clock;
    this.#lists = new Map(
      options.lists.map(({ id, publicKeys }) => [
        id,
        new ListSync({ id, publicKeys, store, clock, timing, window: WINDOW_BLOBS, onFault, onTakenOver }),
      ]),
    );
  }

  /** Goes on with what the last run had begun. @throws DeviceError hotlist.store-failed */
  resume(): Promise<void> {
    return this.#inTurn(async () => {
      for (const list of this.#lists.values()) await list.resume();
    });
  }

  /** Takes what came under a name of a list; what nobody asked for is left alone. */
  take({ listId, name }: Wanted, bytes: Uint8Array): Promise<void> {
    return this.#inTurn(async () => {
      const list = this.#lists.get(listId);
      if (name === MANIFEST_NAME) await list?.takeManifest(bytes);
      else await list?.takeBlob(name, bytes);
    });
  }

  linkChanged(isConnected: boolean): Promise<void> {
    return this.#inTurn(async () => {
      this.#isConnected = isConnected;
      for (const list of this.#lists.values()) list.linkChanged();
    });
  }

  /** To be called now and then: what did not come is asked for again, what failed is tried again. */
  tick(): Promise<void> {
    return this.#inTurn(async () => {
      for (const list of this.#lists.values()) await list.tick(this.#isConnected);
    });
  }

  wanted(): Wanted[] {
    return [...this.#lists].flatMap(([listId, list]) =>
      [MANIFEST_NAME, ...list.wanted].map((name) => ({ listId, name })),
    );
  }

  statuses(): ReadonlyMap<string, SyncStatus> {
    return new Map([...this.#lists].map(([id, list]) => [id, list.status]));
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#working.then(async () => {
      const startedMono = this.#clock.monoMs();
      await work();
      if (this.#clock.monoMs() - startedMono < LONG_WORK_MS) return;
      for (const list of this.#lists.values()) list.linkChanged();
    });
    // One piece of work that breaks is its caller's to hear of, and not the next one's.
    this.#working = done.catch(() => undefined);
    return done;
  }
}
