import type { Fix, Position, PositionSourceKind } from '../domain/position.js';
import { courseBetween, placeBetween } from './place.js';

/** Passages are told of within minutes; an older moment has the nearest fix, and its age. */
const KEPT_MS = 600_000;
/** As many as the fastest receivers, at 20 a second, tell in that time: one that lies must not fill the memory. */
const MOST_KEPT = 12_000;
/**
 * Between two fixes so far apart a straight line is what a vehicle drives, to some metres; over a longer gap, as in
 * a tunnel, it would be a guess, and the nearest fix with its age is none.
 */
const MOST_BETWEEN_MS = 5_000;

/**
 * The fixes of the last minutes, in order of their moments.
 *
 * Invariants
 * - Moments grow strictly; one that is told again takes the place of the fix before.
 * - The newest fix is always kept, however old it is.
 */
export class FixTrack {
  #fixes: Fix[] = [];

  get newest(): Fix | undefined {
    return this.#fixes.at(-1);
  }

  put(fix: Fix): void {
    const newest = this.newest;
    if (newest && fix.atMono < newest.atMono) return;
    if (newest?.atMono === fix.atMono) this.#fixes.pop();
    this.#fixes.push(fix);
    // In slices: moving all of them for each that goes would cost more than it frees.
    const tooOld = this.#fixes.findIndex((kept) => kept.atMono >= fix.atMono - KEPT_MS);
    const tooMany = Math.max(tooOld, this.#fixes.length - MOST_KEPT);
    if (tooMany > 256) this.#fixes.splice(0, tooMany);
  }

  /** The receiver takes back what it said of this moment. */
  withdraw(atMono: number): void {
    if (this.newest?.atMono === atMono) this.#fixes.pop();
  }

  /**
   * Where it was at a moment: between the fix before and the fix after where they are close together, else at
   * the nearer one.
   * @returns undefined where neither is within `usefulMs` of it.
   */
  at(mono: number, usefulMs: number, source: PositionSourceKind): Position | undefined {
    const index = this.#firstAfter(mono);
    const before = this.#fixes[index - 1];
    const after = this.#fixes[index];
    const nearest = nearestOf(mono, before, after);
    if (!nearest) return undefined;
    const ageMs = Math.abs(mono - nearest.atMono);
    if (ageMs > usefulMs) return undefined;
    const isBetween = before && after && after.atMono - before.atMono <= MOST_BETWEEN_MS;
    const { atMono: _, gpsAtMs: __, ...fix } = isBetween ? between(before, after, mono) : nearest;
    return { ...fix, source, ageMs, isInterpolated: isBetween === true };
  }

  /** Index of the first fix after this moment. */
  #firstAfter(mono: number): number {
    let [low, high] = [0, this.#fixes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#fixes[middle] as Fix).atMono <= mono) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function nearestOf(mono: number, before: Fix | undefined, after: Fix | undefined): Fix | undefined {
  if (!before || !after) return before ?? after;
  return mono - before.atMono <= after.atMono - mono ? before : after;
}

/** Place, speed and course on the way between; no better founded than the worse of the two fixes. */
function between(before: Fix, after: Fix, mono: number): Fix {
  const share = (mono - before.atMono) / (after.atMono - before.atMono);
  const both = <K extends 'hdop' | 'satellites' | 'speedMetresPerSecond' | 'courseDeg'>(
    key: K,
    mix: (one: number, other: number) => number,
  ) => {
    const [one, other] = [before[key], after[key]];
    return one === undefined || other === undefined ? {} : { [key]: mix(one, other) };
  };
  return {
    ...placeBetween(before, after, share),
    atMono: mono,
    ...both('hdop', Math.max),
    ...both('satellites', Math.min),
    ...both('speedMetresPerSecond', (one, other) => one + (other - one) * share),
    ...both('courseDeg', (one, other) => courseBetween(one, other, share)),
  };
}
