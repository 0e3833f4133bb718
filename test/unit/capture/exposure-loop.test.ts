import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExposureLoop } from '../../../src/capture/exposure-loop.js';
import type { VideoCapture } from '../../../src/capture/opencv.js';
import { listControls, parseControls } from '../../../src/capture/v4l2-controls.js';
import { type ExposureConfig, exposureSchema } from '../../../src/config/site-schema.js';
import type { PlateLook } from '../../../src/domain/optics.js';
import { ManualClock } from '../../support/manual-clock.js';

const V4L2_CTL = resolve(import.meta.dirname, '../../support/v4l2-ctl.sh');
const WEBCAM = [
  'brightness int 0 255 128',
  'gain int 0 100 10',
  'auto_exposure menu 0 3 3',
  'exposure_time_absolute int 3 2047 250',
  'exposure_dynamic_framerate bool - - 1',
];
const PICTURE = { brightness: 40, saturatedShare: 0, contrast: 80 };

let folder = '';
let device = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-exposure-'));
  device = join(folder, 'camera');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const hasControls = (lines: readonly string[]) => writeFileSync(device, `${lines.join('\n')}\n`);

/** What a control of the camera is set to. */
function control(name: string): number {
  const line = readFileSync(device, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name} `));
  return Number(line?.split(' ')[4]);
}

class Camera {
  readonly clock = new ManualClock();
  readonly loop: ExposureLoop;

  constructor(config: Partial<ExposureConfig> = {}, command = V4L2_CTL) {
    this.loop = new ExposureLoop({
      config: exposureSchema.parse({ control: true, ...config }),
      device,
      clock: this.clock,
      command,
    });
    this.loop.opened();
  }

  /** So many seconds of traffic under light of this strength. */
  async sees(light: number, seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      this.clock.advance(1_000);
      const { exposureMs = 1, gainShare = 0 } = this.loop.look;
      const level = light * exposureMs * 2 ** (gainShare * 4);
      const plate: PlateLook = {
        heightPx: 25,
        brightness: Math.min(255, level),
        saturatedShare: level > 255 ? 0.6 : 0,
        contrast: 0.8,
        edgePx: 2,
      };
      this.loop.frame(PICTURE, light === 0 ? [] : [plate]);
      await this.loop.settled();
    }
  }
}

describe('a camera whose exposure can be set', () => {
  beforeEach(() => hasControls(WEBCAM));

  it('is taken out of its own automatic, and at once within the longest exposure', async () => {
    const camera = new Camera();
    await camera.sees(0, 1);
    expect(control('auto_exposure')).toBe(1);
    expect(control('exposure_time_absolute')).toBe(20);
    expect(control('gain')).toBe(10);
    expect(camera.loop.look).toEqual({ state: 'controlled', exposureMs: 2, gainShare: 0.1 });
  });

  it.each([
    { what: 'bright', light: 1_000 },
    { what: 'dark', light: 12 },
  ])('comes to plates that can be read in $what surroundings', async ({ light }) => {
    const camera = new Camera();
    await camera.sees(light, 75);
    const { exposureMs = 0, gainShare = 0 } = camera.loop.look;
    expect(exposureMs).toBeLessThanOrEqual(2);
    const level = light * exposureMs * 2 ** (gainShare * 4);
    // As near as its shortest exposure, 0.3 ms, allows.
    expect(level).toBeGreaterThan(120);
    expect(level).toBeLessThan(Math.max(190, light * 0.3 * 1.05));
    expect(control('exposure_time_absolute')).toBe(Math.round(exposureMs * 10));
  });

  it('is changed no more often than it was configured', async () => {
    const camera = new Camera({ everySeconds: 30 });
    await camera.sees(0, 1);
    const first = control('exposure_time_absolute');
    await camera.sees(2_000, 28);
    expect(control('exposure_time_absolute')).toBe(first);
    await camera.sees(2_000, 4);
    expect(control('exposure_time_absolute')).toBeLessThan(first);
  });

  it('is set again after it was away, and forgot everything', async () => {
    const camera = new Camera();
    await camera.sees(400, 30);
    const setting = camera.loop.look;
    camera.loop.closed();
    hasControls(WEBCAM);
    await camera.sees(400, 3);
    expect(control('auto_exposure')).toBe(3);
    camera.loop.opened();
    await camera.sees(400, 1);
    expect(control('auto_exposure')).toBe(1);
    expect(control('exposure_time_absolute')).toBe(Math.round((setting.exposureMs as number) * 10));
  });

  it('is given back to its own automatic in the end', async () => {
    const camera = new Camera();
    await camera.sees(0, 1);
    await camera.loop.stop();
    expect(control('auto_exposure')).toBe(3);
  });

  it('is left alone unless that is configured', async () => {
    const camera = new Camera({ control: false });
    await camera.sees(1_000, 10);
    expect(control('auto_exposure')).toBe(3);
    expect(camera.loop.look).toEqual({ state: 'off' });
  });
});

describe('alternating exposures', () => {
  const asked: number[] = [];
  const capture = (accepts: boolean): VideoCapture =>
    ({
      set: (_: number, value: number) => {
        asked.push(value);
        return accepts;
      },
    }) as VideoCapture;

  beforeEach(() => {
    hasControls(WEBCAM);
    asked.length = 0;
  });

  it('are asked of the camera before every frame, in its own units', async () => {
    const camera = new Camera({ alternate: true });
    camera.loop.beforeRead(capture(true));
    expect(asked).toEqual([]);
    await camera.sees(0, 1);
    for (let frame = 0; frame < 4; frame++) camera.loop.beforeRead(capture(true));
    expect(asked).toEqual([5, 20, 5, 20]);
  });

  it('that the camera refuses are told of, and not asked for again', async () => {
    const camera = new Camera({ alternate: true });
    await camera.sees(0, 1);
    for (let frame = 0; frame < 4; frame++) camera.loop.beforeRead(capture(false));
    expect(asked.length).toBe(1);
    expect(camera.loop.look).toMatchObject({
      state: 'controlled',
      detail: expect.stringContaining('alternate'),
    });
  });
});

describe('a camera that cannot be set', () => {
  it.each([
    { what: 'without such a control', controls: ['brightness int 0 255 128'], told: /no exposure time/ },
    { what: 'that is away', controls: undefined, told: /Cannot open device/ },
  ])('$what says why, goes on, and is tried again', async ({ controls, told }) => {
    if (controls) hasControls(controls);
    const camera = new Camera();
    await camera.sees(300, 3);
    expect(camera.loop.look).toMatchObject({ state: 'uncontrolled', detail: expect.stringMatching(told) });
    hasControls(WEBCAM);
    await camera.sees(300, 30);
    expect(camera.loop.look.state).toBe('uncontrolled');
    await camera.sees(300, 40);
    expect(camera.loop.look.state).toBe('controlled');
    expect(camera.loop.look.detail).toBeUndefined();
  });

  it('for want of v4l2-ctl says which package has it', async () => {
    const camera = new Camera({}, join(folder, 'no-such-program'));
    await camera.sees(300, 1);
    expect(camera.loop.look.detail).toContain('v4l-utils');
  });

  it('because it is no V4L2 camera says so from the start', () => {
    const loop = new ExposureLoop({
      config: exposureSchema.parse({ control: true }),
      device: undefined,
      clock: new ManualClock(),
    });
    loop.opened();
    loop.frame(PICTURE, []);
    expect(loop.look).toMatchObject({ state: 'uncontrolled', detail: expect.stringContaining('V4L2') });
  });
});

describe('what v4l2-ctl lists', () => {
  it('is understood from old and new kernels', () => {
    const controls = parseControls(
      [
        '',
        'Camera Controls',
        '',
        '                  exposure_auto 0x009a0901 (menu)   : min=0 max=3 default=3 value=3 (Aperture Priority Mode)',
        '\t\t\t\t1: Manual Mode',
        '              exposure_absolute 0x009a0902 (int)    : min=3 max=2047 step=1 default=250 value=-250 flags=inactive',
        'white_balance_automatic 0x0098090c (bool)   : default=1 value=1',
        '                  analogue_gain (int)    : min=16 max=248 step=1 default=16 value=16',
      ].join('\n'),
    );
    expect(Object.fromEntries(controls)).toEqual({
      exposure_auto: { name: 'exposure_auto', kind: 'menu', least: 0, most: 3, value: 3 },
      exposure_absolute: { name: 'exposure_absolute', kind: 'int', least: 3, most: 2047, value: -250 },
      white_balance_automatic: { name: 'white_balance_automatic', kind: 'bool', value: 1 },
      analogue_gain: { name: 'analogue_gain', kind: 'int', least: 16, most: 248, value: 16 },
    });
  });

  it('or does not, is an error of its own, from the real program too and where there is none', async () => {
    await expect(listControls('/dev/no-such-camera')).rejects.toMatchObject({
      code: 'capture.controls-unavailable',
    });
  });

  it('in an error names the device and what to do', async () => {
    await expect(listControls(device, V4L2_CTL)).rejects.toMatchObject({
      code: 'capture.controls-unavailable',
      message: expect.stringContaining(device),
      hint: expect.stringContaining('group video'),
    });
  });
});
