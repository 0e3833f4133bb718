import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { encodeJpeg, type GreyPicture } from '../../src/capture/picture.js';
import { createVideoWriter } from '../../src/capture/video-writer.js';

export const RECORDING = { widthPx: 160, heightPx: 96, framesPerSecond: 20 } as const;

/** A folder that is there until the tests of the file are over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'anprd-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A picture that says by its brightness which one it is, through any lossy coding: up to 24. */
export function numbered(index: number): GreyPicture {
  const { widthPx, heightPx } = RECORDING;
  return { pixels: new Uint8Array(widthPx * heightPx).fill(10 * (index % 25)), widthPx, heightPx };
}

/** The number that `numbered` drew. */
export function numberOf(picture: GreyPicture): number {
  return Math.round((picture.pixels[(picture.heightPx / 2) * picture.widthPx + 40] as number) / 10);
}

export function recordVideo(path: string, frames: number): string {
  const writer = createVideoWriter(path, RECORDING);
  for (let index = 0; index < frames; index++) writer.write(numbered(index));
  writer.close();
  return path;
}

export function recordPictures(folder: string, frames: number): string {
  for (let index = 0; index < frames; index++) {
    writeFileSync(join(folder, `${String(index).padStart(4, '0')}.jpg`), encodeJpeg(numbered(index), 90));
  }
  return folder;
}
