import { afterEach, describe, expect, it } from 'vitest';
import { linesSchema } from '../../src/config/site-schema.js';
import { Lines } from '../../src/gpio/lines.js';
import { createLogger } from '../../src/lib/log.js';
import { makeSimulatedChip, noGpioSim, type SimulatedChip } from '../support/gpio-sim.js';
import { ManualClock } from '../support/manual-clock.js';

/** The lines on a chip of the kernel, through onoff: a cabinet is opened, a chip is pulled out and comes back. */

const WHY_NOT = noGpioSim();
const LINE = { illuminator: 1, tamper: 2, ignition: 3, lamp: 4, buzzer: 5, mute: 6 };

const clock = new ManualClock();
let chip: SimulatedChip | undefined;
let lines: Lines | undefined;

/** In the steps in which lines are looked at. */
async function pass(ms: number): Promise<void> {
  for (let stepMs = 0; stepMs < ms; stepMs += 50) {
    clock.advance(50);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

afterEach(async () => {
  await lines?.stop();
  chip?.remove();
});

describe.skipIf(WHY_NOT !== undefined)(
  `lines on a chip of the kernel${WHY_NOT === undefined ? '' : ` (not here: ${WHY_NOT})`}`,
  () => {
    it('work, are missed when the chip is gone, work when it is back, and are off at the end', async () => {
      chip = makeSimulatedChip(8);
      const told: string[] = [];
      const numbers = Object.fromEntries(Object.entries(LINE).map(([name, line]) => [name, { line }]));
      lines = new Lines({
        config: linesSchema.parse({
          board: { kind: 'onoff', chipLabel: chip.label },
          illumination: 'on',
          ...numbers,
          tamper: { line: LINE.tamper, activeLow: true },
        }),
        clock,
        log: createLogger('silent'),
        onTamper: (isOpen) => told.push(isOpen ? 'opened' : 'shut'),
        onIgnitionOff: () => told.push('ignition off'),
        onMute: () => told.push('muted'),
        onAvailable: (detail) => told.push(detail ?? 'available'),
      });
      chip.pull(LINE.tamper, true);
      chip.pull(LINE.ignition, true);
      lines.start();
      await pass(1_000);
      expect(told).toEqual([]);
      expect(lines.snapshot()).toMatchObject({ isTamperOpen: false, isIgnitionOn: true });
      expect([lines.isIlluminatorOn, chip.volts(LINE.illuminator)]).toEqual([true, true]);

      chip.pull(LINE.tamper, false);
      lines.buzz('stop');
      expect(chip.volts(LINE.buzzer)).toBe(true);
      await pass(1_000);
      expect(told.splice(0)).toEqual(['opened']);

      chip.remove();
      await pass(15_000);
      expect(told.splice(0).at(-1)).toMatch(/^tamper.*illuminator.*GPIO chip/);
      expect(lines.isIlluminatorOn).toBe(false);
      expect(lines.snapshot()).toMatchObject({ isTamperOpen: true, isIgnitionOn: true });

      chip = makeSimulatedChip(8);
      chip.pull(LINE.tamper, true);
      chip.pull(LINE.ignition, true);
      await pass(60_000);
      expect(told.filter((what) => /^(opened|shut|ignition off)$/.test(what))).toEqual(['shut']);
      expect(told.splice(0).at(-1)).toBe('available');
      expect([lines.isIlluminatorOn, chip.volts(LINE.illuminator)]).toEqual([true, true]);

      chip.pull(LINE.ignition, false);
      await pass(4_000);
      expect(told).toEqual(['ignition off']);
      await lines.stop();
      expect([LINE.illuminator, LINE.lamp, LINE.buzzer].map(chip.volts)).toEqual([false, false, false]);
    });
  },
);
