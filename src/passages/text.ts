import { distance } from 'fastest-levenshtein';
import { BLANK, CHARSET, CLASSES, type Lattice } from '../domain/lattice.js';
import { foldVrm, type Vrm } from '../domain/vrm.js';

/**
 * What a plate says at a glance: enough to tell two vehicles apart, at the price of one pass over
 * the lattice. The read that leaves the device is fused from whole lattices instead.
 */
export interface Glimpse {
  /** Folded (O = 0, I = 1); '' where nothing looked like a character. */
  readonly text: string;
  /** 0 to 1: how sure the reader was of every column of it together. */
  readonly certainty: number;
}

/** From here on a glimpse is trusted enough to hold two plates together or apart. */
export const TRUSTED_CERTAINTY = 0.5;
/** Two trusted texts this much alike are one vehicle read twice (one character wrong in seven). */
export const ALIKE = 0.8;
/** Two trusted texts less alike than this are two vehicles. */
export const UNLIKE = 0.5;

/** The most probable class of every column, merged as CTC does. */
export function glimpse(lattice: Lattice): Glimpse {
  let text = '';
  let logCertainty = 0;
  for (const row of lattice.rows) {
    let before = BLANK;
    for (let step = 0; step < lattice.steps; step++) {
      let best = BLANK;
      let most = -Infinity;
      for (let index = 0; index < CLASSES; index++) {
        const value = row[step * CLASSES + index] as number;
        if (value > most) {
          most = value;
          best = index;
        }
      }
      logCertainty += most;
      if (best !== BLANK && best !== before) text += CHARSET[best];
      before = best;
    }
  }
  return { text: text === '' ? '' : foldVrm(text as Vrm), certainty: Math.exp(logCertainty) };
}

/** 1 for the same text, 0 for nothing in common: one minus the edits over the longer length. */
export function similarity(a: string, b: string): number {
  const longest = Math.max(a.length, b.length);
  return longest === 0 ? 1 : 1 - distance(a, b) / longest;
}

/**
 * What two glimpses say about two plates being one.
 * @returns their similarity, or undefined where either is not to be trusted.
 */
export function compareTexts(a: Glimpse | undefined, b: Glimpse | undefined): number | undefined {
  if (a === undefined || b === undefined) return undefined;
  if (Math.min(a.certainty, b.certainty) < TRUSTED_CERTAINTY) return undefined;
  // Two or three characters are as often a sticker as the end of a plate.
  if (Math.min(a.text.length, b.text.length) < 4) return undefined;
  return similarity(a.text, b.text);
}
