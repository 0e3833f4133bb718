import { byAttention } from '../../display/board-hit.js';
import type { DisplayMessage, Equipment, StopReason } from '../../display/messages.js';
import type { ShownHit } from '../../display/profiles.js';
import { HIT_CATEGORIES, type HitCategory } from '../../domain/hit-category.js';

/**
 * What a screen knows, and which hit its keys are for. Pure; times are monotonic milliseconds.
 *
 * Invariants
 * - Without a connection nothing of a hit is kept: the profile may have become one that shows less.
 * - A hit that comes never moves the choice, or a key that is on its way down would decide on another
 *   vehicle. The choice moves by itself only where it has lost its hit or the hit is decided, and then keys that decide are
 *   not obeyed until it could be seen; nor are the repetitions of a key that is held down.
 * - A hit rings once, also over lost connections.
 */
export class WatchModel {
  #equipment: Equipment | undefined;
  readonly #hits = new Map<string, ShownHit>();
  readonly #rung = new Set<string>();
  #stopping: StopReason | undefined;
  #lost: { readonly sinceMono: number; readonly why: string } | undefined;
  #chosen: string | undefined;
  #chosenAtMono = Number.NEGATIVE_INFINITY;
  #decidedAtMono = Number.NEGATIVE_INFINITY;
  #mutedUntilMono = Number.NEGATIVE_INFINITY;
  #notice: { readonly text: string; readonly untilMono: number } | undefined;

  /** @returns the category to ring the bell for, if it should be rung. */
  apply(message: DisplayMessage, nowMono: number): HitCategory | undefined {
    this.#lost = undefined;
    switch (message.kind) {
      case 'snapshot':
        this.#stopping = undefined;
        // What was a bare line may be a vehicle now.
        if (message.profile !== this.#equipment?.profile) this.#chosenAtMono = nowMono;
        this.#equip(message, nowMono);
        this.#replaceAll(message.hits);
        break;
      case 'hit':
        this.#replace(message.hit);
        break;
      case 'gone':
        this.#hits.delete(message.id);
        this.#rung.delete(message.id);
        break;
      case 'heartbeat':
        this.#equip(message, nowMono);
        return undefined;
      case 'stopping':
        this.#stopping = message.reason;
        return undefined;
    }
    this.#keepChoice(nowMono);
    return this.#toRing(nowMono);
  }

  /** The daemon is not heard any more. @param why in one line. */
  disconnect(why: string, nowMono: number): void {
    this.#hits.clear();
    this.#equipment = undefined;
    this.#chosen = undefined;
    this.#lost = { sinceMono: this.#lost?.sinceMono ?? nowMono, why };
  }

  /** Chooses the next of the list, or the one before; around its ends. */
  move(by: 1 | -1, nowMono: number): void {
    const ids = this.hits.map(({ id }) => id);
    if (ids.length === 0) return;
    const at = this.#chosen === undefined ? -1 : ids.indexOf(this.#chosen);
    this.#chosen = ids[(at + by + ids.length) % ids.length];
    this.#chosenAtMono = nowMono;
  }

  /** Chooses what asks most for attention. */
  moveToTop(nowMono: number): void {
    this.#chosen = this.hits[0]?.id;
    this.#chosenAtMono = nowMono;
  }

  /** @returns the hit that a key decides on now; undefined where it is not to be obeyed. */
  takeDecision(nowMono: number): ShownHit | undefined {
    const isRepeated = nowMono - this.#decidedAtMono < REPEAT_MS;
    this.#decidedAtMono = nowMono;
    if (isRepeated || nowMono - this.#chosenAtMono < SEEN_AFTER_MS) return undefined;
    if (this.#equipment === undefined || this.#equipment.profile === 'driver-moving') return undefined;
    return this.chosen;
  }

  /** A line for the crew, shown for some seconds. */
  notify(text: string, nowMono: number): void {
    this.#notice = { text, untilMono: nowMono + NOTICE_MS };
  }

  /** In the order in which they ask for attention. */
  get hits(): readonly ShownHit[] {
    return [...this.#hits.values()].sort(byAttention);
  }

  get chosen(): ShownHit | undefined {
    return this.#chosen === undefined ? undefined : this.#hits.get(this.#chosen);
  }

  /** Undefined while the daemon is not heard. */
  get equipment(): Equipment | undefined {
    return this.#equipment;
  }

  get stopping(): StopReason | undefined {
    return this.#stopping;
  }

  get lost(): { readonly sinceMono: number; readonly why: string } | undefined {
    return this.#lost;
  }

  mutedMs(nowMono: number): number {
    return Math.max(0, this.#mutedUntilMono - nowMono);
  }

  notice(nowMono: number): string | undefined {
    return this.#notice !== undefined && nowMono < this.#notice.untilMono ? this.#notice.text : undefined;
  }

  #equip({ profile, mutedMs, warnings }: Equipment, nowMono: number): void {
    this.#equipment = { profile, mutedMs, warnings };
    this.#mutedUntilMono = nowMono + mutedMs;
  }

  #replaceAll(hits: readonly ShownHit[]): void {
    this.#hits.clear();
    for (const hit of hits) this.#hits.set(hit.id, hit);
    for (const id of this.#rung) if (!this.#hits.has(id)) this.#rung.delete(id);
  }

  #replace(hit: ShownHit): void {
    const before = this.#hits.get(hit.id);
    this.#hits.set(hit.id, hit);
    // Done with: on to the next one. Whoever goes back to it by hand stays there.
    if (hit.id === this.#chosen && isDecided(hit) && before?.state !== hit.state) this.#chosen = undefined;
  }

  #keepChoice(nowMono: number): void {
    if (this.chosen !== undefined) return;
    this.#chosen = this.hits.find((hit) => !isDecided(hit))?.id;
    this.#chosenAtMono = nowMono;
  }

  #toRing(nowMono: number): HitCategory | undefined {
    const news = this.hits.filter(({ id, state }) => state === 'unacknowledged' && !this.#rung.has(id));
    for (const { id } of news) this.#rung.add(id);
    if (this.mutedMs(nowMono) > 0) return undefined;
    return HIT_CATEGORIES.find((category) => news.some((hit) => hit.category === category));
  }
}

function isDecided({ state }: ShownHit): boolean {
  return state === 'confirmed' || state === 'rejected';
}

/** A person needs so long to see that another line is marked now. */
const SEEN_AFTER_MS = 600;
/** Keyboards repeat a key that is held some 30 times a second. */
const REPEAT_MS = 250;
const NOTICE_MS = 6_000;
