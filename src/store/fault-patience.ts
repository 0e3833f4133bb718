import type { StorageFault } from '../lib/sqlite.js';

/**
 * How long a failing disk is borne before the store goes to memory. Pure.
 *
 * A read-only file system is one at the first error: it stays so until somebody mounts it again. Other errors may
 * pass, and a full disk is first the sweep's to mend. Only a write that worked says that it is over: reading works
 * on a full disk, too.
 */
const MOST_FAILURES = 3;
const BEARABLE_MS: Readonly<Record<'disk' | 'full', number>> = { disk: 10_000, full: 60_000 };

export class FaultPatience {
  #firstMonoMs: number | undefined;
  #failures = 0;

  get isTried(): boolean {
    return this.#failures > 0;
  }

  /** @returns whether it has lasted too long. */
  failed(fault: StorageFault, monoMs: number): boolean {
    if (fault === 'read-only') return true;
    if (fault !== 'disk' && fault !== 'full') return false;
    this.#firstMonoMs ??= monoMs;
    this.#failures++;
    return this.#failures >= MOST_FAILURES && monoMs - this.#firstMonoMs >= BEARABLE_MS[fault];
  }

  /** Something was written. */
  wrote(): void {
    this.#firstMonoMs = undefined;
    this.#failures = 0;
  }
}
