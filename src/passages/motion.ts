import { type Box, boundingBox, centre, type Point, plateSize, type Quad } from '../domain/geometry.js';
import type { Direction } from '../domain/passage.js';

/** A plate's place in one frame, reduced to what following it needs. Pixels and monotonic time. */
export interface Placement {
  readonly monoMs: number;
  readonly centre: Point;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly box: Box;
}

export function placementOf(quad: Quad, monoMs: number): Placement {
  return { monoMs, centre: centre(quad), ...plateSize(quad), box: boundingBox(quad) };
}

/**
 * A plate has made a step when it is this far from where its last step ended, counted in plate
 * heights: more than a detector's corners jitter, and less than a vehicle at walking pace moves in
 * a few frames.
 */
const STEP = 0.25;
/** A track that stays in one place for this long at first counts as having begun standing. */
const BEGAN_STANDING_MS = 500;
/** How far a plate must have come to have travelled. */
const TRAVELLED_NET = 0.6;
/**
 * What began standing has to drive off: several steps close together. Text burnt into the picture
 * hops when its line changes length, one step at a time, and then stays again.
 */
const DRIVES_OFF = { steps: 2, withinMs: 800 };
/** Growth of the plate over the whole way from which on a direction is claimed: 11 %. */
const DIRECTION_LOG_GROWTH = 0.1;
/** And so many standard errors from none at all: five frames make a trend by chance. */
const CLEAR_ERRORS = 4;
/** A way up or down the picture that tells a direction, in plate heights and against its way across. */
const DOWN_HEIGHTS = 0.7;
const DOWN_SHARE = 0.3;
const VELOCITY_WEIGHT = 0.6;

/** How one plate moves through the picture. Time comes with the placements. */
export class Motion {
  readonly #first: Placement;
  #last: Placement;
  #sightings = 1;
  /** Pixels a millisecond. */
  #velocity: Point = { x: 0, y: 0 };
  /** Change of the logarithm of the width a millisecond: widths jitter less than heights. */
  #growth = 0;

  /** Where the last step ended. */
  #station: Placement;
  /** Times of the last steps. */
  #stepsMonoMs: number[] = [];
  #beganStanding = false;
  #drivesOff = false;
  #travelled = false;

  /** Sums of the regression of log width over the time spent moving. */
  #movingMs = 0;
  #regression = { n: 0, t: 0, y: 0, tt: 0, ty: 0, yy: 0 };
  #regressed: Placement;

  constructor(first: Placement) {
    this.#first = first;
    this.#last = first;
    this.#station = first;
    this.#regressed = first;
    this.#regress(first);
  }

  get last(): Placement {
    return this.#last;
  }

  get sightings(): number {
    return this.#sightings;
  }

  /** That it went some way on its own, as vehicles do and signs and overlay text do not. */
  get travelled(): boolean {
    return this.#travelled;
  }

  get stepped(): boolean {
    return this.#stepsMonoMs.length > 0;
  }

  /** How long it has been in one place. */
  get standingMs(): number {
    return this.#last.monoMs - this.#station.monoMs;
  }

  get ageMs(): number {
    return this.#last.monoMs - this.#first.monoMs;
  }

