import type { MatchKey } from '../../domain/vrm.js';
import type { ErrorCode } from '../../lib/errors.js';
import type { TransferredKeys } from '../key-index.js';
import type { StoredList } from '../list-store/list-rows.js';
import type { Wanted } from './keeper.js';
import type { RetryTiming } from './retries.js';
import type { SyncFault, SyncStatus } from './status.js';

/**
 * What the main thread and the keeper's thread say to each other. The keeper alone writes lists and
 * reads them whole; the main thread holds their keys, and reads the rows of what matched.
 */

export interface KeeperConfiguration {
  readonly path: string;
  /** Where the storage key is, if the configuration says so: a key goes to no other thread. */
  readonly keyFile?: string | undefined;
  readonly lists: readonly { readonly id: string; readonly publicKeys: readonly string[] }[];
  readonly reloadMs: number;
  readonly timing?: RetryTiming;
  /** What the main thread holds already, where a keeper before this one died. */
  readonly held: readonly StoredList[];
  /** By list, the revision against which all held reads were checked. */
  readonly rechecked: Readonly<Record<string, number>>;
}

/** keys: those that came or changed after revision `since`; all: nobody can say which. */
export type News =
  | { readonly kind: 'all' }
  | { readonly kind: 'keys'; readonly since: number; readonly keys: readonly MatchKey[] };

export type ToKeeper =
  | { readonly kind: 'take'; readonly wanted: Wanted; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'link'; readonly isConnected: boolean }
  | { readonly kind: 'stop' };

/** How a list in force has changed since it was told last. */
export type ListChange =
  | { readonly kind: 'loaded'; readonly list: StoredList; readonly keys: TransferredKeys }
  | {
      readonly kind: 'patched';
      readonly list: StoredList;
      readonly added: readonly MatchKey[];
      readonly removed: readonly MatchKey[];
    }
  /** Its marks are as they were. */
  | { readonly kind: 'described'; readonly list: StoredList }
  | { readonly kind: 'gone'; readonly listId: string }
  /** Follows on `loaded` and `patched`: of a whole list it takes a while to find out. */
  | { readonly kind: 'news'; readonly listId: string; readonly news: News };

export type FromKeeper =
  | ListChange
  /** The file was opened, for the first time or because another one has taken its place. */
  | { readonly kind: 'opened' }
  | { readonly kind: 'unreadable'; readonly code: ErrorCode; readonly message: string; readonly hint: string }
  /** Everything that is in force has been told. */
  | { readonly kind: 'settled' }
  /** Of the last `take`: the next one may come. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'fault'; readonly fault: SyncFault }
  | { readonly kind: 'taken-over'; readonly list: StoredList }
  | {
      readonly kind: 'sync';
      readonly wanted: readonly Wanted[];
      readonly statuses: Readonly<Record<string, SyncStatus>>;
      /** Synced once, and not in the configuration any more: not matched. */
      readonly leftOut: readonly StoredList[];
    };
