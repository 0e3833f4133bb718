import { MAX_VRM_LENGTH } from '../../domain/vrm.js';
import { DIGITS, digitAt, PLACE_WEIGHTS, PLACES_PER_HALF } from '../packed-key.js';

/**
 * Ways to change a text in one place, and what several of them make of it.
 *
 * Invariants
 * - Two edits that take the same place of the text exclude each other, and so do two that move what
 *   is behind them: a text has one lost, added or merged character at most, and any number of
 *   others in its place.
 * - Whatever is packed is packed by additions to a text that was packed before.
 *
 * Typed arrays that are filled anew for every read, so that a check makes no garbage.
 */

/** Each place with every character, added, or parted; each gap with every character. */
const MOST_EDITS = 1_024;
const MOVES = 1 << MAX_VRM_LENGTH;

export class Edits {
  /** Of the text that is changed, its characters as digits of a packed key. */
  readonly digits = new Uint8Array(MAX_VRM_LENGTH + 1);
  length = 0;
  high = 0;
  low = 0;

  count = 0;
  /** The edits, the one with the greatest factor first; sort() makes it. */
  readonly order = new Int16Array(MOST_EDITS);
  /** Probability of the text with this edit alone, divided by that of the text without. */
  readonly factor = new Float64Array(MOST_EDITS);
  /** A bit for each place that it takes, and MOVES; two edits with a bit in common exclude each other. */
  readonly taken = new Int32Array(MOST_EDITS);
  readonly #place = new Int8Array(MOST_EDITS);
  readonly #digit = new Uint8Array(MOST_EDITS);
  readonly #second = new Uint8Array(MOST_EDITS);
  /** By how many places it moves what is behind it (-1, 0 or 1), and from which place of the text on. */
  readonly #movesBy = new Int8Array(MOST_EDITS);
  readonly #movesFrom = new Int8Array(MOST_EDITS);
  /** The packed text that it makes, where it moves something. */
  readonly #movedHigh = new Float64Array(MOST_EDITS);
  readonly #movedLow = new Float64Array(MOST_EDITS);
  readonly #moved = new Uint8Array(MAX_VRM_LENGTH + 1);

  /** Forgets all edits and takes another text. */
  reset(text: string): void {
    this.count = 0;
    this.length = text.length;
    for (let place = 0; place < text.length; place++) this.digits[place] = digitAt(text, place);
    this.high = pack(this.digits, 0, this.length);
    this.low = pack(this.digits, PLACES_PER_HALF, this.length);
  }

  /** Another character in a place. */
  substitute(place: number, digit: number, factor: number): void {
    const edit = this.#push(place, factor, 1 << place);
    this.#digit[edit] = digit;
  }

  /** A character before a place, or behind the last one. */
  insert(place: number, digit: number, factor: number): void {
    const edit = this.#push(place, factor, MOVES);
    this.#digit[edit] = digit;
    this.#move(edit, { by: 1, from: place });
  }

  /** No character in a place. */
  remove(place: number, factor: number): void {
    const edit = this.#push(place, factor, MOVES | (1 << place));
    this.#move(edit, { by: -1, from: place + 1 });
  }

  /** Two characters in the place of one. */
  part(place: number, digits: { readonly first: number; readonly second: number }, factor: number): void {
    const edit = this.#push(place, factor, MOVES | (1 << place));
    this.#digit[edit] = digits.first;
    this.#second[edit] = digits.second;
    this.#move(edit, { by: 1, from: place + 1 });
  }

  /** Whether one of the first `among` edits makes the text that the last one makes. */
  isLastAmong(among: number): boolean {
    const last = this.count - 1;
    for (let edit = 0; edit < Math.min(among, last); edit++) {
      if (this.#movesBy[edit] !== this.#movesBy[last]) continue;
      const isSame =
        this.#movesBy[last] === 0
          ? this.#place[edit] === this.#place[last] && this.#digit[edit] === this.#digit[last]
          : this.#movedHigh[edit] === this.#movedHigh[last] && this.#movedLow[edit] === this.#movedLow[last];
      if (isSame) return true;
    }
    return false;
  }

  dropLast(): void {
    this.count--;
  }

  /** Puts `order` in order: Shell's sort, for some tens of edits, in place. */
  sort(): void {
    const { order, factor, count } = this;
    for (let i = 0; i < count; i++) order[i] = i;
    for (const gap of SHELL_GAPS) {
      for (let i = gap; i < count; i++) {
        const edit = order[i] as number;
        const own = factor[edit] as number;
        let at = i;
        while (at >= gap && (factor[order[at - gap] as number] as number) < own) {
          order[at] = order[at - gap] as number;
          at -= gap;
        }
        order[at] = edit;
      }
    }
  }

  /**
   * Packs the text that several edits make together.
   * @param chosen edits that do not exclude each other, `count` of them from `from` on.
   * @param packed gets the two halves.
   */
  pack(chosen: Int16Array, { from, count }: { from: number; count: number }, packed: Float64Array): void {
    let { high, low } = this;
    let movesBy = 0;
    let movesFrom = 0;
    for (let i = from; i < from + count; i++) {
      const edit = chosen[i] as number;
      if (this.#movesBy[edit] === 0) continue;
      high = this.#movedHigh[edit] as number;
      low = this.#movedLow[edit] as number;
      movesBy = this.#movesBy[edit] as number;
      movesFrom = this.#movesFrom[edit] as number;
    }
    for (let i = from; i < from + count; i++) {
      const edit = chosen[i] as number;
      if (this.#movesBy[edit] !== 0) continue;
      const place = this.#place[edit] as number;
      const moved = movesBy !== 0 && place >= movesFrom ? place + movesBy : place;
      const change = (this.#digit[edit] as number) - (this.digits[place] as number);
      if (moved < PLACES_PER_HALF) high += change * (PLACE_WEIGHTS[moved] as number);
      else low += change * (PLACE_WEIGHTS[moved - PLACES_PER_HALF] as number);
    }
    packed[0] = high;
    packed[1] = low;
  }

  #push(place: number, factor: number, taken: number): number {
    // More than can be likelier than anything that is asked for; the least likely come last.
    const edit = Math.min(this.count, MOST_EDITS - 1);
    this.count = edit + 1;
    this.#place[edit] = place;
    this.factor[edit] = factor;
    this.taken[edit] = taken;
    this.#movesBy[edit] = 0;
    return edit;
  }

  #move(edit: number, { by, from }: { by: number; from: number }): void {
    const { digits, length } = this;
    const moved = this.#moved;
    const place = this.#place[edit] as number;
    for (let i = 0; i < place; i++) moved[i] = digits[i] as number;
    if (by === 1) moved[place] = this.#digit[edit] as number;
    if (by === 1 && from > place) moved[place + 1] = this.#second[edit] as number;
    for (let i = from; i < length; i++) moved[i + by] = digits[i] as number;
    this.#movesBy[edit] = by;
    this.#movesFrom[edit] = from;
    this.#movedHigh[edit] = pack(moved, 0, length + by);
    this.#movedLow[edit] = pack(moved, PLACES_PER_HALF, length + by);
  }
}

const SHELL_GAPS = [132, 57, 23, 10, 4, 1];

function pack(digits: Uint8Array, from: number, length: number): number {
  let packed = 0;
  for (let place = from; place < from + PLACES_PER_HALF; place++) {
    packed = packed * DIGITS + (place < length ? (digits[place] as number) : 0);
  }
  return packed;
}
