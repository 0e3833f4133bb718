import { uuidv7 } from 'uuidv7';
import type { DeviceConfig } from './config/schema.js';
import type { ClockQuality } from './domain/capture-record.js';
import type { DeviceEvent, DeviceEventKind } from './domain/device-event.js';
import type { HitCategory } from './domain/hit-category.js';
import type { PositionSnapshot, SealedPosition } from './domain/position.js';
import { PositionSealer } from './governance/sealing.js';
import { Lines, type LinesSnapshot } from './gpio/lines.js';
import type { LampPattern } from './gpio/rhythms.js';
import { SATELLITES_AGREE_MS } from './health/clock-watch.js';
import { type MachineState, readMachine } from './health/machine.js';
import { MachineWatch } from './health/machine-watch.js';
import type { Warnings } from './health/warnings.js';
import type { Clock } from './lib/clock.js';
import { DeviceError } from './lib/errors.js';
import type { Logger } from './lib/log.js';
import { Positions } from './position/positions.js';

export interface SiteOptions {
  readonly config: DeviceConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly warnings: Warnings;
  readonly clockQuality: () => ClockQuality;
  /** Stores an event to be sent. @throws DeviceError: it was not stored. */
  readonly commitEvent: (event: DeviceEvent) => void;
  /** Frames a second that every camera is to take in at most; undefined: all. */
  readonly onLimit: (framesPerSecond: number | undefined) => void;
  /** The vehicle was switched off for good: the device has some seconds. */
  readonly onIgnitionOff: () => void;
  /** @param untilMono monotonic milliseconds: the crew wants silence until then. */
  readonly onMute: (untilMono: number) => void;
}

export interface SiteSnapshot {
  readonly position: PositionSnapshot;
  readonly lines: LinesSnapshot;
  readonly machine: MachineState;
}

/** Twenty small reads of /sys, of what changes in minutes. */
const MACHINE_EVERY_MS = 5_000;
/** Of events that the store did not take: a switch that flutters for hours must not fill the memory. */
const MOST_UNTOLD = 1_000;
const MEGABYTE = 1_000_000;

/**
 * What surrounds the device in its cabinet or car: position, lines, power and heat, connected to its
 * warnings and to what it tells the centre. Part of the composition root; places do not leave it but sealed.
 */
export class Site {
  readonly #options: SiteOptions;
  readonly #sealer: PositionSealer | undefined;
  readonly #positions: Positions;
  readonly #lines: Lines;
  readonly #machineWatch: MachineWatch;
  #machine: MachineState = {};
  #machineAtMono = -Infinity;
  #looking: Promise<void> = Promise.resolve();
  #untold: DeviceEvent[] = [];
  #isStopping = false;

