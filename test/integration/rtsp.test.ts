import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RtspCamera } from '../../scripts/src/patrol/rtsp-camera.js';
import { createSource } from '../../src/capture/create-source.js';
import type { FrameSource } from '../../src/capture/frame-source.js';
import { ReopeningSource } from '../../src/capture/reopening-source.js';
import type { Frame } from '../../src/domain/frame.js';
import { Backoff } from '../../src/lib/backoff.js';
import { systemClock } from '../../src/lib/clock.js';
import type { DeviceError } from '../../src/lib/errors.js';
import { numbered, numberOf } from '../support/recordings.js';

/** A network camera through OpenCV and FFmpeg, and all that a network camera does wrong. */

/** A worker is built code; `scripts/test` has built it. */
const worker = resolve(import.meta.dirname, '../../dist/scripts/src/patrol/rtsp-camera-worker.js');

let camera: RtspCamera;
let source: FrameSource;

beforeEach(async () => {
  camera = new RtspCamera({
    framesPerSecond: 20,
    worker,
    pictures: Array.from({ length: 25 }, (_, i) => numbered(i)),
  });
  await camera.switchOn();
  source = sourceAt(camera.url);
});

afterEach(async () => {
  await source.close();
  await camera.destroy();
});

function sourceAt(url: string, silentAfterMs = 1_500): FrameSource {
  const unexpected = () => expect.unreachable();
  return createSource(
    { kind: 'rtsp', url },
    { clock: systemClock, silentAfterMs, onWarning: unexpected, onStuck: unexpected },
  );
}

async function take(count: number): Promise<Frame[]> {
  const frames: Frame[] = [];
  while (frames.length < count) frames.push((await source.next()) as Frame);
  return frames;
}

it('its frames come in order, each later than the one before, stamped with the time of now', async () => {
  await source.open(0);
  const frames = await take(20);
  for (const [place, frame] of frames.slice(1).entries()) {
    const before = frames[place] as Frame;
    expect(frame.index).toBeGreaterThan(before.index);
    expect(frame.capturedMonoMs).toBeGreaterThan(before.capturedMonoMs);
  }
  const last = frames.at(-1) as Frame;
  expect(Math.abs(last.capturedAtMs - Date.now())).toBeLessThan(1_000);
  expect(Math.abs(last.capturedMonoMs - systemClock.monoMs())).toBeLessThan(1_000);
});

it('with few frames a second is opened after some of them, before its process counts as hung', async () => {
  const slow = new RtspCamera({ framesPerSecond: 5, worker, pictures: [numbered(0), numbered(1)] });
  await slow.switchOn();
  const slowSource = sourceAt(slow.url);
  try {
    await slowSource.open(0);
    // FFmpeg would take twenty to measure their rate.
    expect(slow.newest).toBeLessThan(16);
    expect(await slowSource.next()).toBeDefined();
  } finally {
    await slowSource.close();
    await slow.destroy();
  }
});

it('after long work on a frame the newest one is given, and what was skipped is counted', async () => {
  await source.open(0);
  await take(10);
  const droppedBefore = source.framesDropped;
  for (let i = 0; i < 5; i++) {
    await systemClock.sleep(400);
    const frame = (await source.next()) as Frame;
    const behind = (camera.newest - numberOf(frame) + 25) % 25;
    expect(behind).toBeLessThanOrEqual(3);
  }
  expect(source.framesDropped - droppedBefore).toBeGreaterThan(15);
});

it('that freezes is silent, and can be opened again once it sends again', async () => {
  await source.open(0);
  await take(3);
  await camera.freeze();
  const silence = async () => {
    for (;;) await source.next();
  };
  await expect(silence()).rejects.toMatchObject({
    code: 'capture.silent',
    hint: expect.stringContaining('power'),
  });
  await source.close();
  await camera.thaw();
  await camera.hangUp();
  await systemClock.sleep(200);
  await source.open(0);
  await take(3);
});

it('that hangs up is lost', async () => {
  await source.open(0);
  await take(3);
  await camera.hangUp();
  const loss = async () => {
    for (;;) await source.next();
  };
  await expect(loss()).rejects.toMatchObject({ code: 'capture.lost' });
});

describe('that cannot be reached', () => {
  const failure = (url: string) =>
    sourceAt(url)
      .open(0)
      .then(
        () => expect.unreachable(),
        (error: DeviceError) => error,
      );

  it('is an error that says so without its address or password', async () => {
    const { url } = camera;
    await camera.switchOff();
    const error = await failure(url);
    expect(error).toMatchObject({
      code: 'capture.open-failed',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    expect(`${error.message} ${error.hint}`).not.toMatch(/secret|127\.0\.0\.1/);
  });

  it.each([
    ['says nothing', () => undefined, /did not answer within 2 s/],
    [
      'is no camera',
      (write: (text: string) => void) => write('HTTP/1.1 400 Bad Request\r\n\r\n'),
      /no RTSP server/,
    ],
  ])('because what is there %s', async (_what, answer, message) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      answer((text) => socket.write(text));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect((await failure(`rtsp://127.0.0.1:${port}/`)).message).toMatch(message);
    server.close();
  });
});

it('reopened with backoff: off at first, switched on, off again and on again', async () => {
  const { url } = camera;
  await camera.switchOff();
  const states: string[] = [];
  let waited = 0;
  source = new ReopeningSource({
    source: sourceAt(url),
    backoff: new Backoff({ firstMs: 50, mostMs: 200 }),
    clock: systemClock,
    onState: (state) => states.push(state),
    onWaiting: () => waited++,
  });
  await source.open(0);
  const first = source.next();
  await systemClock.sleep(700);
  expect(states).toEqual(['lost']);
  expect(waited).toBeGreaterThan(0);
  await camera.switchOn();
  expect(await first).toBeDefined();
  expect(states).toEqual(['lost', 'open']);
  await take(3);
  await camera.switchOff();
  const again = (async () => {
    for (;;) {
      const frame = await source.next();
      if (states.at(-1) === 'open' && states.length > 3) return frame;
    }
  })();
  while (states.at(-1) !== 'lost') await systemClock.sleep(20);
  await camera.switchOn();
  expect(await again).toBeDefined();
  expect(states[0]).toBe('lost');
  expect(states.at(-1)).toBe('open');
});
