import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { matOf } from '../../../src/capture/grey.js';
import { openCv, usingMat } from '../../../src/capture/opencv.js';
import { encodeJpeg } from '../../../src/capture/picture.js';
import { PicturesSource } from '../../../src/capture/pictures-source.js';
import { VideoFileSource } from '../../../src/capture/video-file-source.js';
import type { Frame } from '../../../src/domain/frame.js';
import { systemClock } from '../../../src/lib/clock.js';
import type { DeviceError } from '../../../src/lib/errors.js';
import {
  numbered,
  numberOf,
  RECORDING,
  recordPictures,
  recordVideo,
  temporaryFolder,
} from '../../support/recordings.js';

/** What files and folders do when they are not as they should be. */

const folder = temporaryFolder();

async function playAll(path: string, resumeFromFrame = 0) {
  const warnings: DeviceError[] = [];
  const onWarning = (warning: DeviceError) => warnings.push(warning);
  const source = new VideoFileSource({ path, pace: 'fast', clock: systemClock, onWarning });
  const frames: Frame[] = [];
  try {
    await source.open(resumeFromFrame);
    for (let frame = await source.next(); frame; frame = await source.next()) frames.push(frame);
  } finally {
    await source.close();
  }
  return { frames, warnings };
}

describe('a video file', () => {
  it('in MP4 gives the right frame after a restart too, where OpenCV cannot jump exactly', async () => {
    const path = join(folder, 'clip.mp4');
    const cv = openCv();
    const size = new cv.Size(RECORDING.widthPx, RECORDING.heightPx);
    const writer = new cv.VideoWriter(
      path,
      cv.VideoWriter.fourcc('mp4v'),
      RECORDING.framesPerSecond,
      size,
      false,
    );
    for (let index = 0; index < 24; index++) usingMat(matOf(numbered(index)), (mat) => writer.write(mat));
    writer.release();
    const whole = await playAll(path);
    expect(whole.frames.map(numberOf)).toEqual(Array.from({ length: 24 }, (_, index) => index));
    const rest = await playAll(path, 17);
    expect(rest.frames.map(numberOf)).toEqual([17, 18, 19, 20, 21, 22, 23]);
    expect(rest.frames[0]?.capturedMonoMs).toBeCloseTo(whole.frames[17]?.capturedMonoMs as number);
  });

  it('that was cut off gives what is there, and a warning with both counts', async () => {
    const bytes = readFileSync(recordVideo(join(folder, 'whole.avi'), 40));
    const path = join(folder, 'cut.avi');
    writeFileSync(path, bytes.subarray(0, bytes.length / 2));
    const { frames, warnings } = await playAll(path);
    expect(frames.length).toBeGreaterThan(5);
    expect(frames.length).toBeLessThan(30);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.message).toMatch(/ended after \d+ frames, its header promised 40/);
  });

  it('times every frame later than the one before, whatever the file says', async () => {
    // A picture under the name of a video: FFmpeg plays it as one frame at a time before the big bang.
    const path = join(folder, 'picture.mp4');
    writeFileSync(path, encodeJpeg(numbered(7), 90));
    const { frames } = await playAll(path);
    expect(frames.map(({ capturedMonoMs }) => capturedMonoMs)).toEqual([0]);
  });

  it.each([
    ['text', 'text.mp4', 'this is no video'],
    ['nothing', 'empty.mp4', ''],
    ['a broken header', 'header.avi', 'RIFF\0\0\0\0AVI LIST'],
  ])('that holds %s is refused with what to do', async (_what, name, content) => {
    writeFileSync(join(folder, name), content);
    await expect(playAll(join(folder, name))).rejects.toMatchObject({
      code: 'capture.open-failed',
      message: expect.stringContaining('no video that can be decoded'),
      hint: expect.stringContaining('source.path'),
    });
  });

  it('that is a folder, or not there, is refused without naming the place', async () => {
    for (const path of [folder, join(folder, 'high-street.avi')]) {
      const error = await playAll(path).catch((thrown: DeviceError) => thrown);
      expect(error).toMatchObject({ code: 'capture.open-failed' });
      expect((error as DeviceError).message).not.toContain(folder);
      expect((error as DeviceError).message).not.toContain('high-street');
    }
  });
});

describe('a folder of pictures', () => {
  async function playFolder(path: string) {
    const warnings: string[] = [];
    const onWarning = (warning: DeviceError) => warnings.push(warning.message);
    const source = new PicturesSource({
      folder: path,
      framesPerSecond: 2,
      pace: 'fast',
      clock: systemClock,
      onWarning,
    });
    await source.open(0);
    const frames: Frame[] = [];
    for (let frame = await source.next(); frame; frame = await source.next()) frames.push(frame);
    return { frames, warnings };
  }

  it('skips a broken one with a warning that names the file and no folder', async () => {
    const path = join(folder, 'broken');
    await mkdir(path);
    recordPictures(path, 5);
    writeFileSync(join(path, '0002.jpg'), 'not a picture');
    const { frames, warnings } = await playFolder(path);
    expect(frames.map(({ index }) => index)).toEqual([0, 1, 3, 4]);
    expect(frames.map(({ capturedMonoMs }) => capturedMonoMs)).toEqual([0, 500, 1500, 2000]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('0002.jpg');
    expect(warnings[0]).not.toContain(folder);
  });

  it('of different sizes gives each its own, and leaves out what is no picture by name', async () => {
    const path = join(folder, 'sizes');
    await mkdir(join(path, 'below.jpg.d'), { recursive: true });
    recordPictures(path, 2);
    writeFileSync(
      join(path, '0001.JPG'),
      encodeJpeg({ pixels: new Uint8Array(24), widthPx: 6, heightPx: 4 }, 80),
    );
    writeFileSync(join(path, 'labels.jsonl'), '{}');
    renameSync(join(path, '0001.jpg'), join(path, '0003.jpeg'));
    const { frames, warnings } = await playFolder(path);
    expect(frames.map(({ widthPx, heightPx }) => [widthPx, heightPx])).toEqual([
      [RECORDING.widthPx, RECORDING.heightPx],
      [6, 4],
      [RECORDING.widthPx, RECORDING.heightPx],
    ]);
    expect(warnings).toEqual([]);
  });

  it('without pictures is refused with what was expected', async () => {
    const path = join(folder, 'none-in-here');
    await mkdir(path);
    await expect(playFolder(path)).rejects.toMatchObject({
      code: 'capture.open-failed',
      message: expect.stringContaining('.jpg'),
    });
  });
});
