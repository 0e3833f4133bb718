import type { PlateRead } from '../domain/read.js';
import type { Match } from '../domain/voi.js';
import type { MatchKey } from '../domain/vrm.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import type { Logger } from '../lib/log.js';
import type { ClockCredibility } from './clock-credibility.js';
import { KeyIndex } from './key-index.js';
import { NeighbourFilter } from './neighbour-filter.js';
import type { News } from './sync/protocol.js';

/** Reads that are held, oldest first, as the store has them. Each call may throw DeviceError. */
export interface HeldReads {
  heldKeys(
    sinceMs: number,
    afterSequence: number,
    limit: number,
  ): readonly { readonly sequence: number; readonly matchKey: MatchKey }[];
  heldReads(sinceMs: number, afterSequence: number, limit: number): readonly HeldRead[];
  heldRead(sequence: number): HeldRead | undefined;
  /** @returns undefined where the record is gone, or has told the match before. */
  commitLate(recordId: string, match: Match, matchedAtMs: number): { readonly id: string } | undefined;
  recheckedRevision(listId: string): number | undefined;
  setRecheckedRevision(listId: string, revision: number): void;
}

export interface HeldRead {
  readonly recordId: string;
  readonly sequence: number;
  /** UTC, milliseconds. */
  readonly decidedAtMs: number;
  readonly read: PlateRead;
}

export interface LateMatcher {
  matchLate(read: PlateRead, readAtMs: number, listId: string, keys?: KeyIndex): Match | undefined;
  revisionOf(listId: string): number | undefined;
  readonly clock: ClockCredibility;
}

export interface RecheckOptions {
  readonly reads: HeldReads;
  readonly matcher: LateMatcher;
  /** Reads that were committed longer ago are left alone. */
  readonly reachMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** @param hitId UUIDv7 */
  readonly onLateHit: (hitId: string) => void;
}

export interface RecheckSnapshot {
  /** Lists whose news are being checked, or wait for it. */
  readonly pending: readonly string[];
  readonly lateHits: number;
}

/** Passages wait for no longer than this. */
const SLICE_MS = 5;
/**
 * So most of the processor is for passages and for what waits to be sent: after an outage a new list and a backlog
 * come together. To look back over a week of reads then takes half a minute, to look for what came in a delta a second.
 */
const PAUSE_MS = 45;
const PAGE_KEYS = 500;
const PAGE_READS = 8;
const RETRY_MS = 10_000;
/** With more marks, most reads are near one of them, and looking at each is as quick. */
const MOST_FILTERED_KEYS = 2_000;

interface Job {
  readonly listId: string;
  /** Against which all held reads are checked when it is done. */
  readonly revision: number;
  /** Absent: every key of the list. */
  readonly keys?: readonly MatchKey[];
}

/**
 * Checks what came onto a list against the reads that are still held, and tells late hits.
 *
 * Invariants
 * - How far a list was checked is written down only when all held reads were: what is cut short is
 *   begun again, and what was told is not told twice.
 * - Reads that came into the store meanwhile, out of a damaged file or of memory, may lie before the place that a check has
 *   reached: what was in work then does not count as checked.
 * - It works in slices of milliseconds: a passage never waits for it.
 * - What came in a delta costs what reading the keys of the held reads costs: only those near one of
 *   its marks are fetched.
 */
export class Recheck {
  readonly #options: RecheckOptions;
  readonly #stopping = new AbortController();
  readonly #jobs = new Map<string, Job>();
  #current: string | undefined;
  #working: Promise<void> | undefined;
  /** How often reads came in that no passage brought. */
  #cameIn = 0;
  #sliceMono = 0;
  #lateHits = 0;

  constructor(options: RecheckOptions) {
    this.#options = options;
  }

