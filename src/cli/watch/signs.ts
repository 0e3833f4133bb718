import type { HitCategory } from '../../domain/hit-category.js';

/**
 * How categories are told apart: by word and sign first, so that a terminal without colours loses nothing, then by
 * colour and bell. A table, to be replaced by the colours and sounds that a force prescribes.
 */
export interface Sign {
  readonly word: string;
  readonly mark: string;
  /** SGR parameters of ECMA-48. */
  readonly colour: string;
  /** Strokes of the bell. A silent hit is not to be noticed outside the car. */
  readonly strokes: number;
}

export const SIGNS: Readonly<Record<HitCategory, Sign>> = {
  stop: { word: 'STOP', mark: '!!', colour: '1;97;41', strokes: 3 },
  action: { word: 'ACTION', mark: '! ', colour: '1;30;43', strokes: 2 },
  silent: { word: 'SILENT', mark: '~ ', colour: '1;97;44', strokes: 0 },
  information: { word: 'INFO', mark: '. ', colour: '1', strokes: 1 },
};

export const BETWEEN_STROKES_MS = 250;

export const WARNING_COLOUR = '1;33';
export const DIM_COLOUR = '2';
export const BAR_COLOUR = '7';

/** Puts text into a colour, or leaves it as it is. */
export type Paint = (text: string, colour: string) => string;

export const inColour: Paint = (text, colour) => `\u001b[${colour}m${text}\u001b[0m`;
export const withoutColour: Paint = (text) => text;
