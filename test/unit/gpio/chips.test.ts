import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Chip, chipsIn, chooseChip, numberOf } from '../../../src/gpio/chips.js';
import { temporaryFolder } from '../../support/recordings.js';

/** As kernels show their chips, written into a folder. */
function sysfs(chips: readonly Chip[]): string {
  const root = temporaryFolder();
  writeFileSync(join(root, 'export'), '');
  for (const { label, base, lineCount } of chips) {
    const folder = join(root, `gpiochip${base}`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'label'), `${label}\n`);
    writeFileSync(join(folder, 'base'), `${base}\n`);
    writeFileSync(join(folder, 'ngpio'), `${lineCount}\n`);
  }
  return root;
}

const PI = { label: 'pinctrl-bcm2711', base: 512, lineCount: 58 };
const PI_BEFORE_6_6 = { ...PI, base: 0 };
const EXPANDER = { label: 'raspberrypi-exp-gpio', base: 570, lineCount: 8 };
const JETSON = { label: 'tegra234-gpio', base: 348, lineCount: 164 };
const JETSON_AON = { label: 'tegra234-gpio-aon', base: 316, lineCount: 32 };

describe('the number of a line', () => {
  it.each([
    ['on a Pi since Linux 6.6', [PI, EXPANDER], undefined, 17, 529],
    ['on a Pi before', [PI_BEFORE_6_6, { ...EXPANDER, base: 504 }], undefined, 17, 17],
    ['on the expander of a Pi', [PI, EXPANDER], 'raspberrypi-exp-gpio', 2, 572],
    ['on a Jetson', [JETSON_AON, JETSON], undefined, 144, 492],
    ['on the other chip of a Jetson', [JETSON_AON, JETSON], 'tegra234-gpio-aon', 8, 324],
  ])('%s', (_where, chips, label, line, number) => {
    expect(numberOf(chooseChip(chipsIn(sysfs(chips)), label), line)).toBe(number);
  });
});

describe('what cannot be', () => {
  it.each([
    [
      'no such label',
      'pinctrl-rp1',
      /^0 GPIO chips are labelled pinctrl-rp1, expected one; there are: pinctrl-/,
    ],
    ['a label twice', 'pcf8574', /^2 GPIO chips are labelled pcf8574, expected one/],
  ])('is told with the chips that there are: %s', (_what, label, message) => {
    const expanders = [700, 708].map((base) => ({ label: 'pcf8574', base, lineCount: 8 }));
    expect(() => chooseChip(chipsIn(sysfs([PI, ...expanders])), label)).toThrow(
      expect.objectContaining({ code: 'gpio.unavailable', message: expect.stringMatching(message) }),
    );
  });

  it('includes a guess between chips of the same size', () => {
    const twins = [PI, { ...PI, label: 'other', base: 600 }];
    expect(() => chooseChip(twins, undefined)).toThrow(/^2 GPIO chips have the most lines/);
  });

  it('includes a line past the last of its chip', () => {
    expect(numberOf(PI, 57)).toBe(569);
    expect(() => numberOf(PI, 58)).toThrow(
      expect.objectContaining({
        code: 'gpio.line-failed',
        message: 'chip pinctrl-bcm2711 has no line 58; expected 0 to 57',
      }),
    );
  });

  it.each([
    ['no sysfs GPIO', () => join(temporaryFolder(), 'absent'), /cannot be read/],
    ['no chip', () => sysfs([]), /^no GPIO chip in/],
  ])('includes a machine with %s', (_what, root, message) => {
    expect(() => chipsIn(root())).toThrow(
      expect.objectContaining({ code: 'gpio.unavailable', message: expect.stringMatching(message) }),
    );
  });
});
