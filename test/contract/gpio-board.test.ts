import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { GpioBoard, InputLine, OutputLine } from '../../src/gpio/board.js';
import { createBoard } from '../../src/gpio/create-board.js';
import { makeSimulatedChip, noGpioSim, type SimulatedChip } from '../support/gpio-sim.js';
import { temporaryFolder } from '../support/recordings.js';

/** What every board must do, whatever is behind it; the kernel's own where a chip can be simulated. */

/** A board, and what stands around it. */
interface Bench {
  readonly board: GpioBoard;
  pull(line: number, volts: boolean): void;
  volts(line: number): boolean;
  remove(): void;
}

const WHY_NO_ONOFF = noGpioSim();

function simulatedBench(): Bench {
  const folder = temporaryFolder();
  const file = (line: number) => join(folder, `gpio${line}`);
  return {
    board: createBoard({ kind: 'simulated', folder }),
    pull: (line, volts) => writeFileSync(file(line), volts ? '1' : '0'),
    volts: (line) => readFileSync(file(line), 'utf8').trim() === '1',
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function onoffBench(): Bench {
  const chip: SimulatedChip = makeSimulatedChip(8);
  return { ...chip, board: createBoard({ kind: 'onoff', chipLabel: chip.label }) };
}

const BOARDS = [
  { name: 'a board of files', bench: simulatedBench, isSkipped: false },
  {
    name: WHY_NO_ONOFF === undefined ? 'onoff' : `onoff (not here: ${WHY_NO_ONOFF})`,
    bench: onoffBench,
    isSkipped: WHY_NO_ONOFF !== undefined,
  },
];

const BOTH_SIGNS = [
  ['on at a voltage', false],
  ['on at 0 volts', true],
] as const;

const benches: Bench[] = [];
const opened: (InputLine | OutputLine)[] = [];
const kept = <Line extends InputLine | OutputLine>(line: Line): Line => {
  opened.push(line);
  return line;
};
const keptBench = (bench: Bench): Bench => {
  benches.push(bench);
  return bench;
};

afterEach(() => {
  for (const line of opened.splice(0)) line.close();
  for (const bench of benches.splice(0)) bench.remove();
});

for (const { name, bench, isSkipped } of BOARDS) {
  describe.skipIf(isSkipped)(name, () => {
    describe.each(BOTH_SIGNS)('a line that is %s', (_sign, activeLow) => {
      it('is read as what it means, each time anew', () => {
        const { board, pull } = keptBench(bench());
        pull(3, activeLow);
        const line = kept(board.input(3, { activeLow }));
        expect(line.read()).toBe(false);
        pull(3, !activeLow);
        expect([line.read(), line.read()]).toEqual([true, true]);
        pull(3, activeLow);
        expect(line.read()).toBe(false);
      });

      it('is on at its first reading where it is on when it is opened', () => {
        const { board, pull } = keptBench(bench());
        pull(3, !activeLow);
        expect(kept(board.input(3, { activeLow })).read()).toBe(true);
      });

      it.each([true, false])('is driven from its opening, and as it is set: %s', (isOn) => {
        const { board, volts } = keptBench(bench());
        const line = kept(board.output(4, { activeLow, isOn }));
        expect(volts(4)).toBe(isOn !== activeLow);
        line.set(!isOn);
        expect(volts(4)).toBe(isOn === activeLow);
        line.set(isOn);
        line.set(isOn);
        expect(volts(4)).toBe(isOn !== activeLow);
      });
    });

    it('keeps its lines apart', () => {
      const { board, pull, volts } = keptBench(bench());
      const [a, b] = [0, 1].map((line) => kept(board.output(line, { activeLow: false, isOn: false })));
      const c = kept(board.input(2, { activeLow: false }));
      pull(2, false);
      b?.set(true);
      expect([volts(0), volts(1), c.read()]).toEqual([false, true, false]);
      a?.set(true);
      b?.set(false);
      expect([volts(0), volts(1), c.read()]).toEqual([true, false, false]);
    });

    it('lends a line once, until it is given back', () => {
      const { board } = keptBench(bench());
      const line = kept(board.output(5, { activeLow: false, isOn: false }));
      const again = () => kept(board.input(5, { activeLow: false }));
      expect(again).toThrow(
        expect.objectContaining({
          code: 'gpio.line-failed',
          message: expect.stringMatching(/^line 5 is used/),
        }),
      );
      line.close();
      line.close();
      expect(again().read()).toBeTypeOf('boolean');
    });

    it('says which line it is that is not there any more, and gives it back in peace', () => {
      const { board, remove } = bench();
      const output = kept(board.output(6, { activeLow: false, isOn: false }));
      const input = kept(board.input(7, { activeLow: false }));
      remove();
      const failed = (line: number) =>
        expect.objectContaining({
          code: 'gpio.line-failed',
          message: expect.stringMatching(new RegExp(`line ${line} cannot be`)),
        });
      expect(() => output.set(true)).toThrow(failed(6));
      expect(() => input.read()).toThrow(failed(7));
      output.close();
      input.close();
    });
  });
}

describe('no board', () => {
  it('has switches at rest, and takes what it is set to', () => {
    const board = createBoard({ kind: 'none' });
    for (const activeLow of [true, false]) {
      const input = board.input(1, { activeLow });
      expect(input.read()).toBe(false);
      const output = board.output(1, { activeLow, isOn: true });
      output.set(false);
      output.set(true);
      expect(input.read()).toBe(false);
      input.close();
      output.close();
    }
  });
});

describe.skipIf(existsSync('/sys/class/gpio'))('onoff on a machine without GPIO', () => {
  it('says what it expected', () => {
    const board = createBoard({ kind: 'onoff' });
    const unavailable = expect.objectContaining({
      code: 'gpio.unavailable',
      message: expect.stringMatching(/expected the kernel's GPIO chips/),
    });
    expect(() => board.input(1, { activeLow: false })).toThrow(unavailable);
    expect(() => board.output(1, { activeLow: false, isOn: false })).toThrow(unavailable);
  });
});
