import type { HotlistConfig } from '../config/schema.js';
import type { VoiList } from '../domain/voi.js';
import type { ClockCredibility } from './clock-credibility.js';
import type { ListSettings } from './matcher.js';
import type { SyncStatus } from './sync/status.js';

/**
 * starting: nothing was read yet; loaded: there are lists to match against; missing: there is none;
 * unreadable: the file cannot be read or written, and what was read before is matched.
 */
export type HotlistState = 'starting' | 'loaded' | 'missing' | 'unreadable';

export interface HotlistSnapshot {
  readonly state: HotlistState;
  /** Why, and what to do, where the state is not `loaded`. */
  readonly detail: string;
  /** Marks in memory, over all lists. */
  readonly markCount: number;
  readonly clock: ClockCredibility;
  /** Times that the thread which follows the lists was replaced. */
  readonly keeperRestarts: number;
  readonly lists: readonly ListSnapshot[];
}

/** A list that is in force, or that the configuration names, or both. */
export interface ListSnapshot {
  readonly id: string;
  readonly inForce?: ListInForceSnapshot;
  /** Absent for a list that is not synced. */
  readonly sync?: SyncStatus;
}

export interface ListInForceSnapshot
  extends Pick<
    VoiList,
    'level' | 'owner' | 'revision' | 'origin' | 'issuedAtMs' | 'expiresAtMs' | 'markCount' | 'entryCount'
  > {
  /** Since its owner last said that it is the list. */
  readonly ageMs: number;
  readonly isOverAge: boolean;
  readonly isExpired: boolean;
  /** False for what was synced once and is not in the configuration any more. */
  readonly isMatched: boolean;
}

export function describeList(
  list: VoiList,
  options: { readonly nowMs: number; readonly maximumAgeMs: number; readonly isMatched: boolean },
): ListInForceSnapshot {
  const { level, owner, revision, origin, issuedAtMs, expiresAtMs, markCount, entryCount } = list;
  const ageMs = Math.max(0, options.nowMs - issuedAtMs);
  return {
    level,
    owner,
    revision,
    origin,
    issuedAtMs,
    ...(expiresAtMs !== undefined && { expiresAtMs }),
    markCount,
    entryCount,
    ageMs,
    isOverAge: ageMs > options.maximumAgeMs,
    isExpired: expiresAtMs !== undefined && options.nowMs >= expiresAtMs,
    isMatched: options.isMatched,
  };
}

const HOUR_MS = 3_600_000;

/** What the configuration says of a list: its own word, or the word for all of its origin. */
export function settingsOf(
  config: HotlistConfig,
  { id: listId, origin }: Pick<VoiList, 'id' | 'origin'>,
): ListSettings {
  const own = config.lists.find(({ id }) => id === listId);
  const maximumAgeHours = origin === 'local' ? config.localMaximumAgeHours : config.maximumAgeHours;
  return {
    publishFrom: own?.publishFrom ?? config.publishFrom,
    alertFrom: own?.alertFrom ?? config.alertFrom,
    listedShare: own?.listedShare ?? config.listedShare,
    maximumAgeMs: (own?.maximumAgeHours ?? maximumAgeHours) * HOUR_MS,
  };
}
