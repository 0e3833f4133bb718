import type { Confusions } from '../../domain/confusion.js';
import { DIGITS, digitOf } from '../packed-key.js';

/** Two characters of a plate that are read as one. */
export interface MergedPair {
  /** The digits of the characters on the plate, as packed keys have them. */
  readonly first: number;
  readonly second: number;
  readonly probability: number;
}

/** The reader's confusions, arranged by what was read: all that the plate may show instead. */
export class ConfusionTable {
  /** [read * DIGITS + shown]: probability that a shown character is read as this one. */
  readonly #substituted = new Float64Array(DIGITS * DIGITS);
  /** What to look through for each character read. */
  readonly #shownBy: readonly number[][];
  /** By character: probability that it is left out of the read. */
  readonly lost = new Float64Array(DIGITS);
  /** By character: probability that it stands in a read and not on the plate. */
  readonly added = new Float64Array(DIGITS);
  /** Those that may be left out. */
  readonly losable: readonly number[];
  readonly #merged: readonly MergedPair[][];
  /** By character read: all that the plate may show in its place, added up. */
  readonly #wrong = new Float64Array(DIGITS);
  readonly #lostAtAll: number;

  constructor(confusions: Confusions) {
    const shownBy = Array.from({ length: DIGITS }, (): number[] => []);
    for (const [shown, readAs] of Object.entries(confusions.substituted)) {
      for (const [read, probability] of Object.entries(readAs)) {
        if (probability <= 0) continue;
        this.#substituted[digitOf(read) * DIGITS + digitOf(shown)] = probability;
        shownBy[digitOf(read)]?.push(digitOf(shown));
      }
    }
    this.#shownBy = shownBy;
    fill(this.lost, confusions.lost);
    fill(this.added, confusions.added);
    this.losable = [...this.lost.keys()].filter((digit) => (this.lost[digit] as number) > 0);
    const merged = Array.from({ length: DIGITS }, (): MergedPair[] => []);
    for (const [pair, readAs] of Object.entries(confusions.merged)) {
      const [first, second] = [digitOf(pair[0] as string), digitOf(pair[1] as string)];
      for (const [read, probability] of Object.entries(readAs)) {
        if (probability > 0) merged[digitOf(read)]?.push({ first, second, probability });
      }
    }
    this.#merged = merged;
    for (let read = 1; read < DIGITS; read++) {
      const pairs = this.mergedInto(read).reduce((sum, { probability }) => sum + probability, 0);
      const shown = this.shownAs(read).reduce((sum, digit) => sum + this.substituted(digit, read), 0);
      this.#wrong[read] = pairs + shown;
    }
    this.#lostAtAll = this.lost.reduce((sum, probability) => sum + probability, 0);
  }

  /** What the table holds against a read altogether. @param digits of its text, `length` of them. */
  against(digits: Uint8Array, length: number): number {
    let sum = (length + 1) * this.#lostAtAll;
    for (let place = 0; place < length; place++) {
      const digit = digits[place] as number;
      sum += (this.#wrong[digit] as number) + (this.added[digit] as number) / length;
    }
    return sum;
  }

  /** Digits of the characters that are now and then read as this one. */
  shownAs(read: number): readonly number[] {
    return this.#shownBy[read] as number[];
  }

  /** Probability that a character of a plate is read as another one. */
  substituted(shown: number, read: number): number {
    return this.#substituted[read * DIGITS + shown] as number;
  }

  /** Pairs that are now and then read as this one character. */
  mergedInto(read: number): readonly MergedPair[] {
    return this.#merged[read] as MergedPair[];
  }
}

function fill(byDigit: Float64Array, probabilities: Readonly<Record<string, number>>): void {
  for (const [character, probability] of Object.entries(probabilities)) {
    byDigit[digitOf(character)] = probability;
  }
}
