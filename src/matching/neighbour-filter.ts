import type { MatchKey } from '../domain/vrm.js';

/** Letters by which a read may differ from a listed mark: lost, added, or taken for another. */
const MOST_EDITS = 2;

/**
 * Tells, of a read's text alone, whether the vehicle may bear one of some marks; nearly all do not,
 * and need not be fetched to be matched.
 *
 * Two texts that are at most two edits apart become equal when at most two letters are taken out of
 * each. So every mark is kept with whatever is left of it that way (29 texts of a mark of seven
 * letters), and a read asks for whatever is left of it. A text further away than that is so improbable
 * that no list's threshold admits it, but for the rare read of which half is missing.
 */
export class NeighbourFilter {
  readonly #remains = new Set<string>();

  /** @param keys some thousands at most: each takes about two kilobytes. */
  constructor(keys: Iterable<MatchKey>) {
    for (const key of keys) for (const rest of remainsOf(key, MOST_EDITS)) this.#remains.add(rest);
  }

  mayBeOne(read: MatchKey): boolean {
    for (const rest of remainsOf(read, MOST_EDITS)) if (this.#remains.has(rest)) return true;
    return false;
  }
}

/** The text, and it without one letter, without two, ... each place being taken out once. */
function* remainsOf(text: string, most: number, from = 0): Generator<string> {
  yield text;
  if (most === 0) return;
  for (let place = from; place < text.length; place++) {
    yield* remainsOf(text.slice(0, place) + text.slice(place + 1), most - 1, place);
  }
}
