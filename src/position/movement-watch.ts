import type { Fix, Place } from '../domain/position.js';
import { metresBetween } from './place.js';

/** Good fixes that are looked at together: half a minute of a usual receiver. */
const LOOKED_AT = 31;
/** So many at least, over so long: a receiver that has just found itself wanders. */
const LEAST = 21;
const LEAST_SPAN_MS = 15_000;
const OLDEST_MS = 120_000;
const GOOD_HDOP = 4;
/** Closer than this share of the limit, it is back: noise at the limit is not told again and again. */
const BACK_SHARE = 0.7;

/**
 * Whether a device that should stand still is somewhere else. It goes by the median of many good fixes, in
 * latitude and longitude each, so that neither a wild fix nor a minority of them, as walls reflect them, counts.
 */
export class MovementWatch {
  readonly #surveyed: Place;
  readonly #limitMetres: number;
  #fixes: Fix[] = [];
  #isMoved = false;

  constructor(options: { readonly surveyed: Place; readonly limitMetres: number }) {
    this.#surveyed = options.surveyed;
    this.#limitMetres = options.limitMetres;
  }

  get isMoved(): boolean {
    return this.#isMoved;
  }

  /** A fix with an `atMono` told before takes its place. */
  put(fix: Fix): void {
    if (this.#fixes.at(-1)?.atMono === fix.atMono) this.#fixes.pop();
    if (fix.hdop !== undefined && fix.hdop > GOOD_HDOP) return;
    this.#fixes.push(fix);
    this.#fixes = this.#fixes.filter(({ atMono }) => atMono > fix.atMono - OLDEST_MS).slice(-LOOKED_AT);
    const spanMs = fix.atMono - (this.#fixes[0] as Fix).atMono;
    if (this.#fixes.length < LEAST || spanMs < LEAST_SPAN_MS) return;
    const metres = metresBetween(this.#surveyed, {
      latitudeDeg: median(this.#fixes.map(({ latitudeDeg }) => latitudeDeg)),
      longitudeDeg: median(this.#fixes.map(({ longitudeDeg }) => longitudeDeg)),
    });
    if (metres > this.#limitMetres) this.#isMoved = true;
    else if (metres < this.#limitMetres * BACK_SHARE) this.#isMoved = false;
  }
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] as number;
}
