import type { CrewDecision, HeldHit } from '../domain/held-hit.js';
import type { HitReference } from '../domain/outbox.js';
import { DeviceError } from '../lib/errors.js';
import { attentionOf, type BoardHit, byAttention, stateOf } from './board-hit.js';

/**
 * The hits that the crew is told of, in memory, each with what was decided on it.
 *
 * Invariants
 * - A hit is on the board once, by its id; the same again changes nothing.
 * - Only hits that alert a crew: what is published though it is improbable is for the centre.
 * - Beyond `keepHits` the last in the order goes, so what is decided goes before what waits. The store keeps it.
 */
export class HitBoard {
  readonly #keepHits: number;
  readonly #hits = new Map<string, BoardHit>();
  #arrivals = 0;
  #forgotten = 0;

  constructor({ keepHits }: { readonly keepHits: number }) {
    this.#keepHits = keepHits;
  }

  /** @returns what it now is on the board, and which hit went for it; undefined where it is not on it, or was before. */
  add(held: HeldHit): { readonly added: BoardHit; readonly gone?: BoardHit } | undefined {
    const { id, match } = held.hit;
    if (!match.alerts || this.#hits.has(id)) return undefined;
    const added: BoardHit = { ...held, state: stateOf(held), arrival: ++this.#arrivals };
    this.#hits.set(id, added);
    if (this.#hits.size <= this.#keepHits) return { added };
    const gone = this.ordered().at(-1) as BoardHit;
    this.#hits.delete(gone.hit.id);
    this.#forgotten++;
    return gone === added ? undefined : { added, gone };
  }

  /** @throws DeviceError display.no-such-hit */
  find(hitId: string): BoardHit {
    const found = this.#hits.get(hitId);
    if (found !== undefined) return found;
    throw new DeviceError('display.no-such-hit', {
      message: 'no hit with this id is on the board; expected the id of one that is shown',
      hint: 'Take the id from anprctl watch or GET /hits; older hits are in the store and at the centre.',
    });
  }

  /** The last decision counts: a crew may find out that it was wrong. @throws DeviceError display.no-such-hit */
  decide(hitId: string, decision: CrewDecision, decidedAtMs: number): BoardHit {
    const held = { ...this.find(hitId), decision, decidedAtMs };
    const decided: BoardHit = { ...held, state: stateOf(held) };
    this.#hits.set(hitId, decided);
    return decided;
  }

  /**
   * A record is complete: its final read tells which of its hits stand.
   * @returns the hits that changed by it.
   */
  settle(references: readonly HitReference[]): readonly BoardHit[] {
    return references.flatMap(({ id, stands }) => {
      const before = this.#hits.get(id);
      if (before === undefined || before.stands === stands) return [];
      const settled: BoardHit = { ...before, stands };
      this.#hits.set(id, settled);
      return [settled];
    });
  }

  /** As the crew should see them. */
  ordered(): readonly BoardHit[] {
    return [...this.#hits.values()].sort((a, b) => byAttention(attentionOf(a), attentionOf(b)));
  }

  /** Whether a hit of this record is on the board. */
  hasRecord(recordId: string): boolean {
    for (const { hit } of this.#hits.values()) if (hit.recordId === recordId) return true;
    return false;
  }

  snapshot(): BoardSnapshot {
    const count = (state: BoardHit['state']) =>
      [...this.#hits.values()].filter((hit) => hit.state === state).length;
    return {
      hits: this.#hits.size,
      unacknowledged: count('unacknowledged'),
      confirmed: count('confirmed'),
      rejected: count('rejected'),
      late: count('late'),
      forgotten: this.#forgotten,
    };
  }
}

export interface BoardSnapshot {
  readonly hits: number;
  readonly unacknowledged: number;
  readonly confirmed: number;
  readonly rejected: number;
  readonly late: number;
  /** Went from the board for newer ones, since the start. */
  readonly forgotten: number;
}
