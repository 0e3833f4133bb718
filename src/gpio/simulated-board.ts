import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeviceError, messageOf } from '../lib/errors.js';
import {
  type GpioBoard,
  type InputLine,
  type InputOptions,
  inUse,
  type OutputLine,
  type OutputOptions,
} from './board.js';

/**
 * Files that stand for lines: `gpio17` in the folder is line 17, and holds its voltage, 0 or 1.
 *
 * A set line is replaced whole, so that who looks on never sees an empty file. It is not flushed to the
 * disk: nobody needs it after a power cut, and a blinking lamp would wear the card out.
 */
export class SimulatedBoard implements GpioBoard {
  readonly #folder: string;
  readonly #inUse = new Set<number>();
  /** Volts of switches as they were read last: one that is taken away is made again so, and switches no vehicle off. */
  readonly #seen = new Map<number, boolean>();

  constructor(options: { readonly folder: string }) {
    this.#folder = options.folder;
  }

  /** Makes the file, at rest at first, where there is none, so that it can be seen which switches there are. */
  input(line: number, { activeLow }: InputOptions): InputLine {
    const close = this.#take(line);
    let volts = this.#seen.get(line) ?? activeLow;
    const look = () => {
      volts = this.#read(line) ?? volts;
      this.#seen.set(line, volts);
      return volts !== activeLow;
    };
    try {
      this.#makeFolder();
      this.#create(line, volts);
      look();
    } catch (error) {
      close();
      throw error;
    }
    return { read: look, close };
  }

  output(line: number, { activeLow, isOn }: OutputOptions): OutputLine {
    const close = this.#take(line);
    const set = (on: boolean) => this.#write(line, on !== activeLow);
    try {
      this.#makeFolder();
      set(isOn);
    } catch (error) {
      close();
      throw error;
    }
    return { set, close };
  }

  #take(line: number): () => void {
    if (this.#inUse.has(line)) throw inUse(line);
    this.#inUse.add(line);
    return () => this.#inUse.delete(line);
  }

  #makeFolder(): void {
    try {
      mkdirSync(this.#folder, { recursive: true });
    } catch (error) {
      throw new DeviceError('gpio.unavailable', {
        message: `${this.#folder} cannot be made (${messageOf(error)}); expected a folder for lines`,
        hint: 'Set lines.board.folder to a folder that the service may write to.',
        cause: error,
      });
    }
  }

  #create(line: number, volts: boolean): void {
    try {
      writeFileSync(this.#path(line), fileOf(volts), { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw failed(line, 'made', error);
    }
  }

  /** @returns undefined while somebody is writing: a shell empties a file before it fills it. */
  #read(line: number): boolean | undefined {
    let text: string;
    try {
      text = readFileSync(this.#path(line), 'utf8').trim();
    } catch (error) {
      throw failed(line, 'read', error);
    }
    if (text === '') return undefined;
    if (text === '0' || text === '1') return text === '1';
    throw failed(line, 'read', new Error(`${text.length} characters, expected 0 or 1`));
  }

  #write(line: number, volts: boolean): void {
    const temporary = `${this.#path(line)}.tmp`;
    try {
      writeFileSync(temporary, fileOf(volts));
      renameSync(temporary, this.#path(line));
    } catch (error) {
      throw failed(line, 'set', error);
    }
  }

  #path(line: number): string {
    return join(this.#folder, `gpio${line}`);
  }
}

const fileOf = (volts: boolean) => (volts ? '1\n' : '0\n');

function failed(line: number, done: string, error: unknown): DeviceError {
  return new DeviceError('gpio.line-failed', {
    message: `simulated line ${line} cannot be ${done} (${messageOf(error)})`,
    hint: 'See lines.board.folder: a file gpioN for each line, which holds 0 or 1.',
    cause: error,
  });
}
