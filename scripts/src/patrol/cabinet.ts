import {
  closeSync,
  type FSWatcher,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { SoundOnsets } from './sounds.js';

/** Numbers of the lines on the simulated board, as the configuration has them. */
export const LINES = {
  illuminator: { line: 12 },
  tamper: { line: 4 },
  ignition: { line: 17 },
  lamp: { line: 6 },
  buzzer: { line: 5 },
  mute: { line: 22 },
} as const;

type Switch = 'tamper' | 'ignition' | 'mute';

/** What surrounds the device: switches that are thrown, and an ear at the buzzer. */
export class Cabinet {
  readonly folder: string;
  readonly #onsets = new SoundOnsets();
  #watcher: FSWatcher | undefined;
  #lampChanges = 0;

  /** @param folder of the simulated board; made. */
  constructor(folder: string) {
    this.folder = folder;
  }

  open(): void {
    mkdirSync(this.folder, { recursive: true });
    for (const name of ['tamper', 'mute'] as const) this.throw(name, false);
    this.throw('ignition', true);
    this.#watcher = watch(this.folder, (_event, name) => {
      if (name === `gpio${LINES.buzzer.line}`) this.#listen();
      else if (name === `gpio${LINES.lamp.line}`) this.#lampChanges++;
    });
  }

  close(): void {
    this.#watcher?.close();
  }

  throw(name: Switch, isOn: boolean): void {
    writeFileSync(this.#path(name), isOn ? '1\n' : '0\n');
  }

  /** UTC, milliseconds: when the buzzer began to sound. */
  get soundsAtMs(): readonly number[] {
    return this.#onsets.atMs;
  }

  get lampChanges(): number {
    return this.#lampChanges;
  }

  /** A set line is a new file, so its time is when the line was set, however late this hears of it. */
  #listen(): void {
    let file: number;
    try {
      file = openSync(this.#path('buzzer'), 'r');
    } catch (error) {
      // It is told of before the first level is there.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    try {
      this.#onsets.hear(readFileSync(file, 'utf8').startsWith('1'), fstatSync(file).mtimeMs);
    } finally {
      closeSync(file);
    }
  }

  #path(name: keyof typeof LINES): string {
    return join(this.folder, `gpio${LINES[name].line}`);
  }
}
