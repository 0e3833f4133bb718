import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createSource } from '../../src/capture/create-source.js';
import type { FrameSource } from '../../src/capture/frame-source.js';
import type { Pace } from '../../src/capture/timetable.js';
import type { Frame } from '../../src/domain/frame.js';
import { systemClock } from '../../src/lib/clock.js';
import { numberOf, RECORDING, recordPictures, recordVideo, temporaryFolder } from '../support/recordings.js';

/** What every source must do, whatever is behind it. Here: recordings of 20 frames, 20 a second. */

const FRAMES = 20;
const INTERVAL_MS = 1000 / RECORDING.framesPerSecond;
const folder = temporaryFolder();

const recordings = {
  'a Motion JPEG video': () =>
    ({ kind: 'file', path: recordVideo(join(folder, 'clip.avi'), FRAMES) }) as const,
  'a folder of pictures': () => {
    const pictures = join(folder, 'pictures');
    mkdirSync(pictures, { recursive: true });
    const framesPerSecond = RECORDING.framesPerSecond;
    return { kind: 'pictures', folder: recordPictures(pictures, FRAMES), framesPerSecond } as const;
  },
};

async function framesOf(source: FrameSource, most = Number.POSITIVE_INFINITY): Promise<Frame[]> {
  const frames: Frame[] = [];
  while (frames.length < most) {
    const frame = await source.next();
    if (!frame) break;
    frames.push(frame);
  }
  return frames;
}

describe.each(Object.entries(recordings))('%s', (_kind, record) => {
  const opened: FrameSource[] = [];
  const warnings: string[] = [];

  function sourceAt(pace: Pace, config: { kind: 'file' | 'pictures' } = record()): FrameSource {
    const source = createSource({ ...config, pace } as Parameters<typeof createSource>[0], {
      clock: systemClock,
      silentAfterMs: 5_000,
      onWarning: (warning) => warnings.push(warning.message),
      onStuck: () => undefined,
    });
    opened.push(source);
    return source;
  }

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((source) => source.close()));
    expect(warnings.splice(0)).toEqual([]);
  });

  it('gives every frame once and in order when played fast, then its end, again and again', async () => {
    const source = sourceAt('fast');
    await source.open(0);
    const frames = await framesOf(source);
    expect(frames.map(numberOf)).toEqual(Array.from({ length: FRAMES }, (_, index) => index));
    expect(frames.map(({ index }) => index)).toEqual(Array.from({ length: FRAMES }, (_, index) => index));
    expect(source.framesDropped).toBe(0);
    expect(await source.next()).toBeUndefined();
    expect(await source.next()).toBeUndefined();
  });

  it('gives whole grey pictures with their own size', async () => {
    const source = sourceAt('fast');
    await source.open(0);
    for (const frame of await framesOf(source)) {
      expect(frame).toMatchObject({ widthPx: RECORDING.widthPx, heightPx: RECORDING.heightPx });
      expect(frame.pixels).toHaveLength(RECORDING.widthPx * RECORDING.heightPx);
      expect(Object.getPrototypeOf(frame.pixels)).toBe(Uint8Array.prototype);
    }
  });

  it('times the frames by the recording when played fast', async () => {
    const source = sourceAt('fast');
    const startedAtMs = Date.now();
    await source.open(0);
    const frames = await framesOf(source);
    for (const frame of frames) {
      expect(frame.capturedMonoMs).toBeCloseTo(frame.index * INTERVAL_MS, 3);
      const sinceStart = frame.capturedAtMs - startedAtMs;
      expect(sinceStart).toBeGreaterThanOrEqual(frame.index * INTERVAL_MS);
    }
    const [first, last] = [frames[0], frames.at(-1)] as [Frame, Frame];
    expect(last.capturedAtMs - first.capturedAtMs).toBeCloseTo((FRAMES - 1) * INTERVAL_MS, 3);
  });

  it.each(['fast', 'realtime'] as const)('goes on at the frame it is told to, played %s', async (pace) => {
    const source = sourceAt(pace);
    await source.open(13);
    const frames = await framesOf(source);
    expect(frames[0]).toMatchObject({ index: 13 });
    expect(frames.map(numberOf)).toEqual(frames.map(({ index }) => index));
    expect(frames.at(-1)?.index).toBe(FRAMES - 1);
  });

  it('is at its end at once when told to go on behind its last frame', async () => {
    const source = sourceAt('fast');
    await source.open(FRAMES + 5);
    expect(await source.next()).toBeUndefined();
  });

  it('as a camera, gives no frame before it is due', async () => {
    const source = sourceAt('realtime');
    await source.open(0);
    const startedMonoMs = systemClock.monoMs();
    for (const { index } of await framesOf(source, 6)) {
      // Timers of Node may fire up to a millisecond early.
      expect(systemClock.monoMs() - startedMonoMs).toBeGreaterThanOrEqual(index * INTERVAL_MS - 2);
    }
  });

  it('as a camera, skips to the newest frame after long work, and counts what it skipped', async () => {
    const source = sourceAt('realtime');
    await source.open(0);
    const before = (await source.next()) as Frame;
    await systemClock.sleep(5.5 * INTERVAL_MS);
    const after = (await source.next()) as Frame;
    expect(after.index).toBeGreaterThanOrEqual(5);
    expect(numberOf(after)).toBe(after.index);
    expect(source.framesDropped).toBe(after.index - before.index - 1);
    expect(after.capturedMonoMs - before.capturedMonoMs).toBeCloseTo(
      (after.index - before.index) * INTERVAL_MS,
      3,
    );
  });

  it('as a camera, has frames of now after it went on in the middle', async () => {
    const source = sourceAt('realtime');
    await source.open(10);
    const frame = (await source.next()) as Frame;
    expect(frame.index).toBe(10);
    expect(Math.abs(frame.capturedAtMs - Date.now())).toBeLessThan(1_000);
    expect(Math.abs(frame.capturedMonoMs - systemClock.monoMs())).toBeLessThan(1_000);
  });

  it('ends the wait for a frame when it is closed, and can be opened again', async () => {
    const source = sourceAt('realtime');
    await source.open(0);
    await source.next();
    const waiting = source.next();
    await source.close();
    expect(await waiting).toBeUndefined();
    expect(await source.next()).toBeUndefined();
    await source.open(4);
    expect(await source.next()).toMatchObject({ index: 4 });
  });

  it('may be closed before it was opened, and twice', async () => {
    const source = sourceAt('fast');
    expect(await source.next()).toBeUndefined();
    await source.close();
    await source.close();
  });

  it('that is not there says so, with what to do', async () => {
    const missing = { file: { path: join(folder, 'none.avi') }, pictures: { folder: join(folder, 'none') } };
    const config = record();
    const source = sourceAt('fast', { ...config, ...missing[config.kind] });
    await expect(source.open(0)).rejects.toMatchObject({
      code: 'capture.open-failed',
      hint: expect.stringContaining('source.'),
    });
  });
});
