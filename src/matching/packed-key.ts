import { MAX_VRM_LENGTH, type MatchKey } from '../domain/vrm.js';

/**
 * A match key in 64 bits: two halves of six places each, a place being one digit of base 37.
 *
 * 37^6 is below 2^32, so each half is a plain unsigned integer of 32 bits and a place weighs the
 * same in every key: what changes one character changes one half by one product, and a neighbour
 * of a text is packed by a few additions. Places behind the end are 0, characters 1 to 36, so that
 * no key packs to (0, 0) and none packs like another of another length.
 */
export const PLACES_PER_HALF = MAX_VRM_LENGTH / 2;
const BASE = 37;

const CHARACTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** What a place of a half weighs, by place from the left. */
export const PLACE_WEIGHTS = Float64Array.from(
  { length: PLACES_PER_HALF },
  (_, place) => BASE ** (PLACES_PER_HALF - 1 - place),
);

/** How many different digits a place may have, 0 (no character) included. */
export const DIGITS = BASE;

const DIGIT_BY_CODE = new Uint8Array(128);
for (let i = 0; i < CHARACTERS.length; i++) DIGIT_BY_CODE[CHARACTERS.charCodeAt(i)] = i + 1;
// Whoever forgot to fold a character means the same place all the same.
DIGIT_BY_CODE['O'.charCodeAt(0)] = DIGIT_BY_CODE['0'.charCodeAt(0)] as number;
DIGIT_BY_CODE['I'.charCodeAt(0)] = DIGIT_BY_CODE['1'.charCodeAt(0)] as number;

/** The digit, 1 to 36, of the character in a place of a text; of anything but A-Z and 0-9 it is 0. */
export function digitAt(text: string, place: number): number {
  return DIGIT_BY_CODE[text.charCodeAt(place)] ?? 0;
}

/** The same of a single character. */
export function digitOf(character: string): number {
  return digitAt(character, 0);
}

/** The first half of a key: its first six places. */
export function packHigh(key: MatchKey): number {
  return packHalf(key, 0);
}

/** The second half of a key; 0 where it has six characters or fewer. */
export function packLow(key: MatchKey): number {
  return key.length <= PLACES_PER_HALF ? 0 : packHalf(key, PLACES_PER_HALF);
}

function packHalf(text: string, from: number): number {
  let packed = 0;
  for (let place = from; place < from + PLACES_PER_HALF; place++) {
    packed = packed * BASE + (place < text.length ? digitAt(text, place) : 0);
  }
  return packed;
}

/** The key again. */
export function unpackKey(high: number, low: number): MatchKey {
  return (unpackHalf(high) + unpackHalf(low)) as MatchKey;
}

function unpackHalf(half: number): string {
  let text = '';
  for (let left = half; left > 0; left = Math.floor(left / BASE)) {
    const digit = left % BASE;
    if (digit > 0) text = CHARACTERS[digit - 1] + text;
  }
  return text;
}
