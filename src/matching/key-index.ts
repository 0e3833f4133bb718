import type { MatchKey } from '../domain/vrm.js';
import { KeyTable } from './key-table.js';
import { packHigh, packLow } from './packed-key.js';

/**
 * The marks of one list, in memory: whether a mark is on it, and nothing else. What the list says
 * of a mark is read from SQLite, for the few vehicles that are on it.
 *
 * Invariants
 * - A key is in one table at most.
 * - When all tables are full, another one is laid beside them, of a quarter of their slots: what a
 *   patch brings is written once and nothing is moved from table to table, so that growth does not
 *   stop the event loop. What it costs is the first touch of the new pages: of a list of 2 million
 *   marks some 10 ms, once in half a million new ones. Every search then asks one table more; an
 *   index that is built anew has one again.
 * - 16 bytes a key when built, and no more than that while keys are only added.
 */
export class KeyIndex {
  readonly #tables: KeyTable[];

  private constructor(tables: KeyTable[]) {
    this.#tables = tables;
  }

  /**
   * @param pages any number of keys a page; a key that comes again changes nothing.
   * @param expectedCount more keys than that cost room and time, and nothing else.
   */
  static build(pages: Iterable<readonly MatchKey[]>, expectedCount: number): KeyIndex {
    const slots = Math.max(Math.ceil(expectedCount) * SLOTS_PER_KEY, FEWEST_SLOTS);
    const index = new KeyIndex([KeyTable.ofSlots(slots)]);
    for (const keys of pages) index.apply(keys, []);
    return index;
  }

  /** An index that another thread has handed over. */
  static from({ tables }: TransferredKeys): KeyIndex {
    return new KeyIndex(tables.map(({ cells, seed, count }) => new KeyTable(cells, seed, count)));
  }

  /** Keys in it. */
  get count(): number {
    return this.#tables.reduce((sum, table) => sum + table.count, 0);
  }

  get bytes(): number {
    return this.#tables.reduce((sum, table) => sum + table.cells.byteLength, 0);
  }

  /** Tables that a search asks; from three on, building anew pays. */
  get tableCount(): number {
    return this.#tables.length;
  }

  has(key: MatchKey): boolean {
    return this.hasPacked(packHigh(key), packLow(key));
  }

  /** The two halves of a key, as packHigh and packLow make them. */
  hasPacked(high: number, low: number): boolean {
    for (const table of this.#tables) if (table.has(high, low)) return true;
    return false;
  }

  /**
   * Which of the first `count` packed keys are there.
   * @param found gets their places, with room for `count`. @returns how many they are.
   */
  findAll(highs: Uint32Array, lows: Uint32Array, count: number, found: Int32Array): number {
    let from = 0;
    for (const table of this.#tables) from = table.findAll(highs, lows, count, { found, from });
    return from;
  }

  /** Removes keys, then adds others; a key that is missing, or there already, changes nothing. */
  apply(added: Iterable<MatchKey>, removed: Iterable<MatchKey>): void {
    for (const key of removed) {
      const high = packHigh(key);
      const low = packLow(key);
      for (const table of this.#tables) if (table.remove(high, low)) break;
    }
    for (const key of added) this.#add(packHigh(key), packLow(key));
  }

  /**
   * What another thread makes the same index of, for `postMessage(keys, keys.tables.map(({ cells })
   * => cells.buffer))`: nothing is copied, and this index is empty from then on.
   */
  transfer(): TransferredKeys {
    const tables = this.#tables.map(({ cells, seed, count }) => ({ cells, seed, count }));
    this.#tables.splice(0, Infinity, KeyTable.ofSlots(FEWEST_SLOTS));
    return { tables };
  }

  #add(high: number, low: number): void {
    if (this.hasPacked(high, low)) return;
    const table = this.#tables.find(({ isFull }) => !isFull) ?? this.#anotherTable();
    table.add(high, low);
  }

  #anotherTable(): KeyTable {
    const slots = this.#tables.reduce((sum, table) => sum + table.slots, 0);
    const another = KeyTable.ofSlots(Math.max(Math.ceil(slots / 4), FEWEST_SLOTS));
    this.#tables.push(another);
    return another;
  }
}

/** A built index in the form in which it goes from thread to thread. */
export interface TransferredKeys {
  readonly tables: readonly Pick<KeyTable, 'cells' | 'seed' | 'count'>[];
}

/** Of eight bytes each: searches stay short, and patches find room for half as many keys again. */
const SLOTS_PER_KEY = 2;
const FEWEST_SLOTS = 64;
