import type { Confusions } from '../../../src/domain/confusion.js';
import { differencesOf } from './alignment.js';

/** What a plate shows and what was read there; both folded. */
export interface ReadPair {
  readonly truth: string;
  readonly read: string;
}

/** Characters as they are compared: O is 0, I is 1. */
const CHARACTERS = [...'0123456789ABCDEFGHJKLMNPQRSTUVWXYZ'];
/** What people take for one another on UK plates: how likely in relation to any other two. */
const CLOSE = 12;
const FARTHER = 6;
const LOOK_ALIKES: readonly (readonly [string, number])[] = [
  ...['S5', 'B8', 'Z2', 'G6'].map((pair): [string, number] => [pair, CLOSE]),
  ...['D0', 'Q0', 'UV', 'CG', 'EF', 'MN', 'MW', 'NW', '7T', '71', '7Z', 'T1', 'TZ', '1Z', 'A4', 'HN']
    .concat(['PF', 'PR', 'FR', '38', '3B', 'KX', 'DQ'])
    .map((pair): [string, number] => [pair, FARTHER]),
];
/** Pairs that a screw, dirt or blur joins. */
const MERGED_PAIRS: readonly (readonly [string, string])[] = [
  ['11', 'H'],
  ['11', 'N'],
  ['11', 'M'],
  ['11', 'U'],
  ['1J', 'U'],
  ['L1', 'U'],
  ['VV', 'W'],
  ['1V', 'N'],
  ['13', 'B'],
];
/**
 * Weight of what is held likely before anything was counted: that many characters, reads or pairs,
 * in which it happened as often as it does on the whole.
 */
const PRIOR_CHARACTERS = 1500;
const PRIOR_PAIRS = 300;
/** Before anything was counted, of a hundred pairs that look like one character. */
const PRIOR_MERGED = 0.002;
const DECIMALS = 3;

/**
 * Counts how a reader errs, and evens out what chance makes of small counts: each figure is drawn
 * to a first guess, as if PRIOR_CHARACTERS more had been seen that were mistaken as often as all
 * are, look-alikes for one another more often than others. So nothing that is possible is 0.
 * @throws RangeError without reads
 */
export function countConfusions(reads: readonly ReadPair[]): Confusions {
  if (reads.length === 0) throw new RangeError('expected reads to count on, got none');
  const shown = new Counter();
  const pairs = new Counter();
  const seen = {
    substituted: new Counter(),
    lost: new Counter(),
    added: new Counter(),
    merged: new Counter(),
  };
  let counted = 0;
  let readCount = 0;
  for (const { truth, read } of reads) {
    const differences = differencesOf(truth, read);
    if (differences === undefined) continue;
    readCount++;
    counted += truth.length;
    for (const character of truth) shown.add(character);
    for (let i = 1; i < truth.length; i++) pairs.add(truth.slice(i - 1, i + 1));
    for (const difference of differences) {
      if (difference.kind === 'substituted') seen.substituted.add(difference.shown + difference.read);
      else if (difference.kind === 'lost') seen.lost.add(difference.shown);
      else if (difference.kind === 'added') seen.added.add(difference.read);
      else seen.merged.add(`${difference.shown}${difference.read}`);
    }
  }
  // At least one of each is taken to have happened, so that no figure is 0.
  const lostRate = Math.max(seen.lost.total, 1) / counted;
  const addedRate = Math.max(seen.added.total, 1) / readCount / CHARACTERS.length;
  const substitutedRate = Math.max(seen.substituted.total, 1) / counted;
  const drawn = (count: number, of: number, guess: number, prior: number) =>
    rounded((count + guess * prior) / (of + prior));
  return {
    substituted: byCharacter((from) =>
      substitutionsOf(from, { shown, seen: seen.substituted, substitutedRate }),
    ),
    lost: byCharacter((from) => drawn(seen.lost.of(from), shown.of(from), lostRate, PRIOR_CHARACTERS)),
    added: byCharacter((read) => drawn(seen.added.of(read), readCount, addedRate, PRIOR_CHARACTERS)),
    merged: mergedOf(pairs, seen.merged, drawn),
    counted,
  };
}

function substitutionsOf(
  from: string,
  { shown, seen, substitutedRate }: { shown: Counter; seen: Counter; substitutedRate: number },
): Record<string, number> {
  const others = CHARACTERS.filter((read) => read !== from);
  const alikeness = new Map(others.map((read) => [read, alike(from, read)]));
  const sum = [...alikeness.values()].reduce((a, b) => a + b, 0);
  return Object.fromEntries(
    others.map((read) => {
      const guess = (substitutedRate * (alikeness.get(read) as number)) / sum;
      const counted = seen.of(from + read) + guess * PRIOR_CHARACTERS;
      return [read, rounded(counted / (shown.of(from) + PRIOR_CHARACTERS))];
    }),
  );
}

function mergedOf(
  pairs: Counter,
  merged: Counter,
  drawn: (count: number, of: number, guess: number, prior: number) => number,
): Record<string, Record<string, number>> {
  const possible = new Set([...MERGED_PAIRS.map(([pair, read]) => pair + read), ...merged.names]);
  const guessed = new Set(MERGED_PAIRS.map(([pair, read]) => pair + read));
  const table: Record<string, Record<string, number>> = {};
  for (const name of [...possible].sort()) {
    const [pair, read] = [name.slice(0, 2), name.slice(2)];
    const guess = guessed.has(name) ? PRIOR_MERGED : 0;
    const rates = table[pair] ?? {};
    rates[read] = drawn(merged.of(name), pairs.of(pair), guess, PRIOR_PAIRS);
    table[pair] = rates;
  }
  return table;
}

function alike(a: string, b: string): number {
  return LOOK_ALIKES.find(([pair]) => pair.includes(a) && pair.includes(b))?.[1] ?? 1;
}

function byCharacter<Value>(of: (character: string) => Value): Record<string, Value> {
  return Object.fromEntries(CHARACTERS.map((character) => [character, of(character)]));
}

/** So many significant digits: the counts carry no more. */
function rounded(value: number): number {
  return Number(value.toPrecision(DECIMALS));
}

class Counter {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    this.#counts.set(name, this.of(name) + 1);
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  get names(): string[] {
    return [...this.#counts.keys()];
  }

  get total(): number {
    return [...this.#counts.values()].reduce((a, b) => a + b, 0);
  }
}
