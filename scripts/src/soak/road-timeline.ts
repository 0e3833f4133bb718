import { seededRandom } from '../clip/random.js';

/** What a stretch of the road does to the link; `clear` does nothing. */
export const ROAD_KINDS = [
  'clear',
  /** The connection ends in order; a new one is carried. */
  'cut by fin',
  /** It is reset; a new one is carried. */
  'cut by reset',
  /** It goes dead without a word, and a new one is carried. */
  'stalled',
  /** Every few seconds it is reset in the middle of a message. */
  'resets in mid-packet',
  /** 32 kbit/s for both directions together. */
  'throttled',
  /** A second each way. */
  'delayed',
  /** Dead without a word; new connections are refused, as where there is no network at all. */
  'tunnel, refused',
  /** Dead without a word; new connections are never answered. */
  'tunnel, silent',
] as const;

export type RoadKind = (typeof ROAD_KINDS)[number];

export interface Stretch {
  readonly kind: RoadKind;
  readonly lengthMs: number;
}

/** Shortest and longest, seconds; what is over in a moment is followed by the road that it left. */
const LENGTHS: Readonly<Record<RoadKind, readonly [number, number]>> = {
  clear: [20, 60],
  'cut by fin': [15, 40],
  'cut by reset': [15, 40],
  stalled: [30, 60],
  'resets in mid-packet': [40, 80],
  throttled: [60, 150],
  delayed: [60, 120],
  'tunnel, refused': [30, 150],
  'tunnel, silent': [30, 150],
};

/**
 * A drive: every kind once in a round, in an order of its own, with clear road before each, and clear
 * road at the end. The same seed gives the same drive.
 * @param lengthMs reached within a stretch.
 */
export function planDrive(seed: string, lengthMs: number): Stretch[] {
  const random = seededRandom(`${seed}/drive`);
  const stretches: Stretch[] = [];
  let leftMs = lengthMs;
  const add = (kind: RoadKind) => {
    const [shortest, longest] = LENGTHS[kind];
    const stretchMs = Math.min(leftMs, random.between(shortest, longest) * 1_000);
    if (stretchMs > 0) stretches.push({ kind, lengthMs: stretchMs });
    leftMs -= stretchMs;
  };
  while (leftMs > 0) {
    const round = ROAD_KINDS.filter((kind) => kind !== 'clear')
      .map((kind) => ({ kind, rank: random.next() }))
      .sort((a, b) => a.rank - b.rank);
    for (const { kind } of round) {
      add('clear');
      add(kind);
    }
  }
  return stretches;
}
