import type { PowerConfig } from '../config/site-schema.js';
import type { MachineState } from './machine.js';
import type { Warnings } from './warnings.js';

export interface MachineWatchOptions {
  readonly config: PowerConfig;
  /** Room on the disk under which the store begins to give records up. */
  readonly leaveFreeBytes: number;
  readonly warnings: Pick<Warnings, 'raise' | 'tell'>;
  /** Frames a second that every camera is to take in at most; undefined: all. Called when it changes. */
  readonly onLimit: (framesPerSecond: number | undefined) => void;
}

/** A warning comes while there is still twice the room that the store keeps free. */
const LOW_FACTOR = 2;
/** Looks without a throttled processor before all frames are taken in again: it comes and goes by the second. */
const STEADY_LOOKS = 12;

/**
 * Turns what the machine says of itself into warnings, and slows the cameras down before the
 * processor slows itself: a plate read late is worth more than one not read, and the rate that is chosen
 * is one that is kept up. Where it does slow itself, or the supply is too low, fewer frames are also less
 * heat and less current. A worn disk changes nothing but the warning: what is written has to be.
 */
export class MachineWatch {
  readonly #options: MachineWatchOptions;
  #isHot = false;
  #isLimited = false;
  #steadyLooks = STEADY_LOOKS;

  constructor(options: MachineWatchOptions) {
    this.#options = options;
  }

  look(state: MachineState): void {
    const { config, warnings, leaveFreeBytes } = this.#options;
    this.#limit(state);
    const { wornPercent = 0, freeBytes = Infinity } = state;
    const heat = state.celsius === undefined ? 'at an unknown heat' : `at ${Math.round(state.celsius)} °C`;
    warnings.tell('too-hot', '', this.#isHot ? heat : undefined);
    // Events that fade, as each lasts for moments only.
    if (state.isThrottled) warnings.raise('throttled', '', `now, ${heat}`);
    if (state.isUnderVoltage) warnings.raise('under-voltage', '', 'now');
    warnings.tell(
      'disk-worn',
      '',
      wornPercent >= config.wornPercent
        ? `${wornPercent} % of its life is used, by its own estimate`
        : undefined,
    );
    warnings.tell(
      'disk-low',
      '',
      freeBytes < leaveFreeBytes * LOW_FACTOR ? `${Math.floor(freeBytes / 1e6)} MB are free` : undefined,
    );
  }

  /** Between cool and hot it stays as it is, so that it does not go to and fro. Without a sensor nothing is limited. */
  #limit({ celsius, isThrottled, isUnderVoltage }: MachineState): void {
    const { config, onLimit } = this.#options;
    if (celsius !== undefined) {
      this.#isHot = celsius >= (this.#isHot ? config.coolCelsius : config.hotCelsius);
    }
    this.#steadyLooks = isThrottled || isUnderVoltage ? 0 : this.#steadyLooks + 1;
    const isLimited = this.#isHot || this.#steadyLooks < STEADY_LOOKS;
    if (isLimited === this.#isLimited) return;
    this.#isLimited = isLimited;
    onLimit(isLimited ? config.hotFramesPerSecond : undefined);
  }
}
