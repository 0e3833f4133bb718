import type { Passage } from '../domain/passage.js';
import type { VisionProgress } from './protocol.js';
import { isSamePassage, mergePassages, type Timeline } from './same-passage.js';

export interface ContinuityOptions {
  /** A recording is played again from before the death; a live camera only goes on. */
  readonly timeline: Timeline;
  /** How long after a death its open passages wait to be seen again, on a live camera. */
  readonly adoptWithinMs: number;
}

/** What is remembered of a passage that was closed: all but its pictures. */
type Closed = Passage;

/**
 * One record for every vehicle, although the process that follows it may die at any moment.
 *
 * What a dead process had reported settled is an orphan until its successor reports the same
 * vehicle, which then goes by the orphan's id; one that is not seen again is closed as it was.
 * What had been reported closed, and is seen again because a recording is replayed or the vehicle
 * still stands there, is dropped.
 *
 * Invariants
 * - Passages are passed on under ids that never change: at most once settled, exactly once closed.
 * - Only what a predecessor reported is ever matched: within one process its passages are trusted.
 *
 * Pure; times are passed in (the same clock for all calls).
 */
export class Continuity {
  readonly #options: ContinuityOptions;
  /**
   * Settled and not closed, by the id passed on: as it is now, and as it came from the process
   * before, which reports of this one are added to.
   */
  readonly #settled = new Map<string, { readonly now: Passage; readonly inherited?: Passage }>();
  /** Ids of the process that runs now that are passed on under another, or not at all. */
  readonly #known = new Map<string, { readonly id: string; readonly dropped: boolean }>();
  #orphans: Passage[] = [];
  #closed: Closed[] = [];
  #closedBefore: Closed[] = [];
  #standingIds = new Set<string>();
  #diedAtMonoMs = -Infinity;
  #adopted = 0;
  #dropped = 0;

  constructor(options: ContinuityOptions) {
    this.#options = options;
  }

  /** Passages waiting to be seen again, passages that were, and those that were known already. */
  snapshot(): { readonly orphans: number; readonly adopted: number; readonly dropped: number } {
    return { orphans: this.#orphans.length, adopted: this.#adopted, dropped: this.#dropped };
  }

  /** @returns the report as it is to be passed on, or undefined where there is nothing new in it. */
  take(report: Passage): Passage | undefined {
    const known = this.#known.get(report.id) ?? this.#recognise(report);
    if (known?.dropped) {
      this.#dropped++;
      return undefined;
    }
    const id = known?.id ?? report.id;
    const before = this.#settled.get(id);
    const inherited = before?.inherited;
    const passage = inherited ? mergePassages(inherited, report, this.#options.timeline) : report;
    if (passage.phase === 'settled') {
      this.#settled.set(id, { now: passage, ...(inherited && { inherited }) });
      return before === undefined ? passage : undefined;
    }
    this.#settled.delete(id);
    this.#closed.push(withoutPictures(passage));
    return passage;
  }

  /** @returns orphans that will not be seen again, closed as they were. */
  progress(progress: VisionProgress, nowMonoMs: number): Passage[] {
    const { timeline } = this.#options;
    this.#standingIds = new Set(progress.standingIds.map((id) => this.#known.get(id)?.id ?? id));
    if (timeline.kind === 'live') return this.tick(nowMonoMs);
    const isBehind = (passage: Passage) =>
      passage.lastFrameIndex + timeline.graceFrames < progress.resumeFromFrame &&
      !this.#standingIds.has(passage.id);
    this.#closed = this.#closed.filter((passage) => !isBehind(passage));
    this.#closedBefore = this.#closedBefore.filter((passage) => !isBehind(passage));
    return this.#giveUp(isBehind);
  }

  /** To be called now and then, also while no process runs. @returns as `progress` does. */
  tick(nowMonoMs: number): Passage[] {
    const { timeline, adoptWithinMs } = this.#options;
    if (timeline.kind === 'recording') return [];
    const newest = Math.max(0, ...this.#closed.map(({ lastSeenAtMs }) => lastSeenAtMs));
    this.#closed = this.#closed.filter(
      ({ id, lastSeenAtMs }) => this.#standingIds.has(id) || newest - lastSeenAtMs <= timeline.withinMs,
    );
    if (nowMonoMs - this.#diedAtMonoMs <= adoptWithinMs) return [];
    this.#closedBefore = [];
    return this.#giveUp(() => true);
  }

  /** The process has died, or was ended. */
  died(nowMonoMs: number, nowMs: number): void {
    this.#diedAtMonoMs = nowMonoMs;
    for (const { now } of this.#settled.values()) this.#orphans.push(now);
    this.#settled.clear();
    this.#known.clear();
    // What was standing in view has been seen until now.
    const seenUntilNow = this.#closed.map((passage) =>
      this.#standingIds.has(passage.id) ? { ...passage, lastSeenAtMs: nowMs } : passage,
    );
    this.#closedBefore = [...this.#closedBefore, ...seenUntilNow];
    this.#closed = [];
  }

  /** No process will follow. @returns every orphan, closed as it was. */
  finish(): Passage[] {
    return this.#giveUp(() => true);
  }

  #recognise(report: Passage): { readonly id: string; readonly dropped: boolean } | undefined {
    const { timeline } = this.#options;
    const isSame = (before: Passage) => isSamePassage(before, report, timeline);
    const orphan = this.#orphans.find(isSame);
    if (orphan !== undefined) {
      this.#orphans = this.#orphans.filter((each) => each !== orphan);
      this.#settled.set(orphan.id, { now: orphan, inherited: orphan });
      this.#adopted++;
      return this.#know(report.id, orphan.id, false);
    }
    const closed = this.#closedBefore.find(isSame);
    if (closed === undefined) return undefined;
    // It is in view of the process that runs now, so its successor may meet it again.
    this.#closedBefore = this.#closedBefore.filter((each) => each !== closed);
    this.#closed.push(mergePassages(closed, withoutPictures(report), timeline));
    return this.#know(report.id, closed.id, true);
  }

  #know(reportedId: string, id: string, dropped: boolean) {
    const known = { id, dropped };
    this.#known.set(reportedId, known);
    return known;
  }

  #giveUp(isDue: (orphan: Passage) => boolean): Passage[] {
    const due = this.#orphans.filter(isDue);
    this.#orphans = this.#orphans.filter((orphan) => !isDue(orphan));
    const closed = due.map((orphan) => ({ ...orphan, phase: 'closed' as const }));
    this.#closedBefore.push(...closed.map(withoutPictures));
    return closed;
  }
}

function withoutPictures({ platePatch: _, overviewImage: __, ...passage }: Passage): Closed {
  return passage;
}
