import type { Fix, Place } from '../domain/position.js';
import { metresBetween } from './place.js';
import type { FixDetails, Utterance } from './utterance.js';

/** A fix, fuller than one of the same `atMono` before; or that there is none at this moment. */
export type Assembled =
  | { readonly kind: 'fix'; readonly fix: Fix }
  | { readonly kind: 'no-fix'; readonly atMono: number };

/**
 * Details stand for the fixes that are told within so long, until their own come: those that do not name their
 * moment, and those of the moment before.
 */
const DETAILS_FRESH_MS = 1_500;
/** Sentences of one moment say the same place, to the last digit that each has. */
const MOST_APART_METRES = 20;
/** Below it a course is noise. */
const STANDING_METRES_PER_SECOND = 0.5;

interface Epoch {
  readonly name: string;
  readonly atMono: number;
  isVoid: boolean;
  place?: Place;
  details: FixDetails;
}

/**
 * Puts together what a receiver tells of one moment in several sentences.
 *
 * Invariants
 * - A fix is given with the first sentence that has a place, and again, fuller, with the others: nobody
 *   waits for a sentence that may not come.
 * - One sentence that says void makes the whole moment void, and so do two that say different places: a checksum
 *   of NMEA lets one garbled sentence in some hundred pass.
 * - A moment is as old as its first sentence, so a receiver that froze and repeats itself grows old.
 */
export class FixAssembler {
  #epoch: Epoch | undefined;
  #loose: { readonly details: FixDetails; readonly atMono: number } | undefined;

  /** @param atMono when the first byte of the sentence came. */
  take(utterance: Utterance, atMono: number): Assembled | undefined {
    switch (utterance.kind) {
      case 'void': {
        const epoch = this.#epochOf(utterance.epoch, atMono);
        epoch.isVoid = true;
        return { kind: 'no-fix', atMono: epoch.atMono };
      }
      case 'place': {
        const epoch = this.#epochOf(utterance.epoch, atMono);
        if (epoch.place && metresBetween(epoch.place, utterance.place) > MOST_APART_METRES)
          epoch.isVoid = true;
        if (epoch.isVoid) return { kind: 'no-fix', atMono: epoch.atMono };
        epoch.place = utterance.place;
        epoch.details = { ...epoch.details, ...utterance.details };
        const fix = this.#fixOf(epoch);
        const { gpsAtMs: _, ...lasting } = utterance.details;
        this.#keepLoose(lasting, atMono);
        return fix;
      }
      case 'details':
        this.#keepLoose(utterance.details, atMono);
        if (!this.#epoch || atMono - this.#epoch.atMono > DETAILS_FRESH_MS) return undefined;
        return this.#fixOf(this.#epoch);
      case 'other':
        return undefined;
    }
  }

  #epochOf(name: string | undefined, atMono: number): Epoch {
    if (name === undefined || this.#epoch?.name !== name) {
      this.#epoch = { name: name ?? '', atMono, isVoid: false, details: {} };
    }
    return this.#epoch as Epoch;
  }

  #fixOf(epoch: Epoch): Assembled | undefined {
    if (epoch.isVoid || !epoch.place) return undefined;
    const { courseDeg, ...details } = { ...this.#freshLoose(epoch.atMono), ...epoch.details };
    const isStanding = (details.speedMetresPerSecond ?? Infinity) < STANDING_METRES_PER_SECOND;
    const course = courseDeg === undefined || isStanding ? {} : { courseDeg };
    return { kind: 'fix', fix: { ...epoch.place, atMono: epoch.atMono, ...details, ...course } };
  }

  #keepLoose(details: FixDetails, atMono: number): void {
    this.#loose = { details: { ...this.#freshLoose(atMono), ...details }, atMono };
  }

  #freshLoose(atMono: number): FixDetails {
    const isFresh = this.#loose && Math.abs(atMono - this.#loose.atMono) <= DETAILS_FRESH_MS;
    return isFresh ? (this.#loose?.details ?? {}) : {};
  }
}
