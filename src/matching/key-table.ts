import { randomInt } from 'node:crypto';

/**
 * A hash table of packed keys with open addressing: a slot is two unsigned integers, high and low.
 *
 * Invariants
 * - A key lies in the run of filled slots that begins at its home, the last slot being followed by
 *   the first; (0, 0) is an empty slot. A removal moves what lies behind it up, so a run never has a
 *   hole, and nothing but keys takes room.
 * - At least a quarter of the slots is empty, so that every search ends, and ends soon.
 * - A table never grows: its owner lays another one beside it.
 * - Where a key's home is hangs on a seed that nobody knows: whoever writes a list cannot choose marks
 *   that all come to lie in one run, through which every search would then walk.
 */
export class KeyTable {
  /** Interleaved, so that a slot is in one cache line: a miss of the cache is all that a search costs. */
  readonly cells: Uint32Array<ArrayBuffer>;
  readonly seed: number;
  readonly #slots: number;
  readonly #slotsPerHash: number;
  #count: number;
  readonly #homes = new Int32Array(BLOCK);
  readonly #first = new Uint32Array(BLOCK);

  /** @param cells two for each slot; empty, or those of a table of that seed with so many keys in it. */
  constructor(cells: Uint32Array<ArrayBuffer>, seed: number, count = 0) {
    this.cells = cells;
    this.seed = seed;
    this.#slots = cells.length / 2;
    this.#slotsPerHash = this.#slots / 2 ** 32;
    this.#count = count;
  }

  /** Room for so many slots; the memory is taken page by page, as it is written to. */
  static ofSlots(slots: number): KeyTable {
    return new KeyTable(new Uint32Array(slots * 2), randomInt(2 ** 32));
  }

  get count(): number {
    return this.#count;
  }

  get slots(): number {
    return this.#slots;
  }

  get isFull(): boolean {
    return this.#count * 4 >= this.#slots * 3;
  }

  has(high: number, low: number): boolean {
    return this.#isKeyAt(this.#slotOf(high, low));
  }

  /**
   * Which of many keys are there. The homes of a block of them are all read before anything is
   * decided, so that the processor waits for many cache misses at a time: on its own, each would
   * cost a large table several times as much.
   * @param found gets their places, from `from` on. @returns where the next place goes.
   */
  findAll(
    highs: Uint32Array,
    lows: Uint32Array,
    count: number,
    { found, from }: { found: Int32Array; from: number },
  ): number {
    let next = from;
    for (let start = 0; start < count; start += BLOCK) {
      const end = Math.min(start + BLOCK, count);
      for (let i = start; i < end; i++) {
        const home = this.#home(highs[i] as number, lows[i] as number);
        this.#homes[i - start] = home;
        this.#first[i - start] = this.cells[2 * home] as number;
      }
      for (let i = start; i < end; i++) {
        if (this.#first[i - start] === 0) continue;
        const slot = this.#slotOf(highs[i] as number, lows[i] as number, this.#homes[i - start]);
        if (this.#isKeyAt(slot)) found[next++] = i;
      }
    }
    return next;
  }

  /** The caller sees to it that the key is not there and that the table is not full. */
  add(high: number, low: number): void {
    const slot = this.#slotOf(high, low);
    this.cells[2 * slot] = high;
    this.cells[2 * slot + 1] = low;
    this.#count++;
  }

  /** @returns whether it was there. */
  remove(high: number, low: number): boolean {
    let hole = this.#slotOf(high, low);
    if (!this.#isKeyAt(hole)) return false;
    this.#count--;
    const { cells } = this;
    for (let slot = this.#after(hole); this.#isKeyAt(slot); slot = this.#after(slot)) {
      const home = this.#home(cells[2 * slot] as number, cells[2 * slot + 1] as number);
      // Whoever has its home behind the hole, up to where it lies, must stay.
      const isHomeBetween = hole <= slot ? hole < home && home <= slot : hole < home || home <= slot;
      if (isHomeBetween) continue;
      cells[2 * hole] = cells[2 * slot] as number;
      cells[2 * hole + 1] = cells[2 * slot + 1] as number;
      hole = slot;
    }
    cells[2 * hole] = 0;
    cells[2 * hole + 1] = 0;
    return true;
  }

  /** Where the key lies, or the empty slot where it would. */
  #slotOf(high: number, low: number, home = this.#home(high, low)): number {
    const { cells } = this;
    let slot = home;
    for (;;) {
      const there = cells[2 * slot] as number;
      // The first half of a key is never 0: it has a character in its first place.
      if (there === 0 || (there === high && cells[2 * slot + 1] === low)) return slot;
      slot++;
      if (slot === this.#slots) slot = 0;
    }
  }

  #isKeyAt(slot: number): boolean {
    return this.cells[2 * slot] !== 0;
  }

  #after(slot: number): number {
    return slot + 1 === this.#slots ? 0 : slot + 1;
  }

  #home(high: number, low: number): number {
    let hash = Math.imul(low ^ this.seed, 0x9e3779b1);
    hash = Math.imul(high ^ hash ^ (hash >>> 15), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
    hash ^= hash >>> 16;
    // Any number of slots will do, not only powers of two: bytes a key stay what was planned.
    return ((hash >>> 0) * this.#slotsPerHash) | 0;
  }
}

/** As many cache lines as a processor has on their way at once, and some. */
const BLOCK = 64;
