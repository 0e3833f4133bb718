import type { Confusions } from '../domain/confusion.js';
import type { PlateRead } from '../domain/read.js';
import type { ListAge, Match, MatchedEntry, VoiEntry, VoiList } from '../domain/voi.js';
import type { MatchKey } from '../domain/vrm.js';
import { Candidates, MOST_TEXTS } from './doubt/candidates.js';
import { leastProbability, posteriors } from './doubt/posterior.js';
import { type Prior, priorOf, weightOfListed } from './doubt/prior.js';
import { entriesInForce, isInForce, type MatchMoment } from './entry-dates.js';
import type { KeyIndex } from './key-index.js';
import { unpackKey } from './packed-key.js';
import { byUrgency } from './urgency.js';

/** A list as matching sees it: one revision of it, whole. */
export interface ListInForce {
  readonly list: VoiList;
  /** Of the list store: where the entries of this revision are. */
  readonly generation: number;
  readonly index: KeyIndex;
  readonly settings: ListSettings;
}

export interface ListSettings {
  /** Probability, 0 to 1, from which a possible match is told. */
  readonly publishFrom: number;
  /** Probability, 0 to 1, from which a match calls a crew. */
  readonly alertFrom: number;
  /** Share of the vehicles passing that are on the list, 0 to 1. */
  readonly listedShare: number;
  readonly maximumAgeMs: number;
}

/** Where the entries of marks that are on a list are read from. */
export interface EntrySource {
  entriesOf(list: ListInForce, key: MatchKey): readonly VoiEntry[];
}

/** Keys that are new on a list, for reads that were matched against all others before. */
export interface NewKeys {
  readonly listId: string;
  readonly keys: KeyIndex;
}

/** So many listed texts of one read are looked up in the store at most, the most probable ones. */
const MOST_CANDIDATES = 16;
const MOST_ALTERNATIVES = 5;

/** A listed text that the vehicle may bear. */
interface Candidate {
  readonly matchKey: MatchKey;
  /** Under the read alone. */
  readonly probability: number;
  readonly lists: readonly ListInForce[];
  readonly entries: readonly MatchedEntry[];
}

/**
 * Finds the listed vehicles that a read may be.
 *
 * Invariants
 * - A mark that was read as it is listed is told whatever its probability; another mark only where
 *   one of the lists that name it admits the probability.
 * - No date takes an entry or a list out of force while the clock cannot be right.
 * - What is read from the store is what the indexes have found, and no more.
 */
export class Matcher {
  readonly #candidates: Candidates;
  readonly #found = new Int32Array(MOST_TEXTS);

  constructor({ confusions }: { readonly confusions: Confusions }) {
    this.#candidates = new Candidates(confusions);
  }

  /**
   * @param only matches against these keys alone, though a match names every list; what was matched
   *   before, as the read's own text is on another list, is not told again.
   * @returns undefined where no list names the vehicle probably enough.
   */
  match(
    read: PlateRead,
    when: MatchMoment,
    lists: readonly ListInForce[],
    source: EntrySource,
    only?: NewKeys,
  ): Match | undefined {
    const inForce = lists.filter(({ list }) => isInForce(list, when));
    const prior = priorOf(read, when.clock === 'credible' ? when.readAtMs : undefined);
    const keys = this.#listedTexts(read, inForce, prior, only);
    if (keys.size === 0) return undefined;
    const isListed = entriesInForce(when);
    const candidates = [...keys]
      .slice(0, MOST_CANDIDATES)
      .map(([matchKey, probability]) => candidateOf({ matchKey, probability }, { inForce, source, isListed }))
      .filter(({ entries }) => entries.length > 0);
    return tell(read, candidates, { prior, only, ages: inForce.map((held) => ageOf(held, when)) });
  }