  /** Plate widths a second. */
  get speed(): number {
    return (Math.hypot(this.#velocity.x, this.#velocity.y) * 1000) / this.#last.widthPx;
  }

  add(now: Placement): void {
    const elapsedMs = now.monoMs - this.#last.monoMs;
    if (elapsedMs > 0) {
      const weight = this.#sightings === 1 ? 1 : VELOCITY_WEIGHT;
      this.#velocity = {
        x: mix(this.#velocity.x, (now.centre.x - this.#last.centre.x) / elapsedMs, weight),
        y: mix(this.#velocity.y, (now.centre.y - this.#last.centre.y) / elapsedMs, weight),
      };
      // Sizes jitter far more than places, so growth is trusted slowly.
      const growth = Math.log(now.widthPx / this.#last.widthPx) / elapsedMs;
      this.#growth = mix(this.#growth, growth, weight * 0.5);
    }
    this.#last = now;
    this.#sightings++;
    this.#step(now);
  }

  /** Where the plate should be at a time, were it to go on as it did. */
  predict(monoMs: number): Placement {
    const elapsedMs = Math.max(0, monoMs - this.#last.monoMs);
    const scale = Math.exp(clamp(this.#growth * elapsedMs, -0.7, 0.7));
    const dx = this.#velocity.x * elapsedMs;
    const dy = this.#velocity.y * elapsedMs;
    const { centre: at, widthPx, heightPx, box } = this.#last;
    return {
      monoMs,
      centre: { x: at.x + dx, y: at.y + dy },
      widthPx: widthPx * scale,
      heightPx: heightPx * scale,
      box: {
        x: at.x + dx + (box.x - at.x) * scale,
        y: at.y + dy + (box.y - at.y) * scale,
        width: box.width * scale,
        height: box.height * scale,
      },
    };
  }

  /** By growth where it is clear, and by the way over the road while it is not yet. */
  get direction(): Direction {
    const growth = this.#clearGrowth() ?? this.#wayDown();
    if (growth === undefined) return 'unknown';
    return growth > 0 ? 'towards' : 'away';
  }

  /**
   * Growing comes towards the camera; standing still says nothing, so it does not count.
   * @returns undefined where it does not stand out from the jitter of the sizes around it.
   */
  #clearGrowth(): number | undefined {
    const { n, t, y, tt, ty, yy } = this.#regression;
    const spread = tt - (t * t) / n;
    if (n < 4 || spread <= 0) return undefined;
    const together = ty - (t * y) / n;
    const slope = together / spread;
    const residual = Math.max(0, yy - (y * y) / n - slope * together);
    const error = Math.sqrt(residual / (n - 2) / spread);
    const growth = slope * this.#movingMs;
    const isClear = Math.abs(growth) >= DIRECTION_LOG_GROWTH && Math.abs(slope) >= CLEAR_ERRORS * error;
    return isClear ? growth : undefined;
  }

  /**
   * A camera looks down on plates, so what is lower in the picture is nearer; places jitter far
   * less than sizes.
   * @returns plate heights downwards, undefined where it goes across rather than along.
   */
  #wayDown(): number | undefined {
    const { centre: from, heightPx } = this.#first;
    const down = (this.#last.centre.y - from.y) / heightPx;
    const across = (this.#last.centre.x - from.x) / heightPx;
    return Math.abs(down) >= DOWN_HEIGHTS && Math.abs(down) >= DOWN_SHARE * Math.abs(across)
      ? down
      : undefined;
  }

  #step(now: Placement): void {
    const moved = displacement(this.#regressed, now);
    if (moved >= STEP / 2) {
      this.#movingMs += Math.min(now.monoMs - this.#regressed.monoMs, BEGAN_STANDING_MS);
      this.#regressed = now;
      this.#regress(now);
    }
    if (displacement(this.#station, now) >= STEP) {
      this.#station = now;
      this.#stepsMonoMs = [...this.#stepsMonoMs, now.monoMs].slice(-DRIVES_OFF.steps);
      const [since = -Infinity] = this.#stepsMonoMs;
      const isQuick = now.monoMs - since <= DRIVES_OFF.withinMs;
      if (isQuick && this.#stepsMonoMs.length === DRIVES_OFF.steps) this.#drivesOff = true;
    } else if (!this.stepped && this.standingMs >= BEGAN_STANDING_MS) {
      this.#beganStanding = true;
    }
    const isOnItsWay = this.#beganStanding ? this.#drivesOff : this.stepped;
    if (isOnItsWay && displacement(this.#first, now) >= TRAVELLED_NET) this.#travelled = true;
  }

  #regress(placement: Placement): void {
    const logWidth = Math.log(placement.widthPx);
    this.#regression.n++;
    this.#regression.t += this.#movingMs;
    this.#regression.y += logWidth;
    this.#regression.tt += this.#movingMs ** 2;
    this.#regression.yy += logWidth ** 2;
    this.#regression.ty += this.#movingMs * logWidth;
  }
}

/**
 * How far a plate has come from one place to another, in plate heights: by what both of two
 * opposite edges have moved, outwards or along. Where only one of them moves, something else comes
 * in front of a plate that stands, or goes away from it.
 */
export function displacement(a: Placement, b: Placement): number {
  const across = Math.min(Math.abs(b.box.x - a.box.x), Math.abs(right(b) - right(a)));
  const along = Math.min(Math.abs(b.box.y - a.box.y), Math.abs(bottom(b) - bottom(a)));
  return Math.max(across, along) / ((a.heightPx + b.heightPx) / 2);
}

const right = ({ box }: Placement) => box.x + box.width;
const bottom = ({ box }: Placement) => box.y + box.height;

function mix(before: number, now: number, weight: number): number {
  return before + (now - before) * weight;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
