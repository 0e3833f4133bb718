import { BLANK, CHARSET, CLASSES, type Lattice } from './lattice.js';
import { foldTwins } from './lattice-fold.js';
import { logLikelihood } from './lattice-search.js';

/** What a lattice says at first sight. */
export interface Glance {
  /** Folded (O = 0, I = 1), both rows together. */
  readonly text: string;
  /** 0 to 1: of this text, exactly, over all ways to spell it. */
  readonly probability: number;
}

/**
 * The text of the most probable path and its exact probability: nearly always the most probable
 * text, at a small part of the price of searching for it.
 */
export function glanceAt(lattice: Lattice): Glance {
  const folded = foldTwins(lattice);
  const rows = folded.rows.map((row) => pathText(row, folded.steps));
  return { text: rows.join(''), probability: Math.exp(logLikelihood(folded, rows)) };
}

function pathText(row: Float32Array, steps: number): string {
  let text = '';
  let before = BLANK;
  for (let step = 0; step < steps; step++) {
    let best = BLANK;
    for (let index = 0; index < CLASSES; index++) {
      if ((row[step * CLASSES + index] as number) > (row[step * CLASSES + best] as number)) best = index;
    }
    if (best !== BLANK && best !== before) text += CHARSET[best];
    before = best;
  }
  return text;
}
