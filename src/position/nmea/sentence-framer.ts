/** One sentence from `$` to its checksum, without the line's end. */
export interface FramedSentence {
  readonly text: string;
  /** Monotonic milliseconds: when its first byte came. */
  readonly atMono: number;
}

/** NMEA 0183 allows 82; receivers that write more digits go beyond. */
const MOST_CHARACTERS = 128;

const DOLLAR = 0x24;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Cuts what comes over a line into sentences. What is cut short, too long or no sentence at all is
 * counted and never handed on.
 */
export class SentenceFramer {
  #text = '';
  #atMono = 0;
  /** opening: the line was opened in the midst of something, which is nobody's fault. */
  #state: 'opening' | 'between' | 'inside' | 'noise' = 'opening';

  /** @param onBad told once of each sentence, or stretch of noise, that is given up. */
  *push(chunk: Uint8Array, atMono: number, onBad: () => void): Generator<FramedSentence> {
    for (const byte of chunk) {
      if (byte === DOLLAR) {
        if (this.#state === 'inside') onBad();
        this.#begin(atMono);
      } else if (byte === CARRIAGE_RETURN || byte === LINE_FEED) {
        const isWhole = this.#state === 'inside';
        this.#state = 'between';
        if (isWhole) yield { text: this.#text, atMono: this.#atMono };
      } else if (this.#state === 'inside') {
        if (byte < 0x20 || byte > 0x7e || this.#text.length >= MOST_CHARACTERS) {
          this.#state = 'noise';
          onBad();
        } else this.#text += String.fromCharCode(byte);
      } else if (this.#state === 'between') {
        this.#state = 'noise';
        onBad();
      }
    }
  }

  #begin(atMono: number): void {
    this.#state = 'inside';
    this.#text = '$';
    this.#atMono = atMono;
  }
}
