import { type Box, iou } from '../domain/geometry.js';
import type { PlateRead } from '../domain/read.js';
import type { Motion } from './motion.js';
import type { Reading } from './reading.js';

/**
 * Which of the things that never moved are vehicles.
 *
 * What has travelled is one. A camera also shows text that no vehicle carries: lines that it
 * burns into the picture itself, signs, hoardings. They stay where they are from the first frame
 * to the last. So does a vehicle that was parked before the camera was switched on, and it must
 * not be missed; four things tell it from them:
 * - its text is the same in every frame, which a clock's or a counter's is not;
 * - its text is a mark, with a digit in it, and not the word of a sign;
 * - it does not lie in the strip along the top or bottom border where cameras write;
 * - it is reported once: a place that says the same again says nothing new, and one where the text
 *   kept changing is never believed again, unless something moves off from it.
 */
export type StillVerdict = 'vehicle' | 'static' | 'undecided';

/** Cameras write along the top and the bottom: a tenth of the height holds two lines of text. */
const STRIP_SHARE = 0.1;
/** Before this, standing still proves nothing. */
const STILL_AFTER_MS = 1_000;
const STILL_AFTER_SIGHTINGS = 5;
/** A standing plate with the same text for so long is taken for a vehicle's. */
const STANDING_VEHICLE_AFTER_MS = 3_000;
const STANDING_VEHICLE_WITNESSES = 4;
const STABLE_AGREEMENT = 0.7;
/** Shorter marks exist; shorter texts on signs (M25, 30) are far more. */
const SHORTEST_STILL_MARK = 4;

export interface StillQuestion {
  readonly motion: Motion;
  readonly reading: Reading;
  readonly frameHeightPx: number;
  /** That it has gone, so that an answer is due. */
  readonly ended: boolean;
}

export function judge({ motion, reading, frameHeightPx, ended }: StillQuestion): StillVerdict {
  if (motion.travelled) return 'vehicle';
  if (liesInStrip(motion.last.box, frameHeightPx)) {
    return ended && motion.sightings > 1 ? 'static' : ended ? 'vehicle' : 'undecided';
  }
  const stable = reading.agreement >= STABLE_AGREEMENT && isMark(reading.read);
  if (ended) {
    const brief = motion.ageMs < STILL_AFTER_MS || motion.sightings < STILL_AFTER_SIGHTINGS;
    return brief || stable ? 'vehicle' : 'static';
  }
  const stands = motion.ageMs >= STANDING_VEHICLE_AFTER_MS && reading.witnesses >= STANDING_VEHICLE_WITNESSES;
  return stands && stable ? 'vehicle' : 'undecided';
}

/** Only 2 to 9 are digits for sure: a reader may see 0 and 1 in the letters O and I of a word. */
function isMark(read: PlateRead | undefined): boolean {
  if (read === undefined || read.vrm.length < SHORTEST_STILL_MARK) return false;
  return read.ukClass !== undefined || /[2-9]/.test(read.vrm);
}

function liesInStrip(box: Box, frameHeightPx: number): boolean {
  const stripPx = frameHeightPx * STRIP_SHARE;
  return box.y + box.height <= stripPx || box.y >= frameHeightPx - stripPx;
}

/** Enough for every sign in a picture; the longest unseen goes first. */
const MOST_PLACES = 64;
const SAME_PLACE_IOU = 0.3;

/** Places where something that never moved was seen to the end, and what it said there. */
export class StillPlaces {
  #places: { readonly box: Box; readonly text: string | undefined }[] = [];

  has(box: Box): boolean {
    return this.#places.some((place) => iou(place.box, box) >= SAME_PLACE_IOU);
  }

  /** Whether what stands here and says this is known: the same text again, or text of all kinds. */
  isKnown(box: Box, text: string | undefined): boolean {
    return this.#places.some(
      (place) => (place.text === undefined || place.text === text) && iou(place.box, box) >= SAME_PLACE_IOU,
    );
  }

  /** @param text undefined where it kept changing. */
  remember(box: Box, text: string | undefined): void {
    this.#places = this.#places.filter(
      (place) => place.text !== text || iou(place.box, box) < SAME_PLACE_IOU,
    );
    this.#places.push({ box, text });
    if (this.#places.length > MOST_PLACES) this.#places.shift();
  }
}
