import type { JudgedRead } from '../../../src/cli/rating.js';

/** One character of a read: what the scores say of the place, and which of it is there. */
export interface CharacterSample {
  /** Probabilities that add up to 1: the read's character, its alternatives, all others together. */
  readonly shares: readonly number[];
  /** Index in `shares` of what the plate shows. */
  readonly truth: number;
}

/** One read as the scores have it, and whether it is right. */
export interface ReadSample {
  /** Of the text, before any calibration. */
  readonly probability: number;
  /** Folded. */
  readonly text: string;
  readonly right: boolean;
  /** None where the read is not of one length with the plate's text, or too far from it. */
  readonly characters: readonly CharacterSample[];
}

/** Reads of one kind: what may weigh, and be left out, together. */
export interface SampleGroup {
  readonly name: string;
  readonly weight: number;
  readonly samples: readonly ReadSample[];
}

/** A read with more wrong characters is shifted as a rule, and its places are not the text's. */
const MOST_WRONG_CHARACTERS = 2;

/** @returns undefined where nobody knows what is right. */
export function sampleOf({ read, verdict, truth }: JudgedRead): ReadSample | undefined {
  if (verdict === 'unknown') return undefined;
  return {
    probability: read.probability,
    text: read.matchKey,
    right: verdict === 'right',
    characters: truth === undefined ? [] : charactersOf(read, truth),
  };
}

function charactersOf({ matchKey, characters }: JudgedRead['read'], truth: string): CharacterSample[] {
  if (matchKey.length !== truth.length) return [];
  const wrong = Array.from(truth).filter((character, place) => character !== matchKey[place]).length;
  if (wrong > MOST_WRONG_CHARACTERS) return [];
  return characters.map(({ probability, alternatives }, place) => {
    const named = [probability, ...alternatives.map((alternative) => alternative.probability)];
    const others = Math.max(1e-4, 1 - named.reduce((a, b) => a + b, 0));
    const alternative = alternatives.findIndex(({ character }) => character === truth[place]);
    const isOwn = matchKey[place] === truth[place];
    return {
      shares: [...named, others],
      truth: isOwn ? 0 : alternative < 0 ? named.length : alternative + 1,
    };
  });
}
