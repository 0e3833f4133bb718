import { LANE_NAMES, type Lane } from '../domain/outbox.js';

/**
 * Which rows of the outbox are on their way to the broker; in memory alone.
 *
 * Invariant: lanes are leased in the order of their ids, so all up to the last leased one are leased,
 * acknowledged or given back. What comes next is found by that id, however much waits and is leased.
 */
export class Leases {
  readonly #laneOf = new Map<number, Lane>();
  readonly #lanes: Record<Lane, LaneLeases> = {
    hits: newLane(),
    reads: newLane(),
    'hit-images': newLane(),
    'read-images': newLane(),
    health: newLane(),
  };

  take(lane: Lane, id: number): void {
    this.#laneOf.set(id, lane);
    this.#lanes[lane].givenBack.delete(id);
    this.#lanes[lane].lastId = Math.max(this.#lanes[lane].lastId, id);
  }

  /** They have left the outbox. */
  drop(ids: readonly number[]): void {
    for (const id of ids) {
      this.#laneOf.delete(id);
      for (const lane of LANE_NAMES) this.#lanes[lane].givenBack.delete(id);
    }
  }

  giveBack(ids: readonly number[]): void {
    for (const id of ids) {
      const lane = this.#laneOf.get(id);
      if (lane === undefined) continue;
      this.#laneOf.delete(id);
      // What lies behind the last one, after a rescan, is found there.
      if (id <= this.#lanes[lane].lastId) this.#lanes[lane].givenBack.add(id);
    }
  }

  /** In their order; they come before all that was never leased. */
  givenBack(lane: Lane): number[] {
    const { givenBack } = this.#lanes[lane];
    return givenBack.size === 0 ? [] : [...givenBack].sort((a, b) => a - b);
  }

  /** Behind this id nothing was leased, but for `held` rows at most. */
  end(lane: Lane): { readonly lastId: number; readonly held: number } {
    return this.#lanes[lane];
  }

  holds(id: number): boolean {
    return this.#laneOf.has(id);
  }

  /** Rows may have come in between those that were leased: looks from the front again. */
  rescan(): void {
    for (const lane of Object.values(this.#lanes))
      Object.assign(lane, { ...newLane(), held: this.#laneOf.size });
  }
}

interface LaneLeases {
  lastId: number;
  held: number;
  givenBack: Set<number>;
}

function newLane(): LaneLeases {
  return { lastId: 0, held: 0, givenBack: new Set() };
}
