import type { Clock } from '../../src/lib/clock.js';

/** A clock that stands still until a test moves it; sleepers wake in order as it passes them. */
export class ManualClock implements Clock {
  #nowMs: number;
  #monoMs = 0;
  #sleepers: { wakeAtMonoMs: number; wake: () => void }[] = [];

  constructor(nowMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monoMs(): number {
    return this.#monoMs;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(signal?.reason);
      const wake = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#sleepers.push({ wakeAtMonoMs: this.#monoMs + delayMs, wake });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Sets the time as an administrator or NTP would; no time passes. */
  set(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    this.#monoMs += ms;
    const due = this.#sleepers.filter((sleeper) => sleeper.wakeAtMonoMs <= this.#monoMs);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.wakeAtMonoMs > this.#monoMs);
    for (const sleeper of due) sleeper.wake();
  }
}
