import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  drawMarks,
  encodeJpeg,
  type GreyPicture,
  loadGreyPicture,
  resizeGrey,
} from '../../../src/capture/picture.js';
import { createVideoWriter } from '../../../src/capture/video-writer.js';
import { temporaryFolder } from '../../support/recordings.js';

const folder = temporaryFolder();
const file = (name: string, bytes: string | Uint8Array) => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

/** Left half dark, right half bright. */
function halves(widthPx: number, heightPx: number): GreyPicture {
  const pixels = new Uint8Array(widthPx * heightPx).map((_, i) => (i % widthPx < widthPx / 2 ? 30 : 220));
  return { pixels, widthPx, heightPx };
}

/** The same JPEG with an EXIF header that gives it an orientation (TIFF tag 0x0112). */
function turned(jpeg: Uint8Array, orientation: number): Uint8Array {
  const tiff = [
    0x4d,
    0x4d,
    0,
    42,
    0,
    0,
    0,
    8,
    0,
    1,
    0x01,
    0x12,
    0,
    3,
    0,
    0,
    0,
    1,
    0,
    orientation,
    0,
    0,
    0,
    0,
    0,
    0,
  ];
  const exif = [...Buffer.from('Exif\0\0', 'latin1'), ...tiff];
  const length = exif.length + 2;
  return Uint8Array.of(0xff, 0xd8, 0xff, 0xe1, length >> 8, length & 255, ...exif, ...jpeg.subarray(2));
}

describe('loading a picture', () => {
  it('gives grey pixels, near to those that were encoded', async () => {
    const original = halves(64, 40);
    const loaded = await loadGreyPicture(file('halves.jpg', encodeJpeg(original, 95)));
    expect(loaded).toMatchObject({ widthPx: 64, heightPx: 40 });
    for (const [i, value] of loaded.pixels.entries()) {
      expect(Math.abs(value - (original.pixels[i] as number))).toBeLessThan(6);
    }
  });

  it('turns it upright by its EXIF orientation', async () => {
    const jpeg = encodeJpeg(halves(64, 40), 95);
    // 6: to be turned clockwise by a quarter, so the dark left comes to the top.
    const loaded = await loadGreyPicture(file('turned.jpg', turned(jpeg, 6)));
    expect(loaded).toMatchObject({ widthPx: 40, heightPx: 64 });
    expect(loaded.pixels[20]).toBeLessThan(60);
    expect(loaded.pixels[63 * 40 + 20]).toBeGreaterThan(190);
  });

  it.each([
    ['text under the name of a picture', 'plate.jpg', 'not a picture'],
    ['an empty file', 'empty.png', ''],
    ['nothing but a header', 'header.jpg', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)],
  ])('refuses %s, naming the file and what was expected', async (_what, name, bytes) => {
    await expect(loadGreyPicture(file(name, bytes))).rejects.toMatchObject({
      code: 'capture.bad-picture',
      message: expect.stringMatching(new RegExp(`${name}.*expected a JPEG`)),
    });
  });

  it('refuses a file that is not there, and a folder', async () => {
    const missing = loadGreyPicture(join(folder, 'none.jpg'));
    await expect(missing).rejects.toMatchObject({
      code: 'capture.bad-picture',
      message: expect.stringContaining('none.jpg'),
    });
    await expect(loadGreyPicture(folder)).rejects.toMatchObject({ code: 'capture.bad-picture' });
  });
});

describe('encoding and resizing', () => {
  it('makes a smaller JPEG of less quality', () => {
    const picture = halves(200, 100);
    for (let i = 0; i < picture.pixels.length; i++) picture.pixels[i] = (i * 7919) % 256;
    expect(encodeJpeg(picture, 30).length).toBeLessThan(encodeJpeg(picture, 90).length);
  });

  it('averages when it shrinks and keeps flat parts flat when it grows', () => {
    expect([...resizeGrey(halves(40, 20), 1, 1).pixels]).toEqual([125]);
    const grown = resizeGrey(halves(4, 2), 40, 20);
    expect(grown).toMatchObject({ widthPx: 40, heightPx: 20 });
    expect(grown.pixels[0]).toBe(30);
    expect(grown.pixels.at(-1)).toBe(220);
  });

  it.each<[string, () => unknown]>([
    ['a quality of 0', () => encodeJpeg(halves(8, 8), 0)],
    ['too few bytes', () => encodeJpeg({ pixels: new Uint8Array(63), widthPx: 8, heightPx: 8 }, 80)],
    ['no width', () => encodeJpeg({ pixels: new Uint8Array(0), widthPx: 0, heightPx: 8 }, 80)],
    ['a size of half pixels', () => resizeGrey(halves(8, 8), 4.5, 4)],
    ['a size of nothing', () => resizeGrey(halves(8, 8), 0, 4)],
  ])('refuses %s', (_what, call) => {
    expect(call).toThrow(RangeError);
  });
});

