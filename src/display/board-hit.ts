import type { CrewDecision, HeldHit } from '../domain/held-hit.js';
import { categoryOfMatch, HIT_CATEGORIES } from '../domain/hit-category.js';

/**
 * late: the read was already held when the entry came, so the vehicle is gone; nobody need look up for
 * it, though it can be decided on like any other.
 */
export type HitState = 'unacknowledged' | 'late' | 'confirmed' | 'rejected';

export interface BoardHit extends HeldHit {
  readonly state: HitState;
  /** Grows in the order in which hits came to the board; times may leap, this does not. */
  readonly arrival: number;
}

/** In the order in which they ask for attention; the decided ones are alike. */
const ATTENTION: Readonly<Record<HitState, number>> = {
  unacknowledged: 0,
  late: 1,
  confirmed: 2,
  rejected: 2,
};

const DECIDED: Readonly<Record<CrewDecision, HitState>> = {
  'hit-confirmed': 'confirmed',
  'hit-rejected': 'rejected',
};

export function stateOf({ hit, decision }: HeldHit): HitState {
  if (decision !== undefined) return DECIDED[decision];
  return hit.match.late ? 'late' : 'unacknowledged';
}

/** What the order of hits goes by; screens sort with it what they were told. */
export interface Attention {
  readonly state: HitState;
  readonly category: (typeof HIT_CATEGORIES)[number];
  readonly arrival: number;
}

/** Those that wait first, of these the most urgent, then the newest. */
export function byAttention(a: Attention, b: Attention): number {
  return ATTENTION[a.state] - ATTENTION[b.state] || urgencyOf(a) - urgencyOf(b) || b.arrival - a.arrival;
}

/** What is decided is a log: the newest first, whatever it was. */
function urgencyOf({ state, category }: Attention): number {
  return ATTENTION[state] === 2 ? 0 : HIT_CATEGORIES.indexOf(category);
}

export function attentionOf(hit: BoardHit): Attention {
  return { state: hit.state, category: categoryOfMatch(hit.hit.match), arrival: hit.arrival };
}
