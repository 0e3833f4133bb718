import type { Confusions } from '../../domain/confusion.js';
import type { PlateRead } from '../../domain/read.js';
import { packHigh, packLow } from '../packed-key.js';
import { ConfusionTable } from './confusion-table.js';
import { Gatherer, type StatedText } from './gatherer.js';

/**
 * The texts that a vehicle may bear, given what was read, the most probable first.
 *
 * They are made from the read and looked up in the lists, rather than found through an index of the
 * lists' marks by their confusable skeletons: a read names its own few doubts, at any number of
 * places at once, while a skeleton stands for all doubts of all reads. So a list needs no second
 * index in memory, and what a check costs hangs on the read and hardly on the list.
 *
 * Invariants
 * - Texts come out by falling probability, the read's own before all. Every set of edits is made
 *   from one other set, which is not less probable: its last edit put off for the next one in order,
 *   or the next one added. So the most probable of those at hand is the most probable of all.
 * - Each is there as often as there are ways to make it; the first is the likeliest way, and counts.
 */

/**
 * At most so many texts a read. A real read needs ten or so until nothing is probable enough to be
 * worth a look; one with doubt in every place and a short list gets as far as this, which takes some
 * 80 us on a desktop processor, a fifth of it on probes that miss its caches, and leaves a device that
 * is three times slower within 500 us. What comes later is, of such a read, below 1e-4.
 */
export const MOST_TEXTS = 512;
/** Several substitutions at once; with five, hardly anything of the read is left. */
const MOST_EDITS_AT_ONCE = 4;
/** Each text that comes out puts in two at most; besides, there are the first one and the stated ones. */
const MOST_STATED = 100;
const MOST_NODES = 2 * MOST_TEXTS + 1 + MOST_STATED;
const NO_NODE = 0;

export class Candidates {
  /** Of the texts found last: packed, and how probable it is that the vehicle bears this one. */
  readonly highs = new Uint32Array(MOST_TEXTS);
  readonly lows = new Uint32Array(MOST_TEXTS);
  readonly probabilities = new Float64Array(MOST_TEXTS);
  count = 0;

  readonly #gatherer: Gatherer;
  /** A node is a set of edits that is still to come out, or a stated text (of no edits). */
  #nodes = 0;
  readonly #probability = new Float64Array(MOST_NODES);
  /** Without its last edit. */
  readonly #without = new Float64Array(MOST_NODES);
  readonly #taken = new Int32Array(MOST_NODES);
  readonly #size = new Uint8Array(MOST_NODES);
  /** Place in the order of edits of its last one; of a stated text its place among them. */
  readonly #last = new Int16Array(MOST_NODES);
  readonly #chosen = new Int16Array(MOST_NODES * MOST_EDITS_AT_ONCE);
  /** Nodes, the most probable first: a binary heap. */
  readonly #heap = new Int16Array(MOST_NODES);
  #waiting = 0;
  readonly #packed = new Float64Array(2);

  constructor(confusions: Confusions) {
    this.#gatherer = new Gatherer(new ConfusionTable(confusions));
  }

  /**
   * Finds every text that is at least so probable, but for MOST_TEXTS.
   * @param least 0 to 1. The read's own text comes first, whatever its probability.
   */
  find(read: PlateRead, least: number): void {
    const { edits } = this.#gatherer;
    this.count = 0;
    this.#nodes = 0;
    this.#waiting = 0;
    const stated = this.#gatherer.gather(read, least / read.probability);
    this.#emit(edits.high, edits.low, read.probability);
    stated.slice(0, MOST_STATED).forEach(({ probability }, index) => {
      if (probability >= least) this.#pushStated(index, probability);
    });
    this.#pushNext(NO_NODE, { keep: 0, taken: 0, probability: read.probability, after: -1, least });
    while (this.#waiting > 0 && this.count < MOST_TEXTS) {
      const node = this.#pop();
      if (this.#size[node] === 0) {
        const { matchKey, probability } = stated[this.#last[node] as number] as StatedText;
        this.#emit(packHigh(matchKey), packLow(matchKey), probability);
      } else {
        this.#emitNode(node);
        this.#follow(node, least);
      }
    }
  }

  #emit(high: number, low: number, probability: number): void {
    this.highs[this.count] = high;
    this.lows[this.count] = low;
    this.probabilities[this.count] = probability;
    this.count++;
  }

  #emitNode(node: number): void {
    const packed = this.#packed;
    const chosen = { from: node * MOST_EDITS_AT_ONCE, count: this.#size[node] as number };
    this.#gatherer.edits.pack(this.#chosen, chosen, packed);
    this.#emit(packed[0] as number, packed[1] as number, this.#probability[node] as number);
  }

  /** The two sets that come of this one. */
  #follow(node: number, least: number): void {
    const { edits } = this.#gatherer;
    const size = this.#size[node] as number;
    const after = this.#last[node] as number;
    const taken = this.#taken[node] as number;
    const takenByLast = edits.taken[edits.order[after] as number] as number;
    const without = this.#without[node] as number;
    this.#pushNext(node, { keep: size - 1, taken: taken & ~takenByLast, probability: without, after, least });
    if (size === MOST_EDITS_AT_ONCE) return;
    const probability = this.#probability[node] as number;
    this.#pushNext(node, { keep: size, taken, probability, after, least });
  }

  /**
   * The set of a node's first edits and the next in order that they do not exclude.
   * @param kept how many of its edits, the places they take and how probable they are together.
   */
  #pushNext(
    node: number,
    kept: { keep: number; taken: number; probability: number; after: number; least: number },
  ): void {
    const { edits } = this.#gatherer;
    let next = kept.after + 1;
    while (next < edits.count && ((edits.taken[edits.order[next] as number] as number) & kept.taken) !== 0)
      next++;
    if (next >= edits.count) return;
    const edit = edits.order[next] as number;
    const probability = kept.probability * (edits.factor[edit] as number);
    if (probability < kept.least) return;
    const made = this.#nodes++;
    this.#probability[made] = probability;
    this.#without[made] = kept.probability;
    this.#taken[made] = kept.taken | (edits.taken[edit] as number);
    this.#size[made] = kept.keep + 1;
    this.#last[made] = next;
    const from = node * MOST_EDITS_AT_ONCE;
    const to = made * MOST_EDITS_AT_ONCE;
    for (let i = 0; i < kept.keep; i++) this.#chosen[to + i] = this.#chosen[from + i] as number;
    this.#chosen[to + kept.keep] = edit;
    this.#push(made);
  }

  #pushStated(index: number, probability: number): void {
    const made = this.#nodes++;
    this.#probability[made] = probability;
    this.#size[made] = 0;
    this.#last[made] = index;
    this.#push(made);
  }

  #push(node: number): void {
    const heap = this.#heap;
    const own = this.#probability[node] as number;
    let at = this.#waiting++;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if ((this.#probability[heap[above] as number] as number) >= own) break;
      heap[at] = heap[above] as number;
      at = above;
    }
    heap[at] = node;
  }

  #pop(): number {
    const heap = this.#heap;
    const first = heap[0] as number;
    const moved = heap[--this.#waiting] as number;
    const own = this.#probability[moved] as number;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.#waiting) break;
      const right = below + 1;
      if (
        right < this.#waiting &&
        (this.#probability[heap[right] as number] as number) >
          (this.#probability[heap[below] as number] as number)
      ) {
        below = right;
      }
      if ((this.#probability[heap[below] as number] as number) <= own) break;
      heap[at] = heap[below] as number;
      at = below;
    }
    heap[at] = moved;
    return first;
  }
}
