import type { LineConfig, LinesConfig } from '../config/site-schema.js';
import { HIT_CATEGORIES, type HitCategory } from '../domain/hit-category.js';
import type { Clock } from '../lib/clock.js';
import type { Logger } from '../lib/log.js';
import { Allowance } from './allowance.js';
import type { GpioBoard, InputLine } from './board.js';
import { createBoard } from './create-board.js';
import { Debounce, type Settled } from './debounce.js';
import {
  type IlluminationInput,
  type IlluminationState,
  illuminationAfter,
  startIllumination,
} from './illumination.js';
import { KeptLine } from './kept-line.js';
import { Output } from './output.js';
import {
  BUZZER_RHYTHMS,
  LAMP_HIT_MS,
  LAMP_RHYTHMS,
  type LampPattern,
  rhythmAt,
  rhythmMs,
} from './rhythms.js';

/**
 * Somebody may be at work on a parked vehicle; but one that was switched off again while the device started must
 * not run it for as long as its battery lasts.
 */
export const OFF_FROM_START_MS = 600_000;

/** Often enough for a finger on a button: what is held for `debounceMs` and this is seen. */
const LOOK_MS = 50;
/** A cabinet that is opened and shut by people is told at once, a loose contact once a minute. */
const TAMPER_TOLD = { most: 20, everyMs: 60_000 };

export interface LinesOptions {
  readonly config: LinesConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** The cabinet; also told at the start where it is open then. While it flutters for long, once a minute at most. */
  readonly onTamper: (isOpen: boolean) => void;
  /** Once: it went off, and stayed off for ignitionOffSeconds; or it has been off since the start, for OFF_FROM_START_MS. */
  readonly onIgnitionOff: () => void;
  /** @param untilMono monotonic milliseconds: the buzzer is silent until then */
  readonly onMute: (untilMono: number) => void;
  /** @param detail which lines cannot be used and why; undefined: all work again */
  readonly onAvailable: (detail: string | undefined) => void;
}

/** What may be said of the lines. Of lines that are not configured, and of switches that cannot be read, nothing is said. */
export interface LinesSnapshot {
  readonly board: LinesConfig['board']['kind'];
  readonly problem?: string;
  /** Failures of lines since the start. */
  readonly failures: number;
  readonly isIlluminatorOn?: boolean;
  readonly isTamperOpen?: boolean;
  readonly isIgnitionOn?: boolean;
  readonly lamp?: LampPattern;
  readonly mutedForMs?: number;
}

interface Input {
  readonly line: KeptLine<InputLine>;
  readonly debounce: Debounce;
  readonly onSettled: (settled: Settled) => void;
}

interface Sound {
  readonly category: HitCategory;
  readonly sinceMono: number;
}

type OutputName = 'illuminator' | 'strobeEnable' | 'lamp' | 'buzzer';
type InputName = 'tamper' | 'ignition' | 'mute';

/**
 * The lines of cabinet or car: what is switched, shown and sounded, and what switches say.
 *
 * Invariants
 * - A line that fails is told, and tried again for as long as the device runs; the others go on.
 * - A switch that cannot be read stays as it was believed to be.
 * - When it has stopped, every output that could be set is off.
 */
export class Lines {
  readonly #options: LinesOptions;
  readonly #clock: Clock;
  readonly #inputs = new Map<InputName, Input>();
  readonly #outputs = new Map<OutputName, Output>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #illumination: IlluminationState;
  #lamp: LampPattern | undefined;
  #lampSinceMono = 0;
  #hitSinceMono = Number.NEGATIVE_INFINITY;
  #sound: Sound | undefined;
  #mutedUntilMono = Number.NEGATIVE_INFINITY;
  /** Since it went off. */
  #ignitionOffSinceMono: number | undefined;
  /** Since it was first read as off, from the start or since it was last on. */
  #seenOffSinceMono: number | undefined;
  #hasToldIgnitionOff = false;
  readonly #tamperTold = new Allowance(TAMPER_TOLD);
  #isToldOpen = false;
  #problem: string | undefined;