  /** @throws DeviceError config.invalid where position.centrePublicKey cannot be sealed to. */
  constructor(options: SiteOptions) {
    const { config, clock, log, warnings } = options;
    const { centrePublicKey } = config.position;
    this.#options = options;
    this.#sealer =
      centrePublicKey === undefined
        ? undefined
        : new PositionSealer({ centrePublicKey, unitId: config.unit.id });
    this.#positions = new Positions({
      config: config.position,
      clock,
      log,
      onState: (state, detail) => {
        warnings.tell('position-silent', '', state === 'silent' ? detail : undefined);
        warnings.tell('position-searching', '', state === 'searching' ? detail : undefined);
      },
      onMoved: (isMoved) => {
        // By how much would say something of where.
        const detail = `over ${config.position.movedMetres} m away from its surveyed place`;
        warnings.tell('position-moved', '', isMoved ? detail : undefined);
        if (isMoved) this.#tell('moved');
      },
    });
    this.#lines = new Lines({
      config: config.lines,
      clock,
      log,
      onTamper: (isOpen) => {
        warnings.tell('tamper-open', '', isOpen ? 'by its switch' : undefined);
        this.#tell(isOpen ? 'tamper-opened' : 'tamper-closed');
      },
      onIgnitionOff: () => {
        this.#tell('ignition-off');
        options.onIgnitionOff();
      },
      onMute: options.onMute,
      onAvailable: (detail) => warnings.tell('lines-unavailable', '', detail),
    });
    this.#machineWatch = new MachineWatch({
      config: config.power,
      leaveFreeBytes: config.store.leaveFreeMegabytes * MEGABYTE,
      warnings,
      onLimit: options.onLimit,
    });
  }

  /** @throws DeviceError position.survey-invalid */
  start(): void {
    this.#positions.start();
    this.#lines.start();
    const { source } = this.#positions.snapshot();
    if (source !== 'none' && this.#sealer === undefined)
      this.#options.warnings.raise('position-unsealed', '', 'position.centrePublicKey is not set');
  }

  /** The lamp says so until `stop`. */
  announceStop(): void {
    this.#isStopping = true;
    this.#lines.lamp('stopping');
  }

  async stop(): Promise<void> {
    await Promise.all([this.#positions.stop(), this.#lines.stop(), this.#looking]);
  }

  /**
   * To be called every second.
   * @param pictureBrightness mean of the newest picture, 0 to 255, where there is one.
   */
  look(pictureBrightness: number | undefined): void {
    this.#tellAgain();
    this.#lines.illuminate({ place: this.#positions.place(), pictureBrightness });
    if (!this.#isStopping) this.#lines.lamp(this.#lampPattern());
    this.#lookAtClock();
    const { clock, config } = this.#options;
    if (clock.monoMs() - this.#machineAtMono < MACHINE_EVERY_MS) return;
    this.#machineAtMono = clock.monoMs();
    this.#looking = readMachine({ storePath: config.store.path }).then((machine) => {
      this.#machine = machine;
      this.#machineWatch.look(machine);
    });
  }

  /** Where the device was at a capture, for the centre alone. @param subjectId of the record or the event. */
  sealedAt(capturedAtMs: number, subjectId: string): SealedPosition | undefined {
    const position = this.#sealer && this.#positions.at(capturedAtMs);
    return position && this.#sealer?.seal(position, subjectId);
  }

  speed(): { readonly metresPerSecond: number; readonly ageMs: number } | undefined {
    return this.#positions.speed();
  }

  /** System clock less the receiver's time. */
  get satelliteOffsetMs(): number | undefined {
    return this.#positions.snapshot().clockOffsetMs;
  }

  /** undefined where there is none. */
  get isIlluminatorOn(): boolean | undefined {
    return this.#lines.snapshot().isIlluminatorOn;
  }

  /** Lamp and buzzer for a hit that calls the crew. */
  alert(category: HitCategory): void {
    this.#lines.lamp('hit');
    this.#lines.buzz(category);
  }

  mute(): void {
    this.#lines.mute();
  }

  /** What the crew decided. @throws DeviceError: it was not stored. */
  decide(hitId: string, kind: 'hit-confirmed' | 'hit-rejected'): void {
    this.#options.commitEvent(this.#event(kind, hitId));
  }

  snapshot(): SiteSnapshot {
    return {
      position: this.#positions.snapshot(),
      lines: this.#lines.snapshot(),
      machine: this.#machine,
    };
  }

  /** An event that the store does not take now is handed in again with every look. */
  #tell(kind: DeviceEventKind): void {
    if (this.#untold.length < MOST_UNTOLD) this.#untold.push(this.#event(kind));
    else this.#options.log.error({ kind }, 'an event is lost: the store takes none');
    this.#tellAgain();
  }

  #tellAgain(): void {
    for (let next = this.#untold[0]; next !== undefined; next = this.#untold[0]) {
      try {
        this.#options.commitEvent(next);
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        return;
      }
      this.#untold.shift();
    }
  }

  #event(kind: DeviceEventKind, hitId?: string): DeviceEvent {
    const { clock, clockQuality } = this.#options;
    const id = uuidv7();
    const atMs = clock.nowMs();
    const position = this.sealedAt(atMs, id);
    return {
      id,
      kind,
      atMs,
      clock: clockQuality(),
      ...(hitId !== undefined && { hitId }),
      ...(position !== undefined && { position }),
    };
  }

  #lampPattern(): LampPattern {
    const [worst] = this.#options.warnings.visible();
    if (worst === undefined || worst.severity === 'low') return 'ok';
    return worst.severity === 'high' ? 'fault' : 'warning';
  }

  #lookAtClock(): void {
    const { warnings, clockQuality } = this.#options;
    const { source } = clockQuality();
    warnings.tell(
      'clock-unsynchronised',
      '',
      source === 'unknown' ? 'nothing vouches for the time' : undefined,
    );
    const offsetMs = this.satelliteOffsetMs ?? 0;
    warnings.tell(
      'clock-disagrees',
      '',
      Math.abs(offsetMs) > SATELLITES_AGREE_MS ? `by about ${Math.round(offsetMs / 1000)} s` : undefined,
    );
  }
}
