import { createRequire } from 'node:module';
import type { Direction, Gpio } from 'onoff';
import { DeviceError, messageOf } from '../lib/errors.js';
import {
  type GpioBoard,
  type InputLine,
  type InputOptions,
  inUse,
  type OutputLine,
  type OutputOptions,
} from './board.js';
import { chipsIn, chooseChip, numberOf, SYSFS_GPIO } from './chips.js';

type Bit = 0 | 1;

/**
 * GPIO of the kernel through sysfs.
 *
 * Signs are turned here and not by the kernel's `active_low`: it does not turn the level that a line
 * is opened at, so the two together would flash an active-low illuminator at every start.
 */
export class OnoffBoard implements GpioBoard {
  readonly #chipLabel: string | undefined;
  readonly #inUse = new Set<number>();

  constructor(options: { readonly chipLabel?: string | undefined }) {
    this.#chipLabel = options.chipLabel;
  }

  input(line: number, { activeLow }: InputOptions): InputLine {
    const { gpio, close } = this.#open(line, 'in');
    return { read: () => attempt(line, 'read', () => gpio.readSync() === 1) !== activeLow, close };
  }

  output(line: number, { activeLow, isOn }: OutputOptions): OutputLine {
    const bit = (on: boolean): Bit => (on === activeLow ? 0 : 1);
    const { gpio, close } = this.#open(line, bit(isOn) === 1 ? 'high' : 'low');
    return { set: (on) => attempt(line, 'set', () => gpio.writeSync(bit(on))), close };
  }

  #open(line: number, direction: Direction): { gpio: Gpio; close: () => void } {
    // Looked up at every opening: a chip behind USB or I2C may come back under another number.
    const number = numberOf(chooseChip(chipsIn(SYSFS_GPIO), this.#chipLabel), line);
    if (this.#inUse.has(number)) throw inUse(line);
    const GpioOfOnoff = loadOnoff();
    const gpio = attempt(
      line,
      'opened',
      () => new GpioOfOnoff(number, direction, undefined, { activeLow: false }),
    );
    this.#inUse.add(number);
    const close = () => {
      if (!this.#inUse.delete(number)) return;
      try {
        gpio.unexport();
      } catch {
        // Its chip is gone, and the line with it.
      }
    };
    return { gpio, close };
  }
}

/** Loaded when it is needed: it brings a binary of its own, which a device without lines can do without. */
function loadOnoff(): typeof Gpio {
  try {
    return (createRequire(import.meta.url)('onoff') as typeof import('onoff')).Gpio;
  } catch (error) {
    throw new DeviceError('gpio.unavailable', {
      message: `the package onoff cannot be loaded (${messageOf(error)}); expected it with its binary`,
      hint: 'Install again on this kind of machine: scripts/setup.',
      cause: error,
    });
  }
}

function attempt<T>(line: number, done: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new DeviceError('gpio.line-failed', {
      message: `line ${line} cannot be ${done} (${messageOf(error)}); expected the kernel to allow it`,
      hint: 'See that no other program or driver holds it, and that the service may use GPIO.',
      cause: error,
    });
  }
}
