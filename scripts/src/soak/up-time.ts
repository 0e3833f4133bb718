/** When a link carried messages; pure. Times are UTC milliseconds, in the order in which they are told. */
export class UpTime {
  readonly #stretches: { readonly fromMs: number; untilMs: number }[] = [];
  #isUp = false;

  up(nowMs: number): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.#stretches.push({ fromMs: nowMs, untilMs: Number.POSITIVE_INFINITY });
  }

  down(nowMs: number): void {
    const last = this.#stretches.at(-1);
    if (!this.#isUp || last === undefined) return;
    this.#isUp = false;
    last.untilMs = nowMs;
  }

  /** How much of a time it was up. */
  within(fromMs: number, untilMs: number): number {
    return this.#stretches.reduce(
      (sum, stretch) =>
        sum + Math.max(0, Math.min(untilMs, stretch.untilMs) - Math.max(fromMs, stretch.fromMs)),
      0,
    );
  }

  /** From a moment until it was up; 0 where it was up then. @returns undefined where it never was. */
  waitFrom(atMs: number): number | undefined {
    const next = this.#stretches.find(({ untilMs }) => untilMs > atMs);
    return next === undefined ? undefined : Math.max(0, next.fromMs - atMs);
  }
}
