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

/**
 * Turns what the machine says of itself into warnings, and slows the cameras down before the
 * processor slows itself: a plate read late is worth more than one not read, and the rate that is chosen
 * is one that is kept up.
 */
export class MachineWatch {
  readonly #options: MachineWatchOptions;
  #isLimited = false;

  constructor(options: MachineWatchOptions) {
    this.#options = options;
  }

  look(state: MachineState): void {
    const { config, warnings, leaveFreeBytes } = this.#options;
    this.#limit(state);
    const { wornPercent = 0, freeBytes = Infinity } = state;
    const heat = state.celsius === undefined ? 'at an unknown heat' : `at ${Math.round(state.celsius)} °C`;
    warnings.tell('too-hot', '', this.#isLimited ? heat : undefined);
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
  #limit({ celsius }: MachineState): void {
    const { config, onLimit } = this.#options;
    if (celsius === undefined) return;
    const isLimited = celsius >= (this.#isLimited ? config.coolCelsius : config.hotCelsius);
    if (isLimited === this.#isLimited) return;
    this.#isLimited = isLimited;
    onLimit(isLimited ? config.hotFramesPerSecond : undefined);
  }
}
