import type { ReadStream, WriteStream } from 'node:tty';
import type { ScreenSize } from './screen.js';

export interface TerminalHandlers {
  readonly onTyped: (typed: string) => void;
  readonly onResize: () => void;
  readonly onGone: () => void;
}

/** A terminal that a program has for itself, and gives back as it was. */
export class Terminal {
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  #drawn = '';
  #onTyped: ((typed: string) => void) | undefined;

  constructor(input: ReadStream, output: WriteStream) {
    this.#input = input;
    this.#output = output;
  }

  /** Some consoles do not say how large they are: these then are the smallest that is sold. */
  get size(): ScreenSize {
    return { columns: this.#output.columns || 80, rows: this.#output.rows || 24 };
  }

  /**
   * The other screen leaves nothing of what was shown in the scrollback.
   * @param onGone is called when the terminal is, as when its line hangs up.
   */
  open({ onTyped, onResize, onGone }: TerminalHandlers): void {
    this.#output.write(`${ESC}[?1049h${ESC}[?25l${ESC}[?7l${ESC}[2J`);
    this.#output.on('resize', () => {
      this.#drawn = '';
      onResize();
    });
    this.#onTyped = onTyped;
    this.#input.setRawMode(true);
    this.#input.setEncoding('utf8');
    this.#input.on('data', onTyped);
    this.#input.once('end', onGone);
    this.#input.on('error', onGone);
    this.#input.resume();
  }

  /** Safe to call more than once, and from a handler of `exit`. */
  close(): void {
    if (this.#onTyped === undefined) return;
    this.#input.off('data', this.#onTyped);
    this.#onTyped = undefined;
    this.#input.setRawMode(false);
    this.#input.pause();
    this.#output.write(`${ESC}[2J${ESC}[?7h${ESC}[?25h${ESC}[?1049l`);
  }

  /** Draws only where something has changed, and nothing while a slow line is still busy with what came before. */
  draw(lines: readonly string[]): void {
    // Erased before, not after: behind a full line the cursor still stands on its last character.
    const text = lines.map((line) => `${ESC}[2K${line}`).join('\r\n');
    if (text === this.#drawn || this.#output.writableNeedDrain) return;
    this.#drawn = text;
    this.#output.write(`${ESC}[H${text}${ESC}[J`);
  }

  ring(): void {
    this.#output.write('\u0007');
  }
}

const ESC = '\u001b';
