import type { Face } from './face.js';
import type { Mark } from './marks.js';

/** The three shapes of UK plate: one line, the square one of some cars, and a motorcycle's. */
export type PlateForm = 'one-line' | 'square' | 'motorcycle';

interface Measures {
  readonly widthMm: number;
  readonly heightMm: number;
  readonly characterHeightMm: number;
  readonly characterWidthMm: number;
  readonly gapMm: number;
  readonly groupGapMm: number;
  readonly lineGapMm: number;
  readonly lines: 1 | 2;
}

export const PLATE_FORMS: Readonly<Record<PlateForm, Measures>> = {
  'one-line': {
    widthMm: 520,
    heightMm: 111,
    characterHeightMm: 79,
    characterWidthMm: 50,
    gapMm: 11,
    groupGapMm: 33,
    lineGapMm: 0,
    lines: 1,
  },
  square: {
    widthMm: 285,
    heightMm: 203,
    characterHeightMm: 79,
    characterWidthMm: 50,
    gapMm: 11,
    groupGapMm: 33,
    lineGapMm: 19,
    lines: 2,
  },
  motorcycle: {
    widthMm: 245,
    heightMm: 180,
    characterHeightMm: 64,
    characterWidthMm: 44,
    gapMm: 10,
    groupGapMm: 30,
    lineGapMm: 13,
    lines: 2,
  },
};

export interface PlacedCharacter {
  readonly character: string;
  /** Left edge and top, mm from the plate's top left corner. */
  readonly xMm: number;
  readonly yMm: number;
  readonly widthMm: number;
  readonly heightMm: number;
}

/** Where each character of a mark stands on its plate: lines centred, prescribed gaps. */
export function layOutPlate(mark: Mark, form: PlateForm, face: Face): PlacedCharacter[] {
  const measures = PLATE_FORMS[form];
  const lines = measures.lines === 1 ? [mark.groups] : mark.groups.map((group) => [group]);
  const blockMm = lines.length * measures.characterHeightMm + (lines.length - 1) * measures.lineGapMm;
  return lines.flatMap((groups, line) => {
    const topMm =
      (measures.heightMm - blockMm) / 2 + line * (measures.characterHeightMm + measures.lineGapMm);
    return layOutLine(groups, topMm, measures, face);
  });
}

function layOutLine(
  groups: readonly string[],
  topMm: number,
  measures: Measures,
  face: Face,
): PlacedCharacter[] {
  const placed: PlacedCharacter[] = [];
  let xMm = 0;
  for (const [index, group] of groups.entries()) {
    if (index > 0) xMm += measures.groupGapMm - measures.gapMm;
    for (const character of group) {
      // 1 and I are as narrow as their stroke.
      const widthMm = (face.glyph(character).widthMm * measures.characterWidthMm) / 50;
      placed.push({ character, xMm, yMm: topMm, widthMm, heightMm: measures.characterHeightMm });
      xMm += widthMm + measures.gapMm;
    }
  }
  const startMm = (measures.widthMm - (xMm - measures.gapMm)) / 2;
  return placed.map((character) => ({ ...character, xMm: character.xMm + startMm }));
}
