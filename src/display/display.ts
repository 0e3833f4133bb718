import type { DisplayConfig } from '../config/site-schema.js';
import { narrower, type Profile } from '../domain/display-profile.js';
import type { CrewDecision, HeldHit } from '../domain/held-hit.js';
import type { HitReference } from '../domain/outbox.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import type { BoardHit } from './board-hit.js';
import { type BoardSnapshot, HitBoard } from './hit-board.js';
import { viewOf } from './hit-view.js';
import {
  type DisplayMessage,
  type Equipment,
  HEARTBEAT_MS,
  type ShownWarning,
  type StopReason,
} from './messages.js';
import { ProfileChoice, type Speed } from './profile-choice.js';
import { shown } from './profiles.js';

export interface DisplayOptions {
  readonly config: DisplayConfig;
  readonly clock: Clock;
  /** Of the vehicle that the device is in; undefined: not known. */
  readonly speed: () => Speed | undefined;
  /** What is wrong with the device now, the worst first. */
  readonly warnings: () => readonly ShownWarning[];
  /** Records and sends it. @throws DeviceError: it is not recorded, and the board does not say that it is. */
  readonly onDecision: (hitId: string, decision: CrewDecision) => void;
  /** The crew wants silence. */
  readonly onMute: () => void;
}

export interface DisplaySnapshot extends BoardSnapshot {
  readonly profile: Profile;
  readonly followers: number;
}

interface Follower {
  /** Shows no more than this. */
  readonly most: Profile;
  readonly send: (message: DisplayMessage) => void;
}

/**
 * What the crew is shown, for any number of screens.
 *
 * Invariants
 * - What the profile does not allow never leaves this object. The profile is looked at before anything is told, and when it
 *   changes every screen gets a snapshot in the place of what it had.
 * - A screen may ask for less than the profile shows, never for more.
 * - A decision is on the board only when it is recorded, and only of a hit that the crew could be shown.
 */
export class Display {
  readonly #options: DisplayOptions;
  readonly #board: HitBoard;
  readonly #choice: ProfileChoice;
  readonly #followers = new Set<Follower>();
  #profile: Profile;
  #mutedUntilMono = Number.NEGATIVE_INFINITY;
  #stopping: StopReason | undefined;
  #beating: NodeJS.Timeout | undefined;

  constructor(options: DisplayOptions) {
    this.#options = options;
    this.#board = new HitBoard(options.config);
    this.#choice = new ProfileChoice(options.config);
    this.#profile = this.#choice.look(options.clock.monoMs(), undefined);
  }

  /** @param held what the store holds of earlier runs, the oldest first. */
  start(held: readonly HeldHit[]): void {
    for (const hit of held) this.add(hit);
    this.#beating = setInterval(() => this.beat(), HEARTBEAT_MS);
  }

  /** What is told after this reaches screens still; only the profile is not looked at by itself any more. */
  stop(): void {
    clearInterval(this.#beating);
  }

  /** A hit was committed. */
  add(held: HeldHit): void {
    const change = this.#board.add(held);
    if (change === undefined) return;
    this.#tell(change.added);
    if (change.gone !== undefined) this.#send({ kind: 'gone', id: change.gone.hit.id });
  }

  /** Whether it matters to the board how this record ends. */
  hasRecord(recordId: string): boolean {
    return this.#board.hasRecord(recordId);
  }

  /** A record is complete: these are its hits, and whether they stand. */
  settle(references: readonly HitReference[]): void {
    for (const hit of this.#board.settle(references)) this.#tell(hit);
  }

  /**
   * The crew decides; the last decision counts, the same again changes nothing.
   * @throws DeviceError display.no-such-hit; display.not-shown; what onDecision throws.
   */
  decide(hitId: string, decision: CrewDecision): void {
    this.#look();
    const before = this.#board.find(hitId);
    if (this.#profile === 'driver-moving') {
      throw new DeviceError('display.not-shown', {
        message:
          'the display shows no vehicle now, so nobody can decide on it; expected a vehicle that stands',
        hint: 'Stop first; with a screen that the driver cannot see, set display.profile to passenger.',
      });
    }
    if (before.decision === decision) return;
    this.#options.onDecision(hitId, decision);
    this.#tell(this.#board.decide(hitId, decision, this.#options.clock.nowMs()));
  }

  /** The crew asks for silence, from a screen. */
  mute(): void {
    this.#options.onMute();
  }

  /** The buzzer is silent until then, so are screens. @param untilMono monotonic milliseconds. */
  muted(untilMono: number): void {
    this.#mutedUntilMono = untilMono;
    this.beat();
  }

  /** Tells every screen that the device is about to end. */
  announceStop(reason: StopReason): void {
    this.#stopping = reason;
    this.#send({ kind: 'stopping', reason });
  }

  /**
   * @param most the screen shows no more than this.
   * @param send is called at once with a snapshot, then with every change.
   * @returns how to end it.
   */
  follow(most: Profile, send: (message: DisplayMessage) => void): () => void {
    this.#look();
    const follower: Follower = { most, send };
    this.#followers.add(follower);
    this.#sendSnapshot(follower);
    if (this.#stopping !== undefined) send({ kind: 'stopping', reason: this.#stopping });
    return () => this.#followers.delete(follower);
  }

  /** Looks at the speed, and tells every screen that the device lives; runs by itself between start and stop. */
  beat(): void {
    this.#look();
    for (const follower of this.#followers) {
      follower.send({ kind: 'heartbeat', ...this.#equipment(this.#profileOf(follower)) });
    }
  }

  snapshot(): DisplaySnapshot {
    return { profile: this.#profile, followers: this.#followers.size, ...this.#board.snapshot() };
  }

  #look(): void {
    const { clock, speed } = this.#options;
    const profile = this.#choice.look(clock.monoMs(), speed());
    if (profile === this.#profile) return;
    this.#profile = profile;
    for (const follower of this.#followers) this.#sendSnapshot(follower);
  }

  #sendSnapshot(follower: Follower): void {
    const profile = this.#profileOf(follower);
    const hits = this.#board.ordered().map((hit) => shown(viewOf(hit), profile));
    follower.send({ kind: 'snapshot', ...this.#equipment(profile), hits });
  }

  #tell(hit: BoardHit): void {
    this.#look();
    const view = viewOf(hit);
    for (const follower of this.#followers) {
      follower.send({ kind: 'hit', hit: shown(view, this.#profileOf(follower)) });
    }
  }

  #send(message: DisplayMessage): void {
    for (const { send } of this.#followers) send(message);
  }

  #profileOf({ most }: Follower): Profile {
    return narrower(this.#profile, most);
  }

  #equipment(profile: Profile): Equipment {
    const { clock, warnings } = this.#options;
    return {
      profile,
      mutedMs: Math.max(0, Math.round(this.#mutedUntilMono - clock.monoMs())),
      warnings: warnings().map(({ severity, title, subject }) => ({ severity, title, subject })),
    };
  }
}
