import type { MatchKey } from '../../domain/vrm.js';
import { DeviceError } from '../../lib/errors.js';
import { KeyIndex } from '../key-index.js';
import type { TouchedKey } from '../list-store/deltas.js';
import type { StoredList } from '../list-store/list-rows.js';
import type { ListStore } from '../list-store/list-store.js';
import type { ListChange, News } from './protocol.js';

export interface FollowerOptions {
  readonly store: ListStore;
  /** Lists that are matched; of others nothing is told. */
  readonly isMatched: (list: StoredList) => boolean;
  /** What whoever is told holds already. */
  readonly held: readonly StoredList[];
  /** By list, the revision whose keys are no news any more. */
  readonly rechecked: Readonly<Record<string, number>>;
}

/** More are quicker taken over as a new index than patched in, which holds up whoever is told. */
const MOST_PATCHED_KEYS = 20_000;
/** With more, checking every key again costs no more. */
const MOST_NEWS_KEYS = 100_000;

interface Known {
  readonly list: StoredList;
  /** Keys patched since its index was built: with many, a search has several tables to ask. */
  readonly patched: number;
}

/**
 * Tells how the lists in force have changed since it was asked last, in what it takes to follow: a new
 * index, or the keys that came and went. Each change leads from one whole revision to another.
 */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #known: Map<string, Known>;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#known = new Map(options.held.map((list) => [list.id, { list, patched: 0 }]));
  }

  /** What has been told of. */
  get held(): readonly StoredList[] {
    return [...this.#known.values()].map(({ list }) => list);
  }

  /** One change at a time, so that one index at a time is in memory. @throws DeviceError hotlist.store-failed */
  *changes(): Generator<ListChange> {
    const lists = this.#options.store.lists().filter(this.#options.isMatched);
    for (const list of lists) yield* this.#changesOf(list, this.#known.get(list.id));
    const ids = new Set(lists.map(({ id }) => id));
    for (const listId of [...this.#known.keys()].filter((id) => !ids.has(id))) {
      this.#known.delete(listId);
      yield { kind: 'gone', listId };
    }
  }

  *#changesOf(list: StoredList, known: Known | undefined): Generator<ListChange> {
    const before = known?.list;
    if (known !== undefined && before?.generation === list.generation) {
      const patched = before.revision === list.revision ? [] : this.#touchedIn(list, known);
      if (patched !== undefined) {
        this.#known.set(list.id, { list, patched: known.patched + patched.length });
        if (before.revision !== list.revision) yield* patchOf(list, before, patched);
        else if (JSON.stringify(before) !== JSON.stringify(list)) yield { kind: 'described', list };
        return;
      }
    }
    const keys = KeyIndex.build(this.#options.store.keyPages(list), list.markCount).transfer();
    this.#known.set(list.id, { list, patched: 0 });
    yield { kind: 'loaded', list, keys };
    yield { kind: 'news', listId: list.id, news: this.#newsOf(list, before) };
  }

  /** @returns undefined where building the index anew is better. */
  #touchedIn(list: StoredList, { list: before, patched }: Known): readonly TouchedKey[] | undefined {
    const touched = this.#options.store.touchedSince(list, before.revision);
    if (touched === undefined || touched.length > MOST_PATCHED_KEYS) return undefined;
    const isWorn = patched + touched.length > Math.max(list.markCount / 2, MOST_PATCHED_KEYS);
    return isWorn ? undefined : touched;
  }

  #newsOf(list: StoredList, before: StoredList | undefined): News {
    const since = before?.revision ?? this.#options.rechecked[list.id];
    // A later one is of another file, where the list's revisions have begun anew.
    if (since === undefined || since > list.revision) return { kind: 'all' };
    try {
      const keys =
        before === undefined || before.generation === list.generation
          ? this.#touched(list, since)
          : this.#newIn(list, before);
      return keys === undefined ? { kind: 'all' } : { kind: 'keys', since, keys };
    } catch (error) {
      // The generation before is dropped a minute after another has taken its place.
      if (error instanceof DeviceError) return { kind: 'all' };
      throw error;
    }
  }

  #newIn(list: StoredList, before: StoredList): readonly MatchKey[] | undefined {
    const { store } = this.#options;
    return newKeys(store.keyPages(before), store.keyPages(list), MOST_NEWS_KEYS);
  }

  #touched(list: StoredList, since: number): readonly MatchKey[] | undefined {
    if (since === list.revision) return [];
    const touched = this.#options.store.touchedSince(list, since);
    if (touched === undefined || touched.length > MOST_NEWS_KEYS) return undefined;
    return touched.filter(({ present }) => present).map(({ key }) => key);
  }
}

function* patchOf(
  list: StoredList,
  before: StoredList,
  touched: readonly TouchedKey[],
): Generator<ListChange> {
  const added = touched.filter(({ present }) => present).map(({ key }) => key);
  const removed = touched.filter(({ present }) => !present).map(({ key }) => key);
  yield { kind: 'patched', list, added, removed };
  yield { kind: 'news', listId: list.id, news: { kind: 'keys', since: before.revision, keys: added } };
}

/** @returns keys that only the later pages have, all ascending; undefined where there are more than `most`. */
function newKeys(
  before: Iterable<readonly MatchKey[]>,
  after: Iterable<readonly MatchKey[]>,
  most: number,
): MatchKey[] | undefined {
  const fresh: MatchKey[] = [];
  const old = flat(before);
  let next = old.next();
  for (const key of flat(after)) {
    while (!next.done && next.value < key) next = old.next();
    if (!next.done && next.value === key) continue;
    if (fresh.length === most) return undefined;
    fresh.push(key);
  }
  return fresh;
}

function* flat(pages: Iterable<readonly MatchKey[]>): Generator<MatchKey> {
  for (const page of pages) yield* page;
}
