import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A chip of the kernel's own GPIO simulator (module gpio-sim), which is to the kernel and to onoff what a
 * real one is. Needs root, a mounted configfs and CONFIG_GPIO_SYSFS.
 */

const CONFIG = '/sys/kernel/config/gpio-sim';
const DEVICES = '/sys/devices/platform';
const LABEL = 'anprd-test';

export interface SimulatedChip {
  readonly label: string;
  /** What is outside of the line pulls it there. */
  pull(line: number, volts: boolean): void;
  volts(line: number): boolean;
  remove(): void;
}

/** @returns why there can be no simulated chip here; undefined: there can */
export function noGpioSim(): string | undefined {
  if (!existsSync('/sys/class/gpio/export')) return 'this kernel shows no GPIO in /sys/class/gpio';
  if (!existsSync(CONFIG)) return 'the module gpio-sim is not loaded, or configfs is not mounted';
  if (process.getuid?.() !== 0) return 'only root may make a simulated chip';
  return undefined;
}

export function makeSimulatedChip(lineCount: number): SimulatedChip {
  const device = join(CONFIG, 'anprd');
  const bank = join(device, 'bank0');
  mkdirSync(bank, { recursive: true });
  writeFileSync(join(bank, 'num_lines'), String(lineCount));
  writeFileSync(join(bank, 'label'), LABEL);
  writeFileSync(join(device, 'live'), '1');
  const name = readFileSync(join(device, 'dev_name'), 'utf8').trim();
  const chip = readFileSync(join(bank, 'chip_name'), 'utf8').trim();
  const line = (number: number) => join(DEVICES, name, chip, `sim_gpio${number}`);
  return {
    label: LABEL,
    pull: (number, volts) => writeFileSync(join(line(number), 'pull'), volts ? 'pull-up' : 'pull-down'),
    volts: (number) => readFileSync(join(line(number), 'value'), 'utf8').trim() === '1',
    remove: () => {
      writeFileSync(join(device, 'live'), '0');
      for (const entry of readdirSync(bank)) if (/^line\d+$/.test(entry)) rmdirSync(join(bank, entry));
      rmdirSync(bank);
      rmdirSync(device);
    },
  };
}