  constructor(options: LinesOptions) {
    const { config, clock } = options;
    this.#options = options;
    this.#clock = clock;
    this.#illumination = startIllumination(config);
    // Lines on no board are none: a switch that cannot be there must not be shown as at rest.
    if (config.board.kind === 'none') return;
    const board = createBoard(config.board);
    this.#addOutputs(board, config);
    this.#addInput(board, 'tamper', config.tamper, () => undefined);
    this.#addInput(board, 'ignition', config.ignition, (settled) => this.#onIgnition(settled));
    this.#addInput(board, 'mute', config.mute, ({ isOn }) => {
      if (isOn) this.mute();
    });
  }

  /** Begins to look at switches and to drive the outputs; lines that fail do not keep it from starting. */
  start(): void {
    if (this.#inputs.size + this.#outputs.size === 0) return;
    this.#running = this.#lookAlways();
  }

  /** Every output off, every line given back. */
  async stop(): Promise<void> {
    if (this.#running === undefined) return;
    this.#stopping.abort();
    await this.#running;
    const atMono = this.#clock.monoMs();
    for (const output of this.#outputs.values()) output.rest(atMono);
    for (const { line } of this.#inputs.values()) line.close();
  }

  /** Whether there is an illuminator, and all that switches it is on. */
  get isIlluminatorOn(): boolean {
    const switches = [this.#outputs.get('illuminator'), this.#outputs.get('strobeEnable')].filter(
      (output) => output !== undefined,
    );
    return switches.length > 0 && switches.every(({ isOn }) => isOn);
  }

  /** To be called about every second with what is known of place and picture. */
  illuminate(input: IlluminationInput): void {
    const { config, log } = this.#options;
    const now = { atMs: this.#clock.nowMs(), atMono: this.#clock.monoMs() };
    const { isOn } = this.#illumination;
    this.#illumination = illuminationAfter(this.#illumination, input, now, config);
    if (this.#illumination.isOn === isOn) return;
    if (this.#outputs.has('illuminator') || this.#outputs.has('strobeEnable'))
      log.info({ isOn: !isOn }, 'illuminator switched');
    this.#driveNow();
  }

  /** What the lamp shows from now on; `hit` for some seconds, after which it shows again what it showed. */
  lamp(pattern: LampPattern): void {
    const atMono = this.#clock.monoMs();
    if (pattern === 'hit') this.#hitSinceMono = atMono;
    else if (pattern !== this.#lamp) {
      this.#lamp = pattern;
      this.#lampSinceMono = atMono;
    }
    this.#driveNow();
  }

  /** Sounds for a hit, unless muted; a sound that is under way gives way to one as pressing or more alone. */
  buzz(category: HitCategory): void {
    const atMono = this.#clock.monoMs();
    if (atMono < this.#mutedUntilMono) return;
    const now = this.#soundAt(atMono);
    if (now !== undefined && HIT_CATEGORIES.indexOf(now) < HIT_CATEGORIES.indexOf(category)) return;
    if (BUZZER_RHYTHMS[category] === '') return;
    this.#sound = { category, sinceMono: atMono };
    this.#driveNow();
  }

  /** Silences the buzzer for muteSeconds, beginning with what it sounds now; again renews it. */
  mute(): void {
    this.#mutedUntilMono = this.#clock.monoMs() + this.#options.config.muteSeconds * 1000;
    this.#sound = undefined;
    this.#driveNow();
    this.#options.onMute(this.#mutedUntilMono);
  }

  snapshot(): LinesSnapshot {
    const atMono = this.#clock.monoMs();
    const { config } = this.#options;
    const lines = [...this.#inputs.values(), ...this.#outputs.values()].map(({ line }) => line);
    const has = (name: OutputName) => this.#outputs.has(name);
    const tamper = this.#inputs.get('tamper');
    const ignition = this.#inputs.get('ignition');
    const lamp = this.#lampAt(atMono);
    return {
      board: config.board.kind,
      ...(this.#problem !== undefined && { problem: this.#problem }),
      failures: lines.reduce((sum, { failures }) => sum + failures, 0),
      ...((has('illuminator') || has('strobeEnable')) && { isIlluminatorOn: this.isIlluminatorOn }),
      ...(tamper && tamper.line.problem === undefined && { isTamperOpen: tamper.debounce.isOn }),
      ...(ignition && ignition.line.problem === undefined && { isIgnitionOn: ignition.debounce.isOn }),
      ...(has('lamp') && lamp !== undefined && { lamp }),
      ...(atMono < this.#mutedUntilMono && { mutedForMs: Math.round(this.#mutedUntilMono - atMono) }),
    };
  }

  #addOutputs(board: GpioBoard, config: LinesConfig): void {
    for (const name of ['illuminator', 'strobeEnable', 'lamp', 'buzzer'] as const) {
      const { line } = config[name];
      if (line !== undefined) this.#outputs.set(name, new Output(board, line, config[name]));
    }
  }

  #addInput(
    board: GpioBoard,
    name: InputName,
    { line, activeLow }: LineConfig,
    onSettled: Input['onSettled'],
  ): void {
    const { config } = this.#options;
    if (line === undefined) return;
    this.#inputs.set(name, {
      line: new KeptLine({ open: () => board.input(line, { activeLow }) }),
      debounce: new Debounce(config.debounceMs),
      onSettled,
    });
  }

  async #lookAlways(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      this.#look(this.#clock.monoMs());
      await this.#clock.sleep(LOOK_MS, signal).catch(() => undefined);
    }
  }

  #look(atMono: number): void {
    for (const { line, debounce, onSettled } of this.#inputs.values()) {
      const level = line.use(atMono, (open) => open.read());
      const settled = level === undefined ? undefined : debounce.see(level, atMono);
      if (settled) onSettled(settled);
    }
    this.#tellTamper(atMono);
    this.#judgeIgnition(atMono);
    this.#drive(atMono);
    this.#tellProblem();
  }

  /** What was withheld is told as it is then: the last thing told is always how the cabinet is, a minute later at most. */
  #tellTamper(atMono: number): void {
    const isOpen = this.#inputs.get('tamper')?.debounce.isOn ?? false;
    if (isOpen === this.#isToldOpen || !this.#tamperTold.take(atMono)) return;
    this.#isToldOpen = isOpen;
    this.#options.onTamper(isOpen);
  }

  #onIgnition({ isOn, atMono }: Settled): void {
    this.#ignitionOffSinceMono = isOn ? undefined : atMono;
  }

  #judgeIgnition(atMono: number): void {
    if (this.#hasToldIgnitionOff || !this.#hasBeenOff(atMono)) return;
    this.#hasToldIgnitionOff = true;
    this.#options.log.info('ignition is off');
    this.#options.onIgnitionOff();
  }

  #hasBeenOff(atMono: number): boolean {
    const ignition = this.#inputs.get('ignition');
    // Off since the start, as far as it can be read.
    const isOff = ignition !== undefined && ignition.line.problem === undefined && !ignition.debounce.isOn;
    if (!isOff) this.#seenOffSinceMono = undefined;
    else this.#seenOffSinceMono ??= atMono;
    const seenOffMs = atMono - (this.#seenOffSinceMono ?? atMono);
    const wentOffMs = atMono - (this.#ignitionOffSinceMono ?? Infinity);
    return wentOffMs >= this.#options.config.ignitionOffSeconds * 1000 || seenOffMs >= OFF_FROM_START_MS;
  }

  /** Without waiting for the next look: from a hit to its sound nothing is lost. */
  #driveNow(): void {
    if (this.#running !== undefined && !this.#stopping.signal.aborted) this.#drive(this.#clock.monoMs());
  }

  #drive(atMono: number): void {
    const lamp = this.#lampAt(atMono);
    const lampSinceMono = lamp === 'hit' ? this.#hitSinceMono : this.#lampSinceMono;
    const sound = this.#soundAt(atMono);
    const soundSinceMono = this.#sound?.sinceMono ?? 0;
    this.#outputs.get('illuminator')?.want(this.#illumination.isOn);
    this.#outputs.get('strobeEnable')?.want(this.#illumination.isOn);
    this.#outputs
      .get('lamp')
      ?.want(lamp !== undefined && rhythmAt(LAMP_RHYTHMS[lamp], atMono - lampSinceMono, 'over and over'));
    this.#outputs
      .get('buzzer')
      ?.want(sound !== undefined && rhythmAt(BUZZER_RHYTHMS[sound], atMono - soundSinceMono, 'once'));
    for (const output of this.#outputs.values()) output.tend(atMono);
  }

  #lampAt(atMono: number): LampPattern | undefined {
    const isHit = atMono - this.#hitSinceMono < LAMP_HIT_MS;
    return isHit && this.#lamp !== 'stopping' ? 'hit' : this.#lamp;
  }

  #soundAt(atMono: number): HitCategory | undefined {
    if (this.#sound === undefined) return undefined;
    const { category, sinceMono } = this.#sound;
    return atMono - sinceMono < rhythmMs(BUZZER_RHYTHMS[category]) ? category : undefined;
  }

  /** Lines that fail alike, as all do where the board is not there, are told together. */
  #tellProblem(): void {
    const namesByMessage = new Map<string, string[]>();
    for (const [name, { line }] of [...this.#inputs, ...this.#outputs]) {
      const message = line.problem?.message;
      if (message !== undefined) namesByMessage.set(message, [...(namesByMessage.get(message) ?? []), name]);
    }
    const problem =
      [...namesByMessage].map(([message, names]) => `${names.join(', ')}: ${message}`).join('; ') ||
      undefined;
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.onAvailable(problem);
  }
}
