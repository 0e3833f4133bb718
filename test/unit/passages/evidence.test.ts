import { describe, expect, it } from 'vitest';
import type { Frame } from '../../../src/domain/frame.js';
import type { Quad } from '../../../src/domain/geometry.js';
import {
  Evidence,
  encodeWithin,
  type GreyPicture,
  type PictureTools,
} from '../../../src/passages/evidence.js';

const frame = (index: number, fill: number): Frame => ({
  pixels: new Uint8Array(640 * 360).fill(fill),
  widthPx: 640,
  heightPx: 360,
  index,
  capturedAtMs: 1_000 + index,
  capturedMonoMs: index,
});

const quadAt = (x: number, y: number, widthPx: number): Quad => [
  { x, y },
  { x: x + widthPx, y },
  { x: x + widthPx, y: y + widthPx / 5 },
  { x, y: y + widthPx / 5 },
];

/** The encoding of a picture is its first pixel. */
const tools: PictureTools = {
  encodeJpeg: (picture) => Uint8Array.of(picture.pixels[0] as number),
  resizeGrey: (picture, widthPx, heightPx) => ({
    pixels: new Uint8Array(widthPx * heightPx).fill(picture.pixels[0] as number),
    widthPx,
    heightPx,
  }),
};

const caps = {
  patch: { mostBytes: 3_072, mostWidthPx: 120, mostHeightPx: 60 },
  overview: { mostBytes: 25_600, mostWidthPx: 320, mostHeightPx: 10_000 },
};

const evidence = () => new Evidence({ tools, overviewMostWidthPx: 320 });

describe('the frame that is kept', () => {
  it('is the one with the larger plate, at the same sharpness', () => {
    const kept = evidence();
    kept.offer(frame(1, 1), quadAt(100, 100, 60), 100, true);
    kept.offer(frame(2, 2), quadAt(100, 100, 90), 100, true);
    kept.offer(frame(3, 3), quadAt(100, 100, 70), 100, true);
    expect(kept.shown?.capturedAtMs).toBe(1_002);
    expect(kept.encode(caps).platePatch?.jpeg).toEqual(Uint8Array.of(2));
  });

  it('is the sharper one, at the same size', () => {
    const kept = evidence();
    kept.offer(frame(1, 1), quadAt(100, 100, 60), 50, true);
    kept.offer(frame(2, 2), quadAt(100, 100, 60), 200, true);
    expect(kept.shown?.capturedAtMs).toBe(1_002);
  });

  it('is one that shows the whole plate, though a larger one is cut off', () => {
    const kept = evidence();
    kept.offer(frame(1, 1), quadAt(100, 100, 60), 100, true);
    kept.offer(frame(2, 2), quadAt(100, 330, 150), 100, true);
    expect(kept.shown?.capturedAtMs).toBe(1_001);
  });

  it('is one that says what the passage says', () => {
    const kept = evidence();
    kept.offer(frame(1, 1), quadAt(100, 100, 60), 100, true);
    kept.offer(frame(2, 2), quadAt(100, 100, 80), 100, false);
    expect(kept.shown?.capturedAtMs).toBe(1_001);
  });

  it('is any, while no frame was read', () => {
    const kept = evidence();
    kept.offer(frame(1, 1), quadAt(100, 100, 20), undefined, false);
    expect(kept.shown?.capturedAtMs).toBe(1_001);
    kept.offer(frame(2, 2), quadAt(100, 100, 20), 30, false);
    expect(kept.shown?.capturedAtMs).toBe(1_002);
  });

  it('is copied, so that the camera may use its buffer again', () => {
    const kept = evidence();
    const used = frame(1, 7);
    kept.offer(used, quadAt(100, 100, 60), 100, true);
    used.pixels.fill(0);
    expect(kept.encode(caps).platePatch?.jpeg).toEqual(Uint8Array.of(7));
    expect(kept.encode(caps).overviewImage?.jpeg).toEqual(Uint8Array.of(7));
  });

  it('is gone once it was let go of', () => {
    const kept = evidence();
    kept.offer(frame(1, 1), quadAt(100, 100, 60), 100, true);
    kept.release();
    expect(kept.encode(caps)).toEqual({});
  });
});

describe('the patch', () => {
  it('holds the plate with some room around it, within the size asked for', () => {
    const kept = evidence();
    kept.offer(frame(1, 1), quadAt(100, 100, 100), 100, true);
    const { platePatch } = kept.encode(caps);
    expect([platePatch?.widthPx, platePatch?.heightPx]).toEqual([110, 30]);
  });

  it('is scaled down where it is larger', () => {
    const kept = evidence();
    kept.offer(frame(1, 1), quadAt(100, 100, 400), 100, true);
    const { platePatch } = kept.encode(caps);
    expect(platePatch?.widthPx).toBe(120);
    expect(platePatch?.heightPx).toBeLessThanOrEqual(60);
  });

  it.each([
    ['beyond the left and top', quadAt(-80, -10, 100)],
    ['beyond the right and bottom', quadAt(620, 350, 100)],
    ['outside altogether', quadAt(2_000, 2_000, 100)],
  ])('is cut at the border for a plate %s', (_, quad) => {
    const kept = evidence();
    kept.offer(frame(1, 1), quad, 100, true);
    const { platePatch } = kept.encode(caps);
    expect(platePatch?.widthPx).toBeGreaterThanOrEqual(1);
    expect(platePatch?.heightPx).toBeGreaterThanOrEqual(1);
  });
});

describe('encodeWithin', () => {
  const picture: GreyPicture = { pixels: new Uint8Array(400 * 300), widthPx: 400, heightPx: 300 };
  const cap = { mostBytes: 5_000, mostWidthPx: 300, mostHeightPx: 300 };
  const withSizes = (
    bytesOf: (widthPx: number, heightPx: number, quality: number) => number,
  ): PictureTools => ({
    ...tools,
    encodeJpeg: ({ widthPx, heightPx }, quality) => new Uint8Array(bytesOf(widthPx, heightPx, quality)),
  });

  it('takes the best quality within four points that fits', () => {
    const image = encodeWithin(
      picture,
      cap,
      withSizes((_w, _h, quality) => quality * 100),
    );
    expect(image?.jpeg.length).toBeLessThanOrEqual(5_000);
    expect(image?.jpeg.length).toBeGreaterThan(4_600);
    expect([image?.widthPx, image?.heightPx]).toEqual([300, 225]);
  });

  it('shrinks where no quality fits', () => {
    const image = encodeWithin(
      picture,
      cap,
      withSizes((w, h, quality) => 300 + (w * h * quality) / 100),
    );
    expect(image?.jpeg.length).toBeLessThanOrEqual(5_000);
    expect(image?.widthPx).toBeLessThan(300);
  });

  it('keeps the cap also where a worse quality is not smaller', () => {
    let wild = 1;
    const image = encodeWithin(
      picture,
      cap,
      withSizes((w, h) => {
        wild = (wild * 48_271) % 2_147_483_647;
        return 400 + (wild % (w * h));
      }),
    );
    expect(image?.jpeg.length).toBeLessThanOrEqual(5_000);
  });

  it('gives nothing rather than too much', () => {
    expect(
      encodeWithin(
        picture,
        cap,
        withSizes(() => 5_001),
      ),
    ).toBeUndefined();
  });
});
