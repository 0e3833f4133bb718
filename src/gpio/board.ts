import { DeviceError } from '../lib/errors.js';

/**
 * What lines are on: the pins of a processor, files that stand for them, or nothing.
 *
 * `isOn` is always what the line means, never the voltage: a line that is `activeLow` is on at 0 volts.
 * Lines are read when somebody asks. The kernel could tell of edges instead; but a read that fails
 * inside onoff's own handler of edges cannot be caught, expanders without interrupts have none, and a
 * read costs microseconds.
 *
 * Every method throws DeviceError alone: gpio.unavailable for the board as a whole, gpio.line-failed for
 * one line. Both may pass: the caller tries again.
 */
export interface GpioBoard {
  /** @throws DeviceError also where the board has no such line, or where it is in use here already. */
  input(line: number, options: InputOptions): InputLine;
  /** Drives the line, at `isOn` from its first moment on: nothing is flashed by the opening of it. */
  output(line: number, options: OutputOptions): OutputLine;
}

export interface InputOptions {
  readonly activeLow: boolean;
}

export interface OutputOptions extends InputOptions {
  readonly isOn: boolean;
}

export interface InputLine {
  read(): boolean;
  /** Gives the line back; never throws, and a second call does nothing. */
  close(): void;
}

export interface OutputLine {
  set(isOn: boolean): void;
  /** Gives the line back as it is; what pulls it up or down decides from then on. Never throws. */
  close(): void;
}

/** Two uses of one line would undo each other's settings. */
export function inUse(line: number): DeviceError {
  return new DeviceError('gpio.line-failed', {
    message: `line ${line} is used twice; expected one use of a line`,
    hint: 'Give each entry below lines: a number of its own.',
  });
}
