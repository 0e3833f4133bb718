import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeviceError, messageOf } from '../lib/errors.js';

export const SYSFS_GPIO = '/sys/class/gpio';

/** A GPIO chip as the kernel shows it. */
export interface Chip {
  readonly label: string;
  /** The number that sysfs gives to its line 0: 512 and more since Linux 6.6, anything before. */
  readonly base: number;
  readonly lineCount: number;
}

/** @throws DeviceError gpio.unavailable where there is no sysfs GPIO, or no chip. */
export function chipsIn(sysfsRoot: string): Chip[] {
  const read = (name: string, file: string) => readFileSync(join(sysfsRoot, name, file), 'utf8').trim();
  let chips: Chip[];
  try {
    chips = readdirSync(sysfsRoot)
      .filter((name) => /^gpiochip\d+$/.test(name))
      .map((name) => ({
        label: read(name, 'label'),
        base: Number(read(name, 'base')),
        lineCount: Number(read(name, 'ngpio')),
      }));
  } catch (error) {
    throw new DeviceError('gpio.unavailable', {
      message: `${sysfsRoot} cannot be read (${messageOf(error)}); expected the kernel's GPIO chips`,
      hint: 'Use a kernel with CONFIG_GPIO_SYSFS, let the service see it, or set lines.board to none.',
      cause: error,
    });
  }
  if (chips.length === 0)
    throw new DeviceError('gpio.unavailable', {
      message: `no GPIO chip in ${sysfsRoot}; expected one at least`,
      hint: 'Load the driver of the board, or set lines.board to none.',
    });
  return chips.sort((a, b) => a.base - b.base);
}

/**
 * The chip that a configuration means.
 * @param label absent: the chip with the most lines, which is the processor's own on a Pi and a Jetson
 * @throws DeviceError gpio.unavailable where no chip bears the label, or two do: a wrong guess would
 * drive somebody else's line
 */
export function chooseChip(chips: readonly Chip[], label: string | undefined): Chip {
  const most = Math.max(...chips.map(({ lineCount }) => lineCount));
  const meant = chips.filter((chip) =>
    label === undefined ? chip.lineCount === most : chip.label === label,
  );
  const [chip] = meant;
  if (chip !== undefined && meant.length === 1) return chip;
  const found = chips.map((one) => `${one.label} (${one.lineCount} lines)`).join(', ');
  const wanted = label === undefined ? 'have the most lines' : `are labelled ${label}`;
  throw new DeviceError('gpio.unavailable', {
    message: `${meant.length} GPIO chips ${wanted}, expected one; there are: ${found}`,
    hint: 'Set lines.board.chipLabel to the label of one of them.',
  });
}

/** @returns the number of a chip's line in sysfs. @throws DeviceError gpio.line-failed */
export function numberOf(chip: Chip, line: number): number {
  if (line < chip.lineCount) return chip.base + line;
  throw new DeviceError('gpio.line-failed', {
    message: `chip ${chip.label} has no line ${line}; expected 0 to ${chip.lineCount - 1}`,
    hint: 'Lines are counted on their chip: on a Pi it is the BCM number.',
  });
}
