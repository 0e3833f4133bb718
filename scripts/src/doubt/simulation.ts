import { distance } from 'fastest-levenshtein';
import type { MatchKey } from '../../../src/domain/vrm.js';
import type { DrawnRead } from './drawn-reads.js';
import type { NamedMark, TestedList, TestedMatcher } from './matchers.js';

/** How a read differs from what stands on the plate. */
export type Misreading = 'none' | 'substituted' | 'lost' | 'added' | 'several';

/** What one matcher makes of the reads of a road. */
export interface Tally {
  /** Reads of listed vehicles, one after the other. */
  readonly listed: readonly ListedOutcome[];
  /** Reads of vehicles that are on no list: how probable the hit is that names another one; 0: none. */
  readonly unlisted: readonly UnlistedOutcome[];
}

export interface ListedOutcome {
  readonly misreading: Misreading;
  /** Of the hit, if it names the vehicle; 0: it does not. */
  readonly probability: number;
  /** The same where the vehicle is named in the hit at any place. */
  readonly named: number;
  /** Of the hit, if it names another vehicle first; 0: it does not. */
  readonly wrong: number;
}

export interface UnlistedOutcome {
  readonly misreading: Misreading;
  readonly probability: number;
  /** By how much the named mark differs from what was read. */
  readonly kind: 'exact' | Misreading;
}

export function misreadingOf(truth: string, read: string): Misreading {
  if (truth === read) return 'none';
  if (distance(truth, read) > 1) return 'several';
  if (truth.length === read.length) return 'substituted';
  return truth.length > read.length ? 'lost' : 'added';
}

/**
 * Lets a matcher loose on reads: once with every vehicle on the list, and once a list with none of
 * them on it. Lists are as long and as dense as real ones, so what it names by chance is what it would
 * name by chance on a road; several lists make that chance small.
 * @param listing a list that all the vehicles are on, among others.
 * @param without lists that none of them is on.
 */
export function tallyOf(
  matcher: TestedMatcher,
  reads: readonly DrawnRead[],
  { listing, without }: { readonly listing: TestedList; readonly without: readonly TestedList[] },
): Tally {
  return {
    listed: reads.map(({ truth, read }) => {
      const named = matcher(read, listing);
      return { misreading: misreadingOf(truth, read.matchKey), ...outcomeOf(named, truth) };
    }),
    unlisted: without.flatMap((list) =>
      reads.map(({ truth, read }): UnlistedOutcome => {
        const [first] = matcher(read, list);
        const misreading = misreadingOf(truth, read.matchKey);
        if (first === undefined) return { misreading, probability: 0, kind: 'exact' };
        const kind = misreadingOf(first.matchKey, read.matchKey);
        return { misreading, probability: first.probability, kind: kind === 'none' ? 'exact' : kind };
      }),
    ),
  };
}

function outcomeOf(named: readonly NamedMark[], truth: MatchKey): Omit<ListedOutcome, 'misreading'> {
  const [first] = named;
  const own = named.find(({ matchKey }) => matchKey === truth);
  const isFirst = first !== undefined && first.matchKey === truth;
  return {
    probability: isFirst ? first.probability : 0,
    named: own?.probability ?? 0,
    wrong: first === undefined || isFirst ? 0 : first.probability,
  };
}
