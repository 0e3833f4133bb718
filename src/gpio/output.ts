import type { LineConfig } from '../config/site-schema.js';
import type { GpioBoard, OutputLine } from './board.js';
import { KeptLine } from './kept-line.js';

/** Said again so often: finds a line that has failed, or that another program has set. */
const REPEAT_MS = 10_000;

/** A line that is to be on or off, and is brought there whenever it can be. */
export class Output {
  readonly line: KeptLine<OutputLine>;
  #wanted = false;
  /** What the line was set to last; undefined: it may be anything. */
  #set: boolean | undefined;
  #setMono = 0;

  constructor(board: GpioBoard, number: number, { activeLow }: LineConfig) {
    const open = () => board.output(number, { activeLow, isOn: this.#wanted });
    this.line = new KeptLine({ open });
  }

  /** Whether it is on in fact. */
  get isOn(): boolean {
    return this.#set === true;
  }

  want(isOn: boolean): void {
    this.#wanted = isOn;
  }

  /** To be called often: sets the line where it is not as wanted. */
  tend(atMono: number): void {
    if (this.#set === this.#wanted && atMono - this.#setMono < REPEAT_MS) return;
    const wanted = this.#wanted;
    this.#set = this.line.use(atMono, (line) => {
      line.set(wanted);
      return wanted;
    });
    this.#setMono = atMono;
  }

  /** Off, and given back. */
  rest(atMono: number): void {
    this.want(false);
    this.tend(atMono);
    this.line.close();
    this.#set = undefined;
  }
}
