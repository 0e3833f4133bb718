import { setTimeout as delay } from 'node:timers/promises';
import { followControl, tellControl } from '../../../src/control/crew-client.js';
import { type DisplayMessage, SILENT_AFTER_MS } from '../../../src/display/messages.js';
import type { Profile } from '../../../src/domain/display-profile.js';
import { DeviceError } from '../../../src/lib/errors.js';

/** When the screen had another profile. UTC, milliseconds. */
export interface ProfileChange {
  readonly atMs: number;
  readonly profile: Profile;
}

export interface Decision {
  readonly hitId: string;
  readonly kind: 'hit-confirmed' | 'hit-rejected';
}

const RETRY_MS = 500;
const THINKS_MS = 700;

/**
 * The crew's screen and its finger: follows the hits, decides on those that wait while the car stands, turn by turn,
 * and tries it once in every stretch of driving, where it must be refused.
 */
export class Screen {
  readonly changes: ProfileChange[] = [];
  /** That the device took. */
  readonly decisions: Decision[] = [];
  /** UTC, milliseconds: when the device said that it ends, and why. */
  stopping: { readonly atMs: number; readonly reason: string } | undefined;
  refusals = 0;
  takenWhileMoving = 0;
  lost = 0;
  readonly #socketPath: string;
  readonly #waiting = new Set<string>();
  #hasTriedMoving = false;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Until the signal. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const path = '/hits?profile=stationary';
        const options = { socketPath: this.#socketPath, path, silentAfterMs: SILENT_AFTER_MS, signal };
        for await (const message of followControl(options)) this.#show(message as DisplayMessage);
        if (this.stopping) return;
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        if (this.changes.length > 0) this.lost++;
      }
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Until the signal. */
  async decide(signal: AbortSignal): Promise<void> {
    for (;;) {
      await delay(THINKS_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted || this.stopping) return;
      const [hitId] = this.#waiting;
      const profile = this.changes.at(-1)?.profile;
      if (hitId === undefined || profile === undefined) continue;
      if (profile === 'stationary') await this.#take(hitId);
      else if (!this.#hasTriedMoving) await this.#tryMoving(hitId);
    }
  }

  async #take(hitId: string): Promise<void> {
    const kind = this.decisions.length % 3 === 2 ? 'hit-rejected' : 'hit-confirmed';
    if (await this.#tell(hitId, kind)) {
      this.decisions.push({ hitId, kind });
      this.#waiting.delete(hitId);
    }
  }

  async #tryMoving(hitId: string): Promise<void> {
    this.#hasTriedMoving = true;
    if (!(await this.#tell(hitId, 'hit-confirmed'))) {
      this.refusals++;
      return;
    }
    this.decisions.push({ hitId, kind: 'hit-confirmed' });
    this.#waiting.delete(hitId);
    // It may have come to stand between the screen's last news and the try.
    if (this.changes.at(-1)?.profile !== 'stationary') this.takenWhileMoving++;
  }

  async #tell(hitId: string, kind: Decision['kind']): Promise<boolean> {
    const verb = kind === 'hit-confirmed' ? 'confirm' : 'reject';
    try {
      await tellControl(this.#socketPath, `/hits/${hitId}/${verb}`);
      return true;
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      return false;
    }
  }

  #show(message: DisplayMessage): void {
    if (message.kind === 'stopping') {
      this.stopping = { atMs: Date.now(), reason: message.reason };
      return;
    }
    if (message.kind === 'snapshot') this.#waiting.clear();
    if (message.kind === 'gone') this.#waiting.delete(message.id);
    const hits = message.kind === 'snapshot' ? message.hits : message.kind === 'hit' ? [message.hit] : [];
    for (const { id, state } of hits) {
      if (state === 'unacknowledged') this.#waiting.add(id);
      else this.#waiting.delete(id);
    }
    if (message.kind === 'snapshot' || message.kind === 'heartbeat') this.#see(message.profile);
  }

  #see(profile: Profile): void {
    if (profile === this.changes.at(-1)?.profile) return;
    this.changes.push({ atMs: Date.now(), profile });
    if (profile === 'driver-moving') this.#hasTriedMoving = false;
  }
}