describe('drawing marks', () => {
  const quad = [
    { x: 60, y: 60 },
    { x: 140, y: 65 },
    { x: 140, y: 85 },
    { x: 60, y: 80 },
  ] as const;

  it('outlines plates and writes their labels, and leaves the rest as it was', async () => {
    const picture = file('scene.jpg', encodeJpeg(halves(320, 200), 95));
    const out = join(folder, 'drawn.png');
    await drawMarks(picture, out, [{ quad, label: 'AB12 CDE 0.97', tone: 'good' }]);
    const [before, after] = [await loadGreyPicture(picture), await loadGreyPicture(out)];
    expect(after).toMatchObject({ widthPx: 320, heightPx: 200 });
    const changed = (y: number) => {
      let count = 0;
      for (let x = 0; x < 320; x++)
        if (Math.abs((after.pixels[y * 320 + x] as number) - (before.pixels[y * 320 + x] as number)) > 3)
          count++;
      return count;
    };
    expect(changed(50)).toBeGreaterThan(60);
    expect(changed(70)).toBeGreaterThan(1);
    expect(changed(150)).toBe(0);
  });

  it('draws marks at and beyond the border of the picture too', async () => {
    const picture = file('border.jpg', encodeJpeg(halves(120, 60), 95));
    const shifted = (dx: number, dy: number) =>
      quad.map(({ x, y }) => ({ x: x + dx, y: y + dy })) as unknown as typeof quad;
    const out = join(folder, 'border.jpg.drawn.jpg');
    await drawMarks(picture, out, [
      { quad: shifted(-60, -60), label: 'TOP LEFT', tone: 'doubtful' },
      { quad: shifted(200, 200), label: 'FAR OUTSIDE', tone: 'good' },
    ]);
    expect(await loadGreyPicture(out)).toMatchObject({ widthPx: 120, heightPx: 60 });
  });

  it.each(['drawn.gif', 'drawn', 'no/such/folder/drawn.png'])('refuses to write %s', async (name) => {
    const picture = file('scene2.jpg', encodeJpeg(halves(32, 20), 95));
    await expect(drawMarks(picture, join(folder, name), [])).rejects.toMatchObject({
      code: 'capture.bad-picture',
    });
  });
});

describe('writing a video', () => {
  it('refuses a folder that is not there, a wrong size, and a name it cannot serve', () => {
    const options = { widthPx: 64, heightPx: 40, framesPerSecond: 25 };
    const failed = expect.objectContaining({ code: 'capture.open-failed' });
    expect(() => createVideoWriter(join(folder, 'no/such/clip.avi'), options)).toThrow(failed);
    const writer = createVideoWriter(join(folder, 'clip.avi'), options);
    expect(() => writer.write(halves(32, 40))).toThrow('expected a picture of 64 x 40, got 32 x 40');
    writer.write(halves(64, 40));
    writer.close();
    expect(statSync(join(folder, 'clip.avi')).size).toBeGreaterThan(500);
    const nothing = createVideoWriter(join(folder, 'clip.xyz'), options);
    expect(() => nothing.close()).toThrow(failed);
  });

  it('writes the same bytes for the same pictures', () => {
    const write = (name: string) => {
      const writer = createVideoWriter(join(folder, name), {
        widthPx: 64,
        heightPx: 40,
        framesPerSecond: 25,
      });
      for (let i = 0; i < 5; i++) writer.write(halves(64, 40));
      writer.close();
      return readFileSync(join(folder, name));
    };
    expect(write('one.avi').equals(write('two.avi'))).toBe(true);
  });
});
