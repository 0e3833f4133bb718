import type { PlateRead } from '../../domain/read.js';
import { MAX_VRM_LENGTH, type MatchKey } from '../../domain/vrm.js';
import { DIGITS, digitAt, digitOf } from '../packed-key.js';
import type { ConfusionTable } from './confusion-table.js';
import { Edits } from './edits.js';

/** A whole text that a read states and that no single edit makes of it. */
export interface StatedText {
  readonly matchKey: MatchKey;
  readonly probability: number;
}

/**
 * Part of what a read leaves unexplained that is one error of the kinds in the table; the rest are
 * several errors at once, and texts that are no marks. Fitted on drawn vehicles that the table was
 * not counted on: what is found with a probability of 0.0001 to 0.3 is right as often as it says, but
 * for a third at most.
 */
export const TABLE_SHARE = 0.25;
const SHORTEST_TEXT_LENGTH = 2;

/**
 * All that may be wrong in one place of a read, and how probable the text is then.
 *
 * What the read says itself is taken at its word, for it has seen this plate: first the texts that
 * it states, then the characters that it gives as alternatives. Together with its own text they
 * leave some probability that the read cannot account for; the confusion table, which has seen the
 * reader err without knowing it, says where that goes, in proportion to how often each error
 * happens. So a read that is sure of its text leaves the table next to nothing to say.
 */
export class Gatherer {
  readonly edits = new Edits();
  readonly #table: ConfusionTable;
  readonly #isReported = new Uint8Array(DIGITS);
  /** Edits below it are left out: probability in relation to the read's. */
  #least = 0;
  /** The first edits of all, which the read states as whole texts. */
  #statedEdits = 0;
  /** Factor of an error that happens to every character; others in proportion. */
  #perConfusion = 0;

  constructor(table: ConfusionTable) {
    this.#table = table;
  }

  /**
   * Fills `edits`.
   * @param least edits whose factor (probability in relation to the read's) is below it are left out.
   * @returns what the read states besides.
   */
  gather(read: PlateRead, least: number): readonly StatedText[] {
    const { edits } = this;
    edits.reset(read.matchKey);
    this.#least = least;
    this.#statedEdits = 0;
    const others = this.#addStated(read);
    this.#statedEdits = edits.count;
    const { share, unexplained } = accountOf(read);
    const against = this.#table.against(edits.digits, edits.length);
    this.#perConfusion = against > 0 ? (TABLE_SHARE * unexplained) / read.probability / against : 0;
    for (let place = 0; place < edits.length; place++) {
      this.#addReported(read, place, share);
      this.#addConfused(place);
      this.#addUnlost(place);
    }
    this.#addUnlost(edits.length);
    edits.sort();
    return others;
  }

  /** As edits, so that another wrong character may come on top of them. */
  #addStated(read: PlateRead): readonly StatedText[] {
    return (read.otherTexts ?? []).filter(
      ({ matchKey, probability }) =>
        matchKey !== read.matchKey &&
        !this.#addAsEdit(matchKey, read.matchKey, probability / read.probability),
    );
  }

  /** @returns whether one edit makes the text of the read. */
  #addAsEdit(text: string, read: string, factor: number): boolean {
    const { edits } = this;
    const growth = text.length - read.length;
    const { before, behind } = inCommon(text, read);
    const changed = read.length - before - behind;
    if (growth === 0 && changed === 1) edits.substitute(before, digitAt(text, before), factor);
    else if (growth === 1 && changed === 0) edits.insert(before, digitAt(text, before), factor);
    else if (growth === -1 && changed === 1) edits.remove(before, factor);
    else if (growth === 1 && changed === 1) {
      edits.part(before, { first: digitAt(text, before), second: digitAt(text, before + 1) }, factor);
    } else return false;
    return true;
  }

  #addReported(read: PlateRead, place: number, share: number): void {
    this.#isReported.fill(0);
    const character = read.characters[place];
    for (const alternative of character?.alternatives ?? []) {
      const digit = digitOf(alternative.character);
      this.#isReported[digit] = 1;
      this.#substitute(place, digit, (share * alternative.probability) / (character?.probability as number));
    }
  }

  /** What the table knows of the character in a place, where the read itself says nothing. */
  #addConfused(place: number): void {
    const { edits } = this;
    const table = this.#table;
    const own = edits.digits[place] as number;
    for (const digit of table.shownAs(own)) {
      if (this.#isReported[digit] === 1) continue;
      this.#substitute(place, digit, this.#perConfusion * table.substituted(digit, own));
    }
    for (const { first, second, probability } of table.mergedInto(own)) {
      const factor = this.#perConfusion * probability;
      if (factor < this.#least || edits.length >= MAX_VRM_LENGTH) continue;
      edits.part(place, { first, second }, factor);
      this.#dropIfStated();
    }
    const removed = (this.#perConfusion * (table.added[own] as number)) / edits.length;
    if (removed < this.#least || edits.length <= SHORTEST_TEXT_LENGTH) return;
    edits.remove(place, removed);
    this.#dropIfStated();
  }

  /** What may have been lost before a place, or behind the last one. */
  #addUnlost(place: number): void {
    const { edits } = this;
    if (edits.length >= MAX_VRM_LENGTH) return;
    for (const digit of this.#table.losable) {
      const factor = this.#perConfusion * (this.#table.lost[digit] as number);
      if (factor < this.#least) continue;
      edits.insert(place, digit, factor);
      this.#dropIfStated();
    }
  }

  #substitute(place: number, digit: number, factor: number): void {
    if (factor < this.#least || digit === this.edits.digits[place]) return;
    this.edits.substitute(place, digit, factor);
    this.#dropIfStated();
  }

  #dropIfStated(): void {
    if (this.edits.isLastAmong(this.#statedEdits)) this.edits.dropLast();
  }
}

function inCommon(a: string, b: string): { before: number; behind: number } {
  const shorter = Math.min(a.length, b.length);
  let before = 0;
  while (before < shorter && a[before] === b[before]) before++;
  let behind = 0;
  while (behind < shorter - before && a.at(-1 - behind) === b.at(-1 - behind)) behind++;
  return { before, behind };
}

interface Account {
  /**
   * How much of their word the alternatives of single characters get: they and the read's own text
   * come from two calibrations, and all texts together must not be more probable than 1.
   */
  readonly share: number;
  /** Probability of all texts that the read does not name. */
  readonly unexplained: number;
}

function accountOf(read: PlateRead): Account {
  let told = 0;
  for (const { probability, alternatives } of read.characters) {
    for (const alternative of alternatives) told += alternative.probability / probability;
  }
  told *= read.probability;
  const left = 1 - read.probability;
  let stated = 0;
  for (const { probability } of read.otherTexts ?? []) stated += probability;
  // Texts that differ in one character are told twice, by the text and by the character.
  return { share: told <= left ? 1 : left / told, unexplained: Math.max(0, left - Math.max(told, stated)) };
}
