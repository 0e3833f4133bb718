import type { DisplayConfig } from '../config/site-schema.js';
import type { Profile } from '../domain/display-profile.js';

/** How fast the vehicle is, as the newest fix says. */
export interface Speed {
  readonly metresPerSecond: number;
  readonly ageMs: number;
}

/**
 * Which profile the display has, from the configuration and the speed. Pure but for what it remembers.
 *
 * Invariants
 * - auto shows more than a moving driver may see only while fresh fixes have said without a gap for
 *   `standingSeconds` that the vehicle stands. No fix, an old one or nonsense counts as moving, at once.
 * - stationary, too, gives way to a fix that says that the vehicle moves: only passenger is a promise that the driver
 *   cannot see the screen.
 */
export class ProfileChoice {
  readonly #config: DisplayConfig;
  /** Monotonic milliseconds; undefined: it is not known to stand. */
  #standingSinceMono: number | undefined;
  #lookedAtMono = Number.NEGATIVE_INFINITY;

  constructor(config: DisplayConfig) {
    this.#config = config;
  }

  /** @param speed undefined where there is no fix, or no receiver. */
  look(nowMono: number, speed: Speed | undefined): Profile {
    const { profile, standingSeconds } = this.#config;
    const motion = this.#motionOf(speed);
    const hasGap = nowMono - this.#lookedAtMono > this.#config.freshFixSeconds * 1000;
    this.#lookedAtMono = nowMono;
    if (motion !== 'stands') this.#standingSinceMono = undefined;
    else if (hasGap || this.#standingSinceMono === undefined) this.#standingSinceMono = nowMono;
    if (profile === 'passenger' || profile === 'driver-moving') return profile;
    if (profile === 'stationary') return motion === 'moves' ? 'driver-moving' : 'stationary';
    const hasStood =
      this.#standingSinceMono !== undefined && nowMono - this.#standingSinceMono >= standingSeconds * 1000;
    return hasStood ? 'stationary' : 'driver-moving';
  }

  #motionOf(speed: Speed | undefined): 'stands' | 'moves' | 'unknown' {
    const { standingMetresPerSecond, freshFixSeconds } = this.#config;
    // Written so that NaN is never fresh, and never slow.
    if (speed === undefined || !(speed.ageMs >= 0 && speed.ageMs <= freshFixSeconds * 1000)) return 'unknown';
    if (speed.metresPerSecond >= 0 && speed.metresPerSecond < standingMetresPerSecond) return 'stands';
    return 'moves';
  }
}
