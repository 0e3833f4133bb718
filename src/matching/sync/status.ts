import type { ErrorCode } from '../../lib/errors.js';

/** What went wrong with a list while the one in force stays in force; holds no mark. */
export interface SyncFault {
  readonly listId: string;
  /** refused: what came must not come into force; failing: it cannot, or not yet. */
  readonly kind: 'refused' | 'failing';
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** How far a list that is synced is. */
export interface SyncStatus {
  /**
   * silent: no manifest has come since the start; current: what is in force is what was offered last;
   * fetching, applying: on the way to `revision`; held-up: the same, but something does not come.
   */
  readonly state: 'silent' | 'current' | 'fetching' | 'applying' | 'held-up';
  /** UTC, milliseconds: in this state. */
  readonly sinceMs: number;
  readonly revision?: number;
  readonly haveBlobs?: number;
  readonly ofBlobs?: number;
  /** Refused last, until something good comes. */
  readonly refused?: SyncFault & { readonly atMs: number };
  /** Failed last, until it is done. */
  readonly failing?: SyncFault & { readonly atMs: number };
}
