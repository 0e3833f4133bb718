import { DeviceError } from '../lib/errors.js';
import type { ExposureSetting } from './exposure-step.js';
import { listControls, setControls, type V4l2Control, type V4l2Controls } from './v4l2-controls.js';

/** What a camera's exposure and gain are called differs by driver and by age of the kernel. */
const EXPOSURES = ['exposure_time_absolute', 'exposure_absolute'];
const GAINS = ['gain', 'analogue_gain'];
/** Menus of V4L2_CID_EXPOSURE_AUTO, in which 1 is manual. */
const MODES = ['auto_exposure', 'exposure_auto'];
const MANUAL = 1;
const AUTOMATIC_GAINS = ['gain_automatic', 'autogain'];
/** V4L2_CID_EXPOSURE_ABSOLUTE counts in 100 microseconds. */
const UNITS_PER_MS = 10;

interface Ranged {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly value: number;
}

/** A V4L2 camera whose exposure is ours to set. */
export class ExposureCamera {
  readonly #device: string;
  readonly #command: string | undefined;
  readonly #exposure: Ranged;
  readonly #gain: Ranged | undefined;
  readonly #before: readonly (readonly [string, number])[];
  #set: string | undefined;

  private constructor(device: string, command: string | undefined, controls: V4l2Controls) {
    this.#device = device;
    this.#command = command;
    this.#exposure = rangedOf(controls, EXPOSURES) ?? missing(device);
    this.#gain = rangedOf(controls, GAINS);
    this.#before = [...MODES, ...AUTOMATIC_GAINS].flatMap((name) => {
      const value = controls.get(name)?.value;
      return value === undefined ? [] : [[name, value] as const];
    });
  }

  /**
   * Takes the exposure out of the driver's hands.
   * @throws DeviceError capture.controls-unavailable
   */
  static async take(device: string, command?: string): Promise<ExposureCamera> {
    const controls = await listControls(device, command);
    const camera = new ExposureCamera(device, command, controls);
    // First by itself: while the driver exposes, it refuses values.
    const manual = [
      ...MODES.flatMap((name) => (controls.has(name) ? [[name, MANUAL] as const] : [])),
      ...AUTOMATIC_GAINS.flatMap((name) => (controls.has(name) ? [[name, 0] as const] : [])),
    ];
    if (manual.length > 0) await setControls(device, manual, command);
    return camera;
  }

  get leastExposureMs(): number {
    return Math.max(1, this.#exposure.least) / UNITS_PER_MS;
  }

  get mostExposureMs(): number {
    return this.#exposure.most / UNITS_PER_MS;
  }

  get hasGain(): boolean {
    return this.#gain !== undefined;
  }

  /** What it was set to when it was taken. */
  get setting(): ExposureSetting {
    const gain = this.#gain;
    return {
      exposureMs: this.#exposure.value / UNITS_PER_MS,
      gainShare: gain === undefined ? 0 : (gain.value - gain.least) / (gain.most - gain.least),
    };
  }

  /** @throws DeviceError capture.controls-unavailable */
  async set({ exposureMs, gainShare }: ExposureSetting): Promise<void> {
    const gain = this.#gain;
    const values: [string, number][] = [[this.#exposure.name, this.unitsOf(exposureMs)]];
    if (gain !== undefined) {
      values.push([gain.name, Math.round(gain.least + gainShare * (gain.most - gain.least))]);
    }
    // A change that is smaller than the camera's steps is none.
    const wanted = String(values);
    if (wanted === this.#set) return;
    await setControls(this.#device, values, this.#command);
    this.#set = wanted;
  }

  /** An exposure in the camera's own units. */
  unitsOf(exposureMs: number): number {
    const { least, most } = this.#exposure;
    return Math.min(Math.max(Math.round(exposureMs * UNITS_PER_MS), Math.max(1, least)), most);
  }

  /** Gives it back to the driver as it was. @throws DeviceError capture.controls-unavailable */
  async release(): Promise<void> {
    if (this.#before.length > 0) await setControls(this.#device, this.#before, this.#command);
  }
}

function rangedOf(controls: V4l2Controls, names: readonly string[]): Ranged | undefined {
  return names.map((name) => controls.get(name)).find(isRanged);
}

function isRanged(control: V4l2Control | undefined): control is Ranged & V4l2Control {
  return (
    control?.least !== undefined &&
    control.most !== undefined &&
    control.value !== undefined &&
    control.most > control.least
  );
}

function missing(device: string): never {
  throw new DeviceError('capture.controls-unavailable', {
    message: `the driver of ${device} offers no exposure time, expected one of ${EXPOSURES.join(' and ')}`,
    hint: 'See v4l2-ctl --list-ctrls; set the exposure in the pipeline or the camera itself.',
  });
}
