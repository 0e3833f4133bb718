import { LANE_NAMES, type Lane } from '../domain/outbox.js';

export interface LaneOrderOptions {
  /** A lane that waited so long with nothing sent gets one message out of turn. */
  readonly starvationMs: number;
  /** The same for a picture that the link is too slow for; it has no other turn. */
  readonly slowPictureMs: number;
}

/** A lane that has something to send and may: the meter leaves it open, nothing of it is refused. */
export interface Candidate {
  readonly lane: Lane;
  /** Its next message is a picture for which the link needs longer than a hit may wait. */
  readonly isSlow: boolean;
  /** That is not certain: it may go as soon as it starves, and the link is known then. */
  readonly isDoubtful?: boolean;
}

/**
 * Whose turn it is; pure, time is an argument (monotonic milliseconds).
 *
 * Invariants
 * - The first lane in the order of LANES goes, and no other, as long as none starves.
 * - A lane that waits is passed over for at most its starvation time, whatever is ahead of it, plus
 *   the messages of other starving lanes and the hits between them: each lane's wait is bounded.
 * - A waiting hit is passed by one message at most. A starving lane goes ahead of it only straight
 *   after a hit; so between two messages out of turn there is a hit, and a hit that comes while
 *   other lanes are being sent is next. How long that one message takes is bounded too: it is text,
 *   or a picture that the link carries within the wait a hit is allowed, or one in `slowPictureMs`.
 * - Nobody starves for want of a link: with every new connection all waits begin again, and the
 *   first thing on it is a hit if there is one.
 */
export class LaneOrder {
  readonly #options: LaneOrderOptions;
  /** By lane that waits: when it was last sent from, or found waiting. */
  readonly #waitsSinceMono = new Map<Lane, number>();
  #lastWasHit = false;

  constructor(options: LaneOrderOptions) {
    this.#options = options;
  }

  /** @returns undefined where nothing may go now. */
  next(candidates: readonly Candidate[], nowMono: number): Lane | undefined {
    let first: Lane | undefined;
    let starving: Lane | undefined;
    for (const lane of LANE_NAMES) {
      const candidate = candidates.find((one) => one.lane === lane);
      if (candidate === undefined) {
        this.#waitsSinceMono.delete(lane);
        continue;
      }
      if (!candidate.isSlow) first ??= lane;
      if (this.#starves(candidate, nowMono)) starving ??= lane;
    }
    if (starving !== undefined && (first !== 'hits' || this.#lastWasHit)) return starving;
    return first;
  }

  sent(lane: Lane, nowMono: number): void {
    this.#waitsSinceMono.set(lane, nowMono);
    this.#lastWasHit = lane === 'hits';
  }

  /** There is a new connection. */
  restart(): void {
    this.#waitsSinceMono.clear();
    this.#lastWasHit = false;
  }

  #starves({ lane, isSlow, isDoubtful = false }: Candidate, nowMono: number): boolean {
    if (lane === 'hits') return false;
    const sinceMono = this.#waitsSinceMono.get(lane);
    if (sinceMono === undefined) this.#waitsSinceMono.set(lane, nowMono);
    const mostMs = isSlow && !isDoubtful ? this.#options.slowPictureMs : this.#options.starvationMs;
    return sinceMono !== undefined && nowMono - sinceMono >= mostMs;
  }
}
