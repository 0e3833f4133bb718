import { type Rate, rateOf } from '../reading/rate.js';
import type { ListedOutcome, Misreading, Tally, UnlistedOutcome } from './simulation.js';

/** The vehicles of a day, and how many of them are listed. */
export interface Road {
  readonly vehiclesADay: number;
  /** 0 to 1. */
  readonly listedShare: number;
  /** Of the vehicles, 0 to 1: those whose read leaves the device. */
  readonly reportedShare: number;
}

/** Misreadings of a single character: what exact matching loses, and others may find. */
export const ONE_WRONG: readonly Misreading[] = ['substituted', 'lost', 'added'];

/**
 * Of the listed vehicles with such a misreading, those whose hit names them.
 * @param from least probability of a hit.
 */
export function foundOf({ listed }: Tally, misreadings: readonly Misreading[], from: number): Rate {
  return rateOf(among(listed, misreadings), ({ probability }) => probability > 0 && probability >= from);
}

/** The same, wherever in the hit they are named. */
export function namedOf({ listed }: Tally, misreadings: readonly Misreading[], from: number): Rate {
  return rateOf(among(listed, misreadings), ({ named }) => named > 0 && named >= from);
}

function among(listed: readonly ListedOutcome[], misreadings: readonly Misreading[]): ListedOutcome[] {
  return listed.filter(({ misreading }) => misreadings.includes(misreading));
}

/** Hits a day that name another vehicle than the one that passes. */
export function falseHitsADay({ listed, unlisted }: Tally, road: Road, from: number): number {
  const isHit = (probability: number) => probability > 0 && probability >= from;
  const ofUnlisted = shareOf(unlisted, ({ probability }) => isHit(probability));
  const ofListed = shareOf(listed, ({ wrong }) => isHit(wrong));
  const reported = road.vehiclesADay * road.reportedShare;
  return reported * ((1 - road.listedShare) * ofUnlisted + road.listedShare * ofListed);
}

/** Those hits among the reads that were simulated: few of them say little. */
export function falseHitsSeen({ unlisted }: Tally, from: number): number {
  return unlisted.filter(({ probability }) => probability > 0 && probability >= from).length;
}

/** Of vehicles that are on no list: false hits a day by how far the named mark is from the read. */
export function falseHitsByKind(
  { unlisted }: Tally,
  road: Road,
  from: number,
): Readonly<Record<UnlistedOutcome['kind'], number>> {
  const reported = road.vehiclesADay * road.reportedShare * (1 - road.listedShare);
  const ofKind = (wanted: UnlistedOutcome['kind']) =>
    reported *
    shareOf(unlisted, ({ kind, probability }) => kind === wanted && probability > 0 && probability >= from);
  return {
    exact: ofKind('exact'),
    substituted: ofKind('substituted'),
    lost: ofKind('lost'),
    added: ofKind('added'),
    several: ofKind('several'),
    none: 0,
  };
}

/** A range of stated probabilities, and what came of the hits of a day that stated them. */
export interface StatedRange {
  readonly from: number;
  readonly to: number;
  readonly hitsADay: number;
  /** Mean of what was stated, 0 to 1. */
  readonly stated: number;
  /** Share of the hits that name the vehicle, 0 to 1. */
  readonly right: number;
  /** Reads of listed vehicles behind it: with few of them, chance decides. */
  readonly rightReads: number;
}

const RANGES = [1e-4, 1e-3, 1e-2, 0.1, 0.5, 0.9, 1] as const;

/** Possible hits by the probability that they state: those of exact reads would hide all others. */
export function statedRanges({ listed, unlisted }: Tally, road: Road): StatedRange[] {
  const reported = road.vehiclesADay * road.reportedShare;
  const weightOfListed = (reported * road.listedShare) / listed.length;
  const weightOfOthers = (reported * (1 - road.listedShare)) / unlisted.length;
  const hits = [
    ...listed
      .filter(({ misreading }) => misreading !== 'none')
      .flatMap(({ probability, wrong }) => [
        { probability, isRight: true, weight: weightOfListed },
        { probability: wrong, isRight: false, weight: weightOfListed },
      ]),
    ...unlisted
      .filter(({ kind }) => kind !== 'exact')
      .map(({ probability }) => ({ probability, isRight: false, weight: weightOfOthers })),
  ].filter(({ probability }) => probability > 0);
  return RANGES.slice(1).flatMap((to, index) => {
    const from = RANGES[index] as number;
    const here = hits.filter(({ probability }) => probability >= from && probability < to);
    const hitsADay = sumOf(here.map(({ weight }) => weight));
    if (hitsADay === 0) return [];
    const right = here.filter(({ isRight }) => isRight);
    return [
      {
        from,
        to,
        hitsADay,
        stated: sumOf(here.map(({ probability, weight }) => probability * weight)) / hitsADay,
        right: sumOf(right.map(({ weight }) => weight)) / hitsADay,
        rightReads: right.length,
      },
    ];
  });
}

function shareOf<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.length === 0 ? 0 : items.filter(holds).length / items.length;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