  /** Listed texts that the vehicle may bear and their probability under the read, the most probable first. */
  #listedTexts(
    read: PlateRead,
    inForce: readonly ListInForce[],
    prior: Prior,
    only: NewKeys | undefined,
  ): Map<MatchKey, number> {
    const candidates = this.#candidates;
    const leastByList = leastProbabilities(read, inForce, prior);
    candidates.find(read, Math.min(1, ...leastByList));
    const found = new Set<number>();
    if (only !== undefined && this.#probe(only.keys, 0, found) === 0) return new Map();
    inForce.forEach(({ index }, i) => {
      this.#probe(index, leastByList[i] as number, found);
    });
    // By place, that is by falling probability; a text that comes again is less probable that way.
    const keys = new Map<MatchKey, number>();
    for (const place of [...found].sort((a, b) => a - b)) {
      const key = unpackKey(candidates.highs[place] as number, candidates.lows[place] as number);
      if (!keys.has(key)) keys.set(key, candidates.probabilities[place] as number);
    }
    return keys;
  }

  /** @returns how many texts it added. */
  #probe(index: KeyIndex, least: number, found: Set<number>): number {
    const { highs, lows, probabilities } = this.#candidates;
    let { count } = this.#candidates;
    while (count > 1 && (probabilities[count - 1] as number) < least) count--;
    const hits = index.findAll(highs, lows, count, this.#found);
    for (let i = 0; i < hits; i++) found.add(this.#found[i] as number);
    return hits;
  }
}

function leastProbabilities(read: PlateRead, inForce: readonly ListInForce[], prior: Prior): number[] {
  const weights = inForce.map((held) => weightOf(held, prior));
  const leastWeight = Math.min(...weights);
  const own = { probability: read.probability, weight: prior.plausibility };
  return weights.map((weight) => {
    // A mark that is on two lists has the greater weight, and the lesser threshold admits it.
    const publishFrom = inForce
      .filter((_, i) => (weights[i] as number) <= weight)
      .reduce((least, { settings }) => Math.min(least, settings.publishFrom), 1);
    return leastProbability(publishFrom, { weight, read: own, leastWeight });
  });
}

function weightOf({ list, settings }: ListInForce, prior: Prior): number {
  return weightOfListed({ listedShare: settings.listedShare, markCount: list.markCount }, prior);
}

function ageOf({ list, settings }: ListInForce, { nowMs, clock }: MatchMoment): ListAge {
  const ageMs = Math.max(0, nowMs - list.issuedAtMs);
  // Of what age a list is, a wrong clock cannot tell; nobody may take it for fresh then.
  const isOverAge = ageMs > settings.maximumAgeMs || clock !== 'credible';
  return { id: list.id, revision: list.revision, ageMs, isOverAge };
}

function candidateOf(
  { matchKey, probability }: { readonly matchKey: MatchKey; readonly probability: number },
  { inForce, source, isListed }: ListedEntries,
): Candidate {
  const entries = inForce
    .filter(({ index }) => index.has(matchKey))
    .flatMap((held) => source.entriesOf(held, matchKey).map((entry) => ({ held, entry })))
    .filter(({ entry }) => isListed(entry));
  return {
    matchKey,
    probability,
    lists: inForce.filter((held) => entries.some((named) => named.held === held)),
    entries: entries
      .map(({ held: { list }, entry }) => ({ list, entry, action: entry.action || list.defaultAction }))
      .sort(byUrgency),
  };
}

interface ListedEntries {
  readonly inForce: readonly ListInForce[];
  readonly source: EntrySource;
  readonly isListed: (entry: VoiEntry) => boolean;
}

interface JudgedCandidate extends Candidate {
  /** That the vehicle bears it, with everything taken into account. */
  readonly posterior: number;
}

/** The match to tell, if any of the candidates is worth it. */
function tell(
  read: PlateRead,
  candidates: readonly Candidate[],
  { prior, only, ages }: { prior: Prior; only: NewKeys | undefined; ages: readonly ListAge[] },
): Match | undefined {
  const judged = judge(read, candidates, prior);
  const isNew = ({ matchKey, lists }: Candidate) =>
    only === undefined || (only.keys.has(matchKey) && lists.some(({ list }) => list.id === only.listId));
  const own = judged.find(({ matchKey }) => matchKey === read.matchKey);
  if (own !== undefined) {
    if (!isNew(own)) return undefined;
    const kind = own.entries.some(({ entry }) => entry.vrm === read.vrm) ? 'exact' : 'equivalent';
    return { kind, ...matchOf(own), alternatives: [], lists: ages };
  }
  const admitted = judged
    .filter(({ posterior, lists }) => lists.some(({ settings }) => posterior >= settings.publishFrom))
    .sort((a, b) => b.posterior - a.posterior);
  const best = admitted.find(isNew);
  if (best === undefined) return undefined;
  const alternatives = admitted
    .filter((candidate) => candidate !== best)
    .slice(0, MOST_ALTERNATIVES)
    .map(({ entries, posterior, lists }) => ({
      vrm: (entries[0] as MatchedEntry).entry.vrm,
      probability: posterior,
      listIds: lists.map(({ list }) => list.id),
    }));
  return { kind: 'possible', ...matchOf(best), alternatives, lists: ages };
}

function judge(read: PlateRead, candidates: readonly Candidate[], prior: Prior): JudgedCandidate[] {
  const weighed = candidates.map(({ probability, lists }) => ({
    probability,
    // The list that tells most of the vehicle: a mark on a short list is the one of few.
    weight: Math.max(...lists.map((held) => weightOf(held, prior))),
  }));
  const isOwnListed = candidates.some(({ matchKey }) => matchKey === read.matchKey);
  if (!isOwnListed) weighed.push({ probability: read.probability, weight: prior.plausibility });
  const probabilities = posteriors(weighed);
  return candidates.map((candidate, i) => ({ ...candidate, posterior: probabilities[i] as number }));
}

function matchOf({ matchKey, posterior, lists, entries }: JudgedCandidate) {
  const alerts = lists.some(({ settings }) => posterior >= settings.alertFrom);
  return { matchKey, probability: posterior, alerts, entries };
}
