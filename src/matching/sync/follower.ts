import type { MatchKey } from '../../domain/vrm.js';
import { DeviceError } from '../../lib/errors.js';
import { KeyIndex } from '../key-index.js';
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
    for (const list of lists) {
      const known = this.#known.get(list.id);
      const change = this.#changeOf(list, known);
      if (change === undefined) continue;
      const patched = change.kind === 'patched' ? change.added.length + change.removed.length : 0;
      const before = change.kind === 'loaded' ? 0 : (known?.patched ?? 0);
      this.#known.set(list.id, { list, patched: before + patched });
      yield change;
    }
    const ids = new Set(lists.map(({ id }) => id));
    for (const listId of [...this.#known.keys()].filter((id) => !ids.has(id))) {
      this.#known.delete(listId);
      yield { kind: 'gone', listId };
    }
  }

  #changeOf(list: StoredList, known: Known | undefined): ListChange | undefined {
    if (known === undefined || known.list.generation !== list.generation)
      return this.#load(list, known?.list);
    if (known.list.revision !== list.revision)
      return this.#patch(list, known) ?? this.#load(list, known.list);
    return JSON.stringify(known.list) === JSON.stringify(list) ? undefined : { kind: 'described', list };
  }

  #load(list: StoredList, before: StoredList | undefined): ListChange {
    const { store, rechecked } = this.#options;
    const checked = rechecked[list.id];
    let news: News = { kind: 'all' };
    if (before !== undefined) news = this.#newsSince(list, before);
    else if (checked !== undefined) news = this.#touched(list, checked) ?? news;
    const keys = KeyIndex.build(store.keyPages(list), list.markCount).transfer();
    return { kind: 'loaded', list, keys, news };
  }

  #patch(list: StoredList, { list: before, patched }: Known): ListChange | undefined {
    const touched = this.#options.store.touchedSince(list, before.revision);
    if (touched === undefined || touched.length > MOST_PATCHED_KEYS) return undefined;
    if (patched + touched.length > Math.max(list.markCount / 2, MOST_PATCHED_KEYS)) return undefined;
    const added = touched.filter(({ present }) => present).map(({ key }) => key);
    const removed = touched.filter(({ present }) => !present).map(({ key }) => key);
    return {
      kind: 'patched',
      list,
      added,
      removed,
      news: { kind: 'keys', since: before.revision, keys: added },
    };
  }

  #newsSince(list: StoredList, before: StoredList): News {
    if (before.generation === list.generation) {
      return this.#touched(list, before.revision) ?? { kind: 'all' };
    }
    try {
      const { store } = this.#options;
      const keys = newKeys(store.keyPages(before), store.keyPages(list), MOST_NEWS_KEYS);
      return keys === undefined ? { kind: 'all' } : { kind: 'keys', since: before.revision, keys };
    } catch (error) {
      // The generation before is dropped a minute after another has taken its place.
      if (error instanceof DeviceError) return { kind: 'all' };
      throw error;
    }
  }

  #touched(list: StoredList, since: number): News | undefined {
    if (since === list.revision) return { kind: 'keys', since, keys: [] };
    const touched = this.#options.store.touchedSince(list, since);
    if (touched === undefined || touched.length > MOST_NEWS_KEYS) return undefined;
    return { kind: 'keys', since, keys: touched.filter(({ present }) => present).map(({ key }) => key) };
  }
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
