import type { Vrm } from '../vrm.js';

/**
 * The forms of UK registration marks.
 *
 * O and 0, and I and 1, are one glyph on a UK plate, so a reader cannot know which it saw; where
 * a mark fits a form, the form says which is meant.
 *
 * The forms of the islands, of Ireland and of military marks are partly recalled; they
 * name a mark, and favour nothing.
 */

export type UkClass =
  | 'current'
  | 'prefix'
  | 'suffix'
  | 'q'
  | 'northern-ireland'
  | 'dateless'
  | 'diplomatic'
  | 'trade'
  | 'military'
  | 'isle-of-man'
  | 'jersey'
  | 'guernsey'
  | 'irish';

/** Tried in this order: the narrower form first. */
const FORMS: readonly (readonly [UkClass, RegExp])[] = [
  // Codes that are the island's alone, in forms that the mainland has too.
  ['isle-of-man', /^(?:MN|MAN)(?!0)\d{1,4}[A-Z]?$|^[A-Z]MN(?!0)\d{1,3}[A-Z]?$/],
  ['current', /^[A-HJ-PR-Y]{2}(?!00|01|50)\d{2}[A-HJ-PR-Z]{3}$/],
  ['q', /^Q(?!0)\d{1,3}[A-HJ-PR-Y]{3}$/],
  ['prefix', /^[A-HJ-NPR-TV-Y](?!0)\d{1,3}[A-HJ-PR-Y]{3}$/],
  ['suffix', /^[A-HJ-PR-Y]{3}(?!0)\d{1,3}[A-HJ-NPR-TV-Y]$/],
  ['northern-ireland', /^[A-HJ-PR-Y](?:[IZ][A-PR-Z]|[A-PR-Z][IZ])(?!0)\d{1,4}$/],
  ['diplomatic', /^\d{3}[DX]\d{3}$/],
  ['trade', /^0\d{4}$/],
  ['military', /^(?:\d{2}[A-Z]{2}\d{2}|[A-Z]{2}\d{2}[A-Z]{2})$/],
  ['irish', /^(?:(?:8[7-9]|9\d|0\d|1[0-2])|(?:1[3-9]|[2-4]\d)[12])[A-Z]{1,2}(?!0)\d{1,6}$/],
  [
    'dateless',
    /^(?:(?!0)\d{1,4}[A-Z]{1,2}|(?!0)\d{1,3}[A-Z]{3}|[A-Z]{1,2}(?!0)\d{1,4}|[A-Z]{3}(?!0)\d{1,3})$/,
  ],
  ['jersey', /^J(?!0)\d{5,6}$/],
  ['guernsey', /^(?!0)\d{1,5}$/],
];

/** The class of UK mark that a text has exactly the form of, if any. */
export function classify(vrm: Vrm): UkClass | undefined {
  return FORMS.find(([, form]) => form.test(vrm))?.[0];
}

const DIGIT_OF: Readonly<Record<string, string>> = { O: '0', I: '1' };
const LETTER_OF: Readonly<Record<string, string>> = { '0': 'O', '1': 'I' };

/**
 * Rewrites O/0 and I/1 (nothing else) so that the mark has a UK form: with as few changes as can
 * be, and the first form in the order above where several need as few.
 * @returns the mark as it was where it already has a form, or none can be had.
 */
export function restorePrintedForm(vrm: Vrm): { readonly vrm: Vrm; readonly ukClass?: UkClass } {
  let best: { readonly vrm: Vrm; readonly ukClass: UkClass; readonly changed: number } | undefined;
  const spellings = spell(vrm);
  for (const [ukClass, form] of FORMS) {
    for (const spelling of spellings) {
      const changed = changes(spelling, vrm);
      if (!form.test(spelling) || changed >= (best?.changed ?? Infinity)) continue;
      best = { vrm: spelling as Vrm, ukClass, changed };
    }
  }
  return best === undefined ? { vrm } : { vrm: best.vrm, ukClass: best.ukClass };
}

/** Every way to write the ambiguous characters; a mark has at most a handful of them. */
function spell(vrm: string): string[] {
  let texts = [''];
  for (const character of vrm) {
    const other = DIGIT_OF[character] ?? LETTER_OF[character];
    texts = texts.flatMap((text) =>
      other === undefined ? [text + character] : [text + character, text + other],
    );
  }
  return texts;
}

function changes(a: string, b: string): number {
  let count = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) count++;
  return count;
}
