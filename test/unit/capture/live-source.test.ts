import { describe, expect, it } from 'vitest';
import { connect, newestOnly } from '../../../src/capture/connect.js';
import { matOf } from '../../../src/capture/grey.js';
import { LiveSource, STUCK_AFTER_MS } from '../../../src/capture/live-source.js';
import type { Mat, VideoCapture } from '../../../src/capture/opencv.js';
import { systemClock } from '../../../src/lib/clock.js';
import { ManualClock } from '../../support/manual-clock.js';

/** Real network cameras are in test/integration/rtsp.test.ts; here is what cannot be had from one. */

/** A driver whose reads never return, until they are let go. */
class StuckDriver {
  released = 0;
  #letGo: (() => void)[] = [];

  readonly capture: VideoCapture = {
    readAsync: () =>
      new Promise((resolve) => {
        this.#letGo.push(() => resolve({ rows: 0, release: () => this.released++ } as unknown as Mat));
      }),
    get: () => 0,
    set: () => true,
    release: () => undefined,
  };

  letGo(): void {
    for (const letGo of this.#letGo.splice(0)) letGo();
  }
}

const settled = () => systemClock.sleep(5);

describe('a camera whose driver does not return from a read', () => {
  function stuckSource() {
    const clock = new ManualClock();
    const driver = new StuckDriver();
    const told = { stuck: 0, connects: 0 };
    const source = new LiveSource({
      connect: async () => {
        told.connects++;
        return driver.capture;
      },
      clock,
      silentAfterMs: 5_000,
      onStuck: () => told.stuck++,
    });
    return { clock, driver, source, told };
  }

  async function goSilent({ clock, source }: ReturnType<typeof stuckSource>) {
    await source.open();
    const outcome = expect(source.next()).rejects.toMatchObject({
      code: 'capture.silent',
      message: expect.stringContaining('no frame for 5 s'),
    });
    await settled();
    clock.advance(5_000);
    await outcome;
    await source.close();
  }

  it('is silent, and is not opened a second time while the first read holds it', async () => {
    const stuck = stuckSource();
    await goSilent(stuck);
    stuck.clock.advance(7_000);
    await expect(stuck.source.open()).rejects.toMatchObject({
      code: 'capture.open-failed',
      message: expect.stringContaining('has not returned for 7 s'),
    });
    expect(stuck.told).toEqual({ connects: 1, stuck: 0 });
  });

  it('is opened again once the read came back, whose picture is released', async () => {
    const stuck = stuckSource();
    await goSilent(stuck);
    stuck.driver.letGo();
    await settled();
    expect(stuck.driver.released).toBe(1);
    await stuck.source.open();
    expect(stuck.told).toEqual({ connects: 2, stuck: 0 });
  });

  it('is told of, once, when only a new process can help', async () => {
    const stuck = stuckSource();
    await goSilent(stuck);
    stuck.clock.advance(STUCK_AFTER_MS);
    for (let i = 0; i < 3; i++) await expect(stuck.source.open()).rejects.toMatchObject({ retryable: true });
    expect(stuck.told).toEqual({ connects: 1, stuck: 1 });
  });

  it('can be closed in the middle of a read', async () => {
    const { source, driver } = stuckSource();
    await source.open();
    const frame = source.next();
    await settled();
    await source.close();
    expect(await frame).toBeUndefined();
    driver.letGo();
    await settled();
    expect(driver.released).toBe(1);
  });
});

it('a camera that gives something else than a picture says what was expected', async () => {
  const mat = { rows: 4, cols: 4, channels: 2, depth: 2, release: () => undefined } as unknown as Mat;
  const driver = { ...new StuckDriver().capture, readAsync: async () => mat };
  const source = new LiveSource({
    connect: async () => driver,
    clock: systemClock,
    silentAfterMs: 1_000,
    onStuck: () => undefined,
  });
  await source.open();
  await expect(source.next()).rejects.toMatchObject({
    code: 'capture.bad-frame',
    message: expect.stringContaining('expected an 8-bit picture'),
    hint: expect.stringContaining('GRAY8'),
  });
  await source.close();
});

describe('a GStreamer pipeline', () => {
  it('keeps the newest frame only, unless it says otherwise itself', () => {
    expect(newestOnly('videotestsrc ! videoconvert ! appsink')).toBe(
      'videotestsrc ! videoconvert ! appsink drop=true max-buffers=1',
    );
    expect(newestOnly('a ! appsink sync=false')).toBe('a ! appsink drop=true max-buffers=1 sync=false');
    expect(newestOnly('a ! appsink max-buffers=3 drop=false')).toBe('a ! appsink max-buffers=3 drop=false');
  });

  it('that names an element which is not there is refused with how to find out', async () => {
    await expect(connect({ kind: 'gstreamer', pipeline: 'nosuchelement ! appsink' })).rejects.toMatchObject({
      code: 'capture.open-failed',
      hint: expect.stringContaining('gst-launch-1.0'),
    });
  });

  it('gives frames', async (context) => {
    const pipeline =
      'videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate=20/1 ! videoconvert ! appsink';
    const source = new LiveSource({
      connect: () => connect({ kind: 'gstreamer', pipeline }),
      clock: systemClock,
      silentAfterMs: 5_000,
      onStuck: () => undefined,
    });
    try {
      await source.open();
    } catch {
      return context.skip('GStreamer has no videotestsrc or appsink here (gstreamer1.0-plugins-base)');
    }
    const first = await source.next();
    const second = await source.next();
    expect(first).toMatchObject({ widthPx: 64, heightPx: 48 });
    expect(second?.capturedMonoMs).toBeGreaterThan(first?.capturedMonoMs as number);
    await source.close();
  });
});

it('hands the camera over before every read, as for setting the exposure of the frame to come', async () => {
  const done: string[] = [];
  const capture: VideoCapture = {
    readAsync: async () => {
      done.push('read');
      return matOf({ pixels: new Uint8Array(12), widthPx: 4, heightPx: 3 });
    },
    get: () => 0,
    set: () => true,
    release: () => undefined,
  };
  const source = new LiveSource({
    connect: async () => capture,
    beforeRead: (given) => done.push(given === capture ? 'set' : 'another camera'),
    clock: new ManualClock(),
    silentAfterMs: 5_000,
    onStuck: () => undefined,
  });
  await source.open();
  await source.next();
  await source.next();
  await source.close();
  expect(done).toEqual(['set', 'read', 'set', 'read']);
});