  /** The list in force has changed. */
  news(listId: string, news: News): void {
    const { matcher } = this.#options;
    const revision = matcher.revisionOf(listId);
    if (revision === undefined) return;
    const job: Job = { listId, revision, ...(news.kind === 'keys' && { keys: news.keys }) };
    const waiting = this.#jobs.get(listId);
    if (waiting !== undefined) {
      this.#jobs.set(listId, merge(waiting, job));
      return;
    }
    // A list that is being checked right now will have been checked by the time this is begun.
    const checked = this.#current === listId ? revision : this.#checkedRevision(listId);
    if (checked === revision && this.#current !== listId) return;
    const isKnown = news.kind === 'keys' && checked !== undefined && checked >= news.since;
    this.#jobs.set(listId, isKnown ? job : { listId, revision });
    this.#working ??= this.#work();
  }

  /**
   * Reads have come into the store that were matched against the lists of another day. Lists that all held reads have
   * been checked against, these included, cost nothing.
   */
  readsCameIn(listIds: readonly string[]): void {
    this.#cameIn++;
    for (const listId of listIds) this.news(listId, { kind: 'all' });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#working;
  }

  snapshot(): RecheckSnapshot {
    const pending = new Set([...(this.#current === undefined ? [] : [this.#current]), ...this.#jobs.keys()]);
    return { pending: [...pending], lateHits: this.#lateHits };
  }

  /** What cannot be read counts as never checked: checking once more tells nothing twice. */
  #checkedRevision(listId: string): number | undefined {
    try {
      return this.#options.reads.recheckedRevision(listId);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      return undefined;
    }
  }

  async #work(): Promise<void> {
    const { clock, log, reads } = this.#options;
    const { signal } = this.#stopping;
    for (const [listId, job] of this.#jobs) {
      this.#jobs.delete(listId);
      this.#current = listId;
      try {
        const cameIn = this.#cameIn;
        await this.#check(job);
        if (signal.aborted) return;
        if (cameIn === this.#cameIn) reads.setRecheckedRevision(listId, job.revision);
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        log.warn({ code: error.code, list: listId }, error.message);
        const waiting = this.#jobs.get(listId);
        this.#jobs.set(listId, waiting === undefined ? job : merge(job, waiting));
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
      this.#current = undefined;
      if (signal.aborted) return;
    }
    this.#working = undefined;
  }

  async #check(job: Job): Promise<void> {
    const { reads, matcher, clock, reachMs } = this.#options;
    if (job.keys?.length === 0) return;
    const keys = job.keys && KeyIndex.build([job.keys], job.keys.length);
    // A clock that is wrong by years would call every read too old, and checked.
    const sinceMs = matcher.clock === 'credible' ? clock.nowMs() - reachMs : 0;
    this.#sliceMono = clock.monoMs();
    if (job.keys === undefined || keys === undefined || job.keys.length > MOST_FILTERED_KEYS) {
      await this.#each(
        (after) => reads.heldReads(sinceMs, after, PAGE_READS),
        (held) => this.#match(held, job, keys),
      );
      return;
    }
    const filter = new NeighbourFilter(job.keys);
    await this.#each(
      (after) => reads.heldKeys(sinceMs, after, PAGE_KEYS),
      ({ sequence, matchKey }) => {
        const held = filter.mayBeOne(matchKey) ? reads.heldRead(sequence) : undefined;
        if (held !== undefined) this.#match(held, job, keys);
      },
    );
  }

  async #each<T extends { readonly sequence: number }>(
    pageAfter: (sequence: number) => readonly T[],
    look: (item: T) => void,
  ): Promise<void> {
    const { signal } = this.#stopping;
    let after = 0;
    while (!signal.aborted) {
      const page = pageAfter(after);
      if (page.length === 0) return;
      for (const item of page) {
        look(item);
        after = item.sequence;
        await this.#breathe();
        if (signal.aborted) return;
      }
    }
  }

  #match({ recordId, decidedAtMs, read }: HeldRead, { listId }: Job, keys: KeyIndex | undefined): void {
    const { matcher, reads, clock, onLateHit } = this.#options;
    const match = matcher.matchLate(read, decidedAtMs, listId, keys);
    const hit = match && reads.commitLate(recordId, match, clock.nowMs());
    if (hit === undefined) return;
    this.#lateHits++;
    onLateHit(hit.id);
  }

  async #breathe(): Promise<void> {
    const { clock } = this.#options;
    if (clock.monoMs() - this.#sliceMono < SLICE_MS) return;
    await clock.sleep(PAUSE_MS, this.#stopping.signal).catch(() => undefined);
    this.#sliceMono = clock.monoMs();
  }
}

function merge(earlier: Job, later: Job): Job {
  const { listId, revision } = later;
  if (earlier.keys === undefined || later.keys === undefined) return { listId, revision };
  return { listId, revision, keys: [...earlier.keys, ...later.keys] };
}
