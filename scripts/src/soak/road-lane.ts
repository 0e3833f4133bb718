/** One direction of a connection on its way through the road. */
export interface LaneOptions {
  /** When so many bytes that enter now come out, performance.now(); undefined: at once. */
  readonly passesAtMs: (bytes: number) => number | undefined;
  /** What the modem holds of it. */
  readonly bufferBytes: () => number | undefined;
  readonly pass: (bytes: Buffer) => void;
}

/** What a slow road passes at once: at 32 kbit/s a tenth of a second. */
const PIECE_BYTES = 400;

/** Holds bytes until they are due, in order: what the modem has, and behind it what the sender's kernel has. */
export class Lane {
  readonly #options: LaneOptions;
  #held: { readonly bytes: Buffer; readonly dueMs: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #onEmpty: (() => void) | undefined;
  #isDead = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  take(bytes: Buffer): void {
    if (this.#isDead) return;
    const { passesAtMs, pass } = this.#options;
    if (this.#held.length === 0 && passesAtMs(0) === undefined) {
      pass(bytes);
      return;
    }
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      this.#held.push({ bytes: piece, dueMs: passesAtMs(piece.length) ?? 0 });
    }
    this.#wait();
  }

  /**
   * Its sender has reset the connection: what had not left the sender's kernel goes with it, what the modem
   * has is still carried.
   */
  forgetUnsent(): void {
    let bytes = 0;
    const mostBytes = this.#options.bufferBytes() ?? Number.POSITIVE_INFINITY;
    this.#held = this.#held.filter((piece) => {
      bytes += piece.bytes.length;
      return bytes <= mostBytes;
    });
  }

  /** The road has changed: what is held goes by the new one. */
  retime(): void {
    this.#held = this.#held.map(({ bytes }) => ({
      bytes,
      dueMs: this.#options.passesAtMs(bytes.length) ?? 0,
    }));
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wait();
  }

  /** @param onEmpty called when all that was taken has passed. */
  end(onEmpty: () => void): void {
    if (this.#isDead) return;
    if (this.#held.length === 0) onEmpty();
    else this.#onEmpty = onEmpty;
  }

  /** What it holds is lost, and what comes too. */
  kill(): void {
    this.#isDead = true;
    this.#held = [];
    clearTimeout(this.#timer);
  }

  #wait(): void {
    const [first] = this.#held;
    if (first === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#passDue();
      },
      Math.max(0, first.dueMs - performance.now()),
    );
  }

  #passDue(): void {
    const nowMs = performance.now();
    const due: Buffer[] = [];
    while (this.#held[0] !== undefined && this.#held[0].dueMs <= nowMs) {
      due.push((this.#held.shift() as { bytes: Buffer }).bytes);
    }
    if (due.length > 0) {
      this.#options.pass(Buffer.concat(due));
    }
    if (this.#held.length === 0) this.#onEmpty?.();
    this.#wait();
  }
}
