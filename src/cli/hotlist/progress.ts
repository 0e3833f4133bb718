/** Every so often at a terminal, where the line is written over. */
const TERMINAL_EVERY_MS = 200;
/** And where lines stay: into a file or the journal. */
const FILE_EVERY_MS = 5_000;

/** How far long work is, on standard error; silent while it is quick. */
export class Progress {
  readonly #everyMs = process.stderr.isTTY ? TERMINAL_EVERY_MS : FILE_EVERY_MS;
  #toldAtMs = performance.now();
  #width = 0;

  /** @param done of `of`, where it is known how many there are. */
  tell(what: string, done: number, of?: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#toldAtMs < this.#everyMs) return;
    this.#toldAtMs = nowMs;
    const share = of === undefined || of === 0 ? '' : ` of ${of} (${Math.floor((100 * done) / of)} %)`;
    const text = `${what}: ${done}${share}`;
    if (!process.stderr.isTTY) {
      process.stderr.write(`${text}\n`);
      return;
    }
    process.stderr.write(`\r${text.padEnd(this.#width)}`);
    this.#width = text.length;
  }

  /** Makes room for other lines. */
  end(): void {
    if (this.#width > 0) process.stderr.write(`\r${' '.repeat(this.#width)}\r`);
    this.#width = 0;
  }
}
