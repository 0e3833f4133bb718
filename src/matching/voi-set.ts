import type { Match, VoiEntry, VoiList } from '../domain/voi.js';
import type { MatchKey, Vrm } from '../domain/vrm.js';
import { isWeeded, ukDate } from './entry-dates.js';
import { entryFromValues } from './voi-entry.js';

/**
 * Every list in memory, as one set that never changes: a reload builds another one.
 *
 * An entry is its values as one JSON text (about 150 bytes) and is taken apart only when it
 * matches; the index maps a folded key to one place, or to several where a mark stands more than
 * once. 100,000 entries cost about 30 MB.
 */
export class VoiSet {
  readonly lists: readonly VoiList[];
  readonly #index: ReadonlyMap<MatchKey, number | readonly number[]>;
  readonly #values: readonly string[];
  readonly #listOf: readonly VoiList[];

  constructor(options: {
    readonly lists: readonly VoiList[];
    readonly index: ReadonlyMap<MatchKey, number | readonly number[]>;
    readonly values: readonly string[];
    readonly listOf: readonly VoiList[];
  }) {
    this.lists = options.lists;
    this.#index = options.index;
    this.#values = options.values;
    this.#listOf = options.listOf;
  }

  /** Different marks in all lists, after folding. */
  get markCount(): number {
    return this.#index.size;
  }

  /**
   * Every entry that names the vehicle and is not weeded, the most urgent action first.
   * @param nowMs UTC, milliseconds: weed dates are looked at now, not at import.
   * @returns undefined where no list names it.
   */
  match(read: { readonly vrm: Vrm; readonly matchKey: MatchKey }, nowMs: number): Match | undefined {
    const places = this.#index.get(read.matchKey);
    if (places === undefined) return undefined;
    const today = ukDate(nowMs);
    const entries = (typeof places === 'number' ? [places] : places)
      .map((place) => ({
        list: this.#listOf[place] as VoiList,
        entry: entryFromValues(JSON.parse(this.#values[place] as string)),
      }))
      .filter(({ entry }) => !isWeeded(entry, today))
      .sort((a, b) => urgency(a.entry) - urgency(b.entry));
    if (entries.length === 0) return undefined;
    const kind = entries.some(({ entry }) => entry.vrm === read.vrm) ? 'exact' : 'equivalent';
    return { kind, matchKey: read.matchKey, entries };
  }
}

/** Gathers a VoiSet entry by entry; lists are known only when the last entry was handed over. */
export class VoiSetBuilder {
  readonly #index = new Map<MatchKey, number | number[]>();
  readonly #values: string[] = [];
  readonly #listIds: string[] = [];

  add(entry: { readonly listId: string; readonly matchKey: MatchKey; readonly values: string }): void {
    const place = this.#values.push(entry.values) - 1;
    this.#listIds.push(entry.listId);
    const before = this.#index.get(entry.matchKey);
    if (before === undefined) this.#index.set(entry.matchKey, place);
    else if (typeof before === 'number') this.#index.set(entry.matchKey, [before, place]);
    else before.push(place);
  }

  build(lists: readonly VoiList[]): VoiSet {
    const byId = new Map(lists.map((list) => [list.id, list]));
    const listOf = this.#listIds.map((id) => byId.get(id) as VoiList);
    return new VoiSet({ lists, index: this.#index, values: this.#values, listOf });
  }
}

/** STOP before everything a list's owner may have written, SILENT after it, no action last. */
function urgency(entry: VoiEntry): number {
  const action = entry.action.toUpperCase();
  if (action.startsWith('STOP')) return 0;
  if (action.startsWith('SILENT')) return 2;
  return action === '' ? 3 : 1;
}
