import type { PositionConfig } from '../config/site-schema.js';
import type { Fix, Place, Position, PositionSnapshot } from '../domain/position.js';
import type { Clock } from '../lib/clock.js';
import type { Logger } from '../lib/log.js';
import { createPositionSource } from './create-source.js';
import { FixTrack } from './fix-track.js';
import { MovementWatch } from './movement-watch.js';
import type { PositionSource } from './position-source.js';
import { ReceiverTime } from './receiver-time.js';
import { type ReceiverState, ReceiverWatch } from './receiver-watch.js';
import { loadSurveyedPlace } from './surveyed-place.js';
import { UtcHistory } from './utc-history.js';

export interface PositionsOptions {
  readonly config: PositionConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of every change of the receiver's state, and of every new reason for its silence; never of a place. */
  readonly onState?: (state: ReceiverState, detail: string) => void;
  /** Told when the receiver is found farther from the surveyed place than allowed, and when it is back. */
  readonly onMoved?: (isMoved: boolean) => void;
  /** Instead of the one that the configuration names. */
  readonly source?: PositionSource;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Where the device is and was. Places live in this object's memory alone: what it logs, tells and shows in its
 * snapshot says how well the receiver does, and never where.
 *
 * Fixes are kept by monotonic time, so setting the system clock moves none of them.
 */
export class Positions {
  readonly #options: PositionsOptions;
  readonly #track = new FixTrack();
  readonly #utc = new UtcHistory();
  readonly #receiverTime = new ReceiverTime();
  #surveyed: Place | undefined;
  #movement: MovementWatch | undefined;
  #source: PositionSource | undefined;
  #receiver: ReceiverWatch | undefined;

  constructor(options: PositionsOptions) {
    this.#options = options;
  }

  /** @throws DeviceError position.survey-invalid */
  start(): void {
    const { config, clock, env } = this.#options;
    this.#surveyed = loadSurveyedPlace(config.surveyedFile, env);
    this.#lookAtClock();
    this.#source = this.#options.source ?? createPositionSource(config, clock);
    if (!this.#source) return;
    if (this.#surveyed) {
      this.#movement = new MovementWatch({ surveyed: this.#surveyed, limitMetres: config.movedMetres });
    }
    this.#receiver = new ReceiverWatch({
      source: this.#source,
      clock,
      silentAfterMs: config.silentAfterSeconds * 1000,
      onFix: (fix) => this.#take(fix),
      onNoFix: (atMono) => {
        this.#lookAtClock();
        this.#track.withdraw(atMono);
      },
      onState: (state, detail) => this.#told(state, detail),
    });
    this.#receiver.start();
  }

  async stop(): Promise<void> {
    await this.#receiver?.stop();
  }

  /**
   * Where the device was at a capture: at the surveyed place, as long as the receiver does not say that it was
   * moved; else between two fixes, or at the nearest one.
   * @param capturedAtMs UTC, milliseconds.
   * @returns undefined where nothing is known, or nothing within `usefulSeconds` of the capture.
   */
  at(capturedAtMs: number): Position | undefined {
    if (this.#surveyed && !this.isMoved) {
      return { ...this.#surveyed, source: 'surveyed', ageMs: 0, isInterpolated: false };
    }
    if (!this.#source) return undefined;
    this.#lookAtClock();
    const mono = this.#utc.monoOf(capturedAtMs);
    if (mono === undefined) return undefined;
    return this.#track.at(mono, this.#options.config.usefulSeconds * 1000, this.#source.kind);
  }

  /** The newest fix's, however old, else the surveyed one: good enough for the sun's times. */
  place(): Place | undefined {
    const { newest } = this.#track;
    return newest ? { latitudeDeg: newest.latitudeDeg, longitudeDeg: newest.longitudeDeg } : this.#surveyed;
  }

  /** Of the newest fix; undefined where there is none or it told no speed. */
  speed(): { readonly metresPerSecond: number; readonly ageMs: number } | undefined {
    const { newest } = this.#track;
    if (newest?.speedMetresPerSecond === undefined) return undefined;
    return {
      metresPerSecond: newest.speedMetresPerSecond,
      ageMs: this.#options.clock.monoMs() - newest.atMono,
    };
  }

  /** Whether the receiver is farther from the surveyed place than allowed. */
  get isMoved(): boolean {
    return this.#movement?.isMoved ?? false;
  }

  snapshot(): PositionSnapshot {
    const { clock } = this.#options;
    const { newest } = this.#track;
    const receiver = this.#receiver;
    const baudRate = this.#source?.baudRate;
    const clockOffsetMs = this.#receiverTime.offsetMs(clock.nowMs(), clock.monoMs());
    return {
      source: this.#source?.kind ?? (this.#surveyed ? 'surveyed' : 'none'),
      state: receiver?.state ?? 'none',
      ...(newest ? { ageMs: clock.monoMs() - newest.atMono } : {}),
      ...(newest?.hdop === undefined ? {} : { hdop: newest.hdop }),
      ...(newest?.satellites === undefined ? {} : { satellites: newest.satellites }),
      ...(baudRate === undefined ? {} : { baudRate }),
      sentences: receiver?.sentences ?? 0,
      badSentences: receiver?.badSentences ?? 0,
      reopened: receiver?.reopened ?? 0,
      ...(clockOffsetMs === undefined ? {} : { clockOffsetMs }),
    };
  }

  #take(fix: Fix): void {
    this.#lookAtClock();
    this.#track.put(fix);
    if (fix.gpsAtMs !== undefined) this.#receiverTime.put(fix.gpsAtMs, fix.atMono);
    if (!this.#movement) return;
    const wasMoved = this.#movement.isMoved;
    this.#movement.put(fix);
    if (this.#movement.isMoved !== wasMoved) this.#options.onMoved?.(this.#movement.isMoved);
  }

  #told(state: ReceiverState, detail: string): void {
    this.#options.log.info({ state, detail }, 'position receiver');
    this.#options.onState?.(state, detail);
  }

  #lookAtClock(): void {
    const { clock } = this.#options;
    this.#utc.look(clock.nowMs(), clock.monoMs());
  }
}
