import type { ExposureConfig } from '../config/site-schema.js';
import type { ExposureLook, PictureLook, PlateLook } from '../domain/optics.js';
import type { Clock } from '../lib/clock.js';
import { DeviceError } from '../lib/errors.js';
import { ExposureCamera } from './exposure-camera.js';
import { type ExposureLimits, type ExposureSetting, nextSetting, within } from './exposure-step.js';
import { openCv, type VideoCapture } from './opencv.js';

export interface ExposureLoopOptions {
  readonly config: ExposureConfig;
  /** A V4L2 device; undefined: the source is none, and nothing can be set. */
  readonly device: string | undefined;
  readonly clock: Clock;
  /** What sets controls; v4l2-ctl unless a test says otherwise. */
  readonly command?: string;
}

/** A frame that was under way when the setting changed still has the old one. */
const SETTLES_MS = 500;
const RETRY_MS = 60_000;
const MOST_PLATES = 64;
/** Of every second frame, where that is configured: two stops less. */
const SHINY_SHARE = 1 / 4;

/**
 * Keeps one camera's exposure and gain where plates can be read, a step every some seconds. It never
 * holds up a frame: controls are set by another program, and what fails is told and tried again.
 */
export class ExposureLoop {
  readonly #options: ExposureLoopOptions;
  #camera: ExposureCamera | undefined;
  #setting: ExposureSetting | undefined;
  #detail: string | undefined;
  #working: Promise<void> | undefined;
  #isOpen = false;
  #openings = 0;
  #stepAtMono = 0;
  #settledAtMono = 0;
  #sawPlateAtMono = 0;
  #plates: PlateLook[] = [];
  #picture: PictureLook | undefined;
  #isShinyNext = false;
  #refusesAlternating = false;

  constructor(options: ExposureLoopOptions) {
    this.#options = options;
    if (options.config.control && options.device === undefined) {
      this.#detail = 'Only V4L2 cameras have an exposure that can be set from here.';
    }
  }

  get look(): ExposureLook {
    if (!this.#options.config.control) return { state: 'off' };
    const detail = this.#detail;
    if (this.#camera === undefined || this.#setting === undefined) {
      // While it is being taken, or the camera is away, nothing is known to be wrong.
      return detail === undefined ? { state: 'controlled' } : { state: 'uncontrolled', detail };
    }
    return { state: 'controlled', ...this.#setting, ...(detail !== undefined && { detail }) };
  }

  /** The camera gives frames (again): it may be another one, or have forgotten what it was set to. */
  opened(): void {
    this.#isOpen = true;
    this.#openings++;
    this.#camera = undefined;
    this.#stepAtMono = 0;
    this.#sawPlateAtMono = this.#options.clock.monoMs();
  }

  closed(): void {
    this.#isOpen = false;
  }

  /** To be called with every frame that went through, and the plates read in it. */
  frame(picture: PictureLook, plates: readonly PlateLook[]): void {
    const { config, device, clock } = this.#options;
    if (!config.control || device === undefined || !this.#isOpen) return;
    const monoMs = clock.monoMs();
    this.#picture = picture;
    if (plates.length > 0) this.#sawPlateAtMono = monoMs;
    if (monoMs >= this.#settledAtMono && this.#plates.length < MOST_PLATES) this.#plates.push(...plates);
    if (monoMs < this.#stepAtMono || this.#working !== undefined) return;
    this.#stepAtMono = monoMs + config.everySeconds * 1000;
    this.#working = this.#step(device).finally(() => {
      this.#working = undefined;
    });
  }

  /** To be called before every frame is read: alternates the exposure where that is configured. */
  beforeRead(capture: VideoCapture): void {
    const { config } = this.#options;
    const camera = this.#camera;
    const setting = this.#setting;
    if (!config.alternate || camera === undefined || setting === undefined || this.#refusesAlternating)
      return;
    this.#isShinyNext = !this.#isShinyNext;
    const exposureMs = setting.exposureMs * (this.#isShinyNext ? SHINY_SHARE : 1);
    if (capture.set(openCv().CAP_PROP_EXPOSURE, camera.unitsOf(exposureMs))) return;
    this.#refusesAlternating = true;
    this.#detail =
      'The camera refuses another exposure for every frame. Switch exposure.alternate off for it.';
  }

  /** Gives the exposure back to the driver. */
  async stop(): Promise<void> {
    this.#isOpen = false;
    await this.#working;
    const camera = this.#camera;
    this.#camera = undefined;
    await camera?.release().catch(ignoreUnavailable);
  }

  /** Resolves when a change that is under way is over. */
  async settled(): Promise<void> {
    await this.#working;
  }

  async #step(device: string): Promise<void> {
    const { clock, command } = this.#options;
    const opening = this.#openings;
    try {
      const isNew = this.#camera === undefined;
      const camera = this.#camera ?? (await ExposureCamera.take(device, command));
      const limits = this.#limitsOf(camera);
      const now = this.#setting ?? camera.setting;
      const next = isNew ? within(now, limits) : this.#next(now, limits);
      if (isNew || next !== now) {
        await camera.set(next);
        this.#plates = [];
        this.#settledAtMono = clock.monoMs() + SETTLES_MS;
      }
      this.#setting = next;
      // What was set meanwhile may be forgotten again.
      if (opening === this.#openings) this.#camera = camera;
      if (!this.#refusesAlternating) this.#detail = undefined;
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#camera = undefined;
      this.#detail = `${error.message}. ${error.hint}`;
      this.#stepAtMono = clock.monoMs() + RETRY_MS;
    }
  }

  #next(now: ExposureSetting, limits: ExposureLimits): ExposureSetting {
    return nextSetting(
      now,
      {
        plates: this.#plates,
        isAlternating: this.#options.config.alternate && !this.#refusesAlternating,
        blindMs: this.#options.clock.monoMs() - this.#sawPlateAtMono,
        ...(this.#picture && { picture: this.#picture }),
      },
      limits,
    );
  }

  #limitsOf(camera: ExposureCamera): ExposureLimits {
    const { mostExposureMs, plateBrightness } = this.#options.config;
    return {
      leastExposureMs: camera.leastExposureMs,
      mostExposureMs: Math.min(mostExposureMs, camera.mostExposureMs),
      hasGain: camera.hasGain,
      plateBrightness,
    };
  }
}

/** At the end: a camera that was unplugged cannot be given back. */
function ignoreUnavailable(error: unknown): void {
  if (!(error instanceof DeviceError)) throw error;
}
