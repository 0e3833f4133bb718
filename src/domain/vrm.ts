/**
 * A vehicle registration mark, and the key under which marks are compared.
 *
 * A mark is normalised once, where it enters (a reader's output, a list's row, an operator's
 * argument), and carries the brand from then on, so that no later code has to wonder.
 */

declare const vrmBrand: unique symbol;
declare const keyBrand: unique symbol;

/** Upper-case A-Z and 0-9, no spaces, 1 to 12 characters. */
export type Vrm = string & { readonly [vrmBrand]: true };

/** A mark with O folded to 0 and I to 1: UK plates draw each pair with one glyph. */
export type MatchKey = string & { readonly [keyBrand]: true };

export const MAX_VRM_LENGTH = 12;

/**
 * Normalises a mark as people and files write it: any case, with spaces, hyphens, dots.
 * @returns undefined where it is empty, too long, or holds any other character.
 */
export function parseVrm(text: string): Vrm | undefined {
  const normalised = text.toUpperCase().replace(/[\s.\-·]/gu, '');
  return /^[A-Z0-9]{1,12}$/.test(normalised) ? (normalised as Vrm) : undefined;
}

/** The key under which two marks that print alike are equal. */
export function foldVrm(vrm: Vrm): MatchKey {
  return vrm.replaceAll('O', '0').replaceAll('I', '1') as unknown as MatchKey;
}
