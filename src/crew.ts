import type { DisplayConfig } from './config/site-schema.js';
import type { CrewDoor } from './control/crew-routes.js';
import { Display, type DisplaySnapshot } from './display/display.js';
import type { StopReason } from './display/messages.js';
import type { Profile } from './domain/display-profile.js';
import type { CrewDecision } from './domain/held-hit.js';
import { categoryOfMatch } from './domain/hit-category.js';
import type { Warnings } from './health/warnings.js';
import type { Clock } from './lib/clock.js';
import { DeviceError } from './lib/errors.js';
import type { Logger } from './lib/log.js';
import type { Site } from './site.js';
import type { RecordStore } from './store/record-store.js';

export interface CrewOptions {
  readonly config: DisplayConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly warnings: Warnings;
  readonly site: Pick<Site, 'alert' | 'decide' | 'mute' | 'speed'>;
  readonly store: Pick<RecordStore, 'heldHit' | 'heldHits' | 'hitsOf'>;
}

/** Of earlier runs: a crew that comes back to its car wants to see what it has not decided on. */
const KEPT_MS = 12 * 3_600_000;

/**
 * What the crew sees and hears of hits: screen, lamp and buzzer, and what it decides. Part of the composition
 * root. A screen that fails never keeps a hit from the centre: everything here comes after the commit.
 */
export class Crew implements CrewDoor {
  readonly #options: CrewOptions;
  readonly #display: Display;

  constructor(options: CrewOptions) {
    const { config, clock, warnings, site } = options;
    this.#options = options;
    this.#display = new Display({
      config,
      clock,
      speed: () => site.speed(),
      warnings: () => warnings.visible(),
      onDecision: (hitId, decision) => site.decide(hitId, decision),
      onMute: () => site.mute(),
    });
  }

  /** After the store. */
  start(): void {
    const { config, store } = this.#options;
    this.#display.start(this.#shown(() => store.heldHits(KEPT_MS, config.keepHits)) ?? []);
  }

  stop(): void {
    this.#display.stop();
  }

  /** A hit was committed. Those too unlikely to call a crew are for the centre alone. */
  hit(hitId: string): void {
    const held = this.#shown(() => this.#options.store.heldHit(hitId));
    if (held === undefined || !held.hit.match.alerts) return;
    // The vehicle of a late hit has passed: nobody is to be startled by it.
    if (!held.hit.match.late) this.#options.site.alert(categoryOfMatch(held.hit.match));
    this.#display.add(held);
  }

  /** A record is complete: its hits may not stand any more. */
  closed(recordId: string): void {
    if (!this.#display.hasRecord(recordId)) return;
    const references = this.#shown(() => this.#options.store.hitsOf(recordId));
    if (references !== undefined) this.#display.settle(references);
  }

  muted(untilMono: number): void {
    this.#display.muted(untilMono);
  }

  announceStop(reason: StopReason): void {
    this.#display.announceStop(reason);
  }

  follow(most: Profile, send: (message: object) => void): () => void {
    return this.#display.follow(most, send);
  }

  decide(hitId: string, decision: CrewDecision): void {
    this.#display.decide(hitId, decision);
  }

  mute(): void {
    this.#display.mute();
  }

  snapshot(): DisplaySnapshot {
    return this.#display.snapshot();
  }

  /** What the store cannot read now is not shown; its failure is told elsewhere. */
  #shown<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#options.log.warn({ code: error.code }, 'a hit could not be shown to the crew');
      return undefined;
    }
  }
}
