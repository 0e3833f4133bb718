import { FixAssembler } from '../fix-assembler.js';
import type { PositionListener } from '../position-source.js';
import { readSentence } from './read-sentence.js';
import { SentenceFramer } from './sentence-framer.js';

/**
 * Bytes of a line to fixes; one for each opening of it and each rate.
 *
 * A fix is dated by the arrival of its first sentence's first byte. What the receiver takes from the
 * moment it measured to that byte is not known here: 50 to 300 ms with usual ones, 2 to 9 m at 30 m/s,
 * always in the same direction. What the line takes, a millisecond a byte at 9600 baud, costs nothing,
 * because it comes after the first byte; a main thread that is busy adds what it was busy for.
 */
export class NmeaDecoder {
  readonly #framer = new SentenceFramer();
  readonly #assembler = new FixAssembler();
  readonly #listener: PositionListener;

  constructor(listener: PositionListener) {
    this.#listener = listener;
  }

  push(chunk: Uint8Array, atMono: number): void {
    const onBad = () => this.#listener.onSentence(false);
    for (const sentence of this.#framer.push(chunk, atMono, onBad)) {
      const utterance = readSentence(sentence.text);
      this.#listener.onSentence(utterance !== undefined);
      const assembled = utterance && this.#assembler.take(utterance, sentence.atMono);
      if (assembled?.kind === 'fix') this.#listener.onFix(assembled.fix);
      if (assembled?.kind === 'no-fix') this.#listener.onNoFix(assembled.atMono);
    }
  }
}
