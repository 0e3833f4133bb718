import { renameSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createSource } from '../../../src/capture/create-source.js';
import type { FrameSource } from '../../../src/capture/frame-source.js';
import { ReopeningSource, type SourceState } from '../../../src/capture/reopening-source.js';
import type { SourceConfig } from '../../../src/config/schema.js';
import { Backoff } from '../../../src/lib/backoff.js';
import { systemClock } from '../../../src/lib/clock.js';
import { recordPictures, recordVideo, temporaryFolder } from '../../support/recordings.js';

const folder = temporaryFolder();
const opened: FrameSource[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((source) => source.close()));
});

function reopening(source: FrameSource, firstMs = 20) {
  const states: { state: SourceState; detail: string }[] = [];
  const told = { waiting: 0 };
  const reopened = new ReopeningSource({
    source,
    backoff: new Backoff({ firstMs, mostMs: 4 * firstMs }),
    clock: systemClock,
    onState: (state, detail) => states.push({ state, detail }),
    onWaiting: () => told.waiting++,
  });
  opened.push(reopened);
  return { source: reopened, states, told };
}

function sourceOf(config: SourceConfig): FrameSource {
  return createSource(config, {
    clock: systemClock,
    silentAfterMs: 200,
    onWarning: () => undefined,
    onStuck: () => undefined,
  });
}

describe('a recording that is not there yet', () => {
  it('is reported once with the remedy, and played when it appears', async () => {
    const path = join(folder, 'late.avi');
    const { source, states, told } = reopening(sourceOf({ kind: 'file', path, pace: 'fast' }));
    await source.open(0);
    const first = source.next();
    await systemClock.sleep(300);
    expect(states).toEqual([
      { state: 'lost', detail: expect.stringMatching(/no such video file.*Check source\.path/) },
    ]);
    expect(told.waiting).toBeGreaterThan(2);
    // As a whole: a file that is still being written is refused and tried again.
    renameSync(recordVideo(join(folder, 'early.avi'), 5), path);
    expect(await first).toMatchObject({ index: 0 });
    expect(states.map(({ state }) => state)).toEqual(['lost', 'open']);
    for (let index = 1; index < 5; index++) expect(await source.next()).toMatchObject({ index });
    expect(await source.next()).toBeUndefined();
    expect(states.map(({ state }) => state)).toEqual(['lost', 'open', 'ended']);
  });

  it('is a folder, and begins where it was told to', async () => {
    const path = join(folder, 'late');
    const config = { kind: 'pictures', folder: path, framesPerSecond: 5, pace: 'fast' } as const;
    const { source, states } = reopening(sourceOf(config));
    await source.open(3);
    const first = source.next();
    await systemClock.sleep(100);
    await mkdir(join(folder, 'making'));
    recordPictures(join(folder, 'making'), 5);
    renameSync(join(folder, 'making'), path);
    expect(await first).toMatchObject({ index: 3 });
    expect(states.map(({ state }) => state)).toEqual(['lost', 'open']);
  });
});

describe('a camera that is not there', () => {
  it('is waited for without end, and the wait is over when it is closed', async () => {
    const config = {
      kind: 'v4l2',
      device: '/dev/video63',
      widthPx: 640,
      heightPx: 480,
      framesPerSecond: 25,
    } as const;
    const { source, states } = reopening(sourceOf(config));
    await source.open(0);
    const first = source.next();
    await systemClock.sleep(250);
    expect(states).toEqual([
      { state: 'lost', detail: expect.stringMatching(/no \/dev\/video63.*Plug the camera in/) },
    ]);
    await source.close();
    expect(await first).toBeUndefined();
    expect(states).toHaveLength(1);
  });

  it('is closed at once also in the middle of a long wait', async () => {
    const { source } = reopening(
      sourceOf({ kind: 'file', path: join(folder, 'none.avi'), pace: 'fast' }),
      60_000,
    );
    await source.open(0);
    const first = source.next();
    await systemClock.sleep(50);
    await source.close();
    expect(await first).toBeUndefined();
  });
});

it('a fault of the program is thrown, not waited out', async () => {
  const broken: FrameSource = {
    framesDropped: 0,
    open: async () => {
      throw new TypeError('a bug');
    },
    next: async () => undefined,
    close: async () => undefined,
  };
  const { source, states } = reopening(broken);
  await source.open(0);
  await expect(source.next()).rejects.toThrow('a bug');
  expect(states).toEqual([]);
});
