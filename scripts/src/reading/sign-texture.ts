import type { GreyPixels } from '../../../src/native/kernels.js';
import { type PlateTexture, textureOf } from '../clip/plate-texture.js';
import type { Random } from '../clip/random.js';
import { type Canvas, fillPolygons, type Polygon } from '../clip/raster.js';
import { anyLettering, drawText, LETTER_HEIGHT_PX } from './lettering.js';

/** A flat sign seen from straight ahead, and where its text is on it: shares of its width and height. */
export interface Sign {
  readonly texture: PlateTexture;
  readonly text: {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
  };
}

/** Room that a detector leaves around a text, in its heights. */
const TEXT_MARGIN = 0.15;

/** A line of text on a panel: light or dark, close to the text or far beyond it, with a border or without. */
export function textSign(text: string, random: Random): Sign {
  const letters = drawText(text, anyLettering(random));
  const high = LETTER_HEIGHT_PX;
  const [left, right] = [random.between(0.1, 1.6) * high, random.between(0.1, 1.6) * high];
  const [top, bottom] = [random.between(0.15, 1) * high, random.between(0.15, 1) * high];
  const canvas = panel(letters.widthPx + left + right, letters.heightPx + top + bottom);
  const light = random.between(140, 245);
  const dark = random.between(10, 90);
  const [paper, ink] = random.chance(0.65) ? [light, dark] : [dark, light];
  canvas.pixels.fill(paper);
  if (random.chance(0.35)) {
    const line = random.between(0.04, 0.1) * high;
    fillPolygons(
      canvas,
      [
        box(line, line, canvas.widthPx - line, canvas.heightPx - line),
        box(2 * line, 2 * line, canvas.widthPx - 2 * line, canvas.heightPx - 2 * line),
      ],
      ink,
    );
  }
  stamp(canvas, letters, Math.round(left), Math.round(top), ink);
  const room = TEXT_MARGIN * letters.heightPx;
  return {
    texture: textureOf(canvas),
    text: {
      left: (left - room) / canvas.widthPx,
      top: (top - room) / canvas.heightPx,
      right: (left + letters.widthPx + room) / canvas.widthPx,
      bottom: (top + letters.heightPx + room) / canvas.heightPx,
    },
  };
}

/** What has upright or level strokes and no letters: grilles, slats, louvres, railings, bar codes. */
export function grille(random: Random): Sign {
  const canvas = panel(random.between(200, 460), random.between(70, 200));
  const { widthPx, heightPx } = canvas;
  const [ground, bar] = random.chance(0.6)
    ? [random.between(5, 70), random.between(110, 240)]
    : [random.between(110, 240), random.between(5, 70)];
  canvas.pixels.fill(ground);
  const pitch = random.between(12, 40);
  const share = random.between(0.25, 0.65);
  const isUneven = random.chance(0.3);
  const lean = random.chance(0.3) ? random.between(-30, 30) : 0;
  const upright = random.chance(0.7);
  const level = !upright || random.chance(0.3);
  const wide = () => pitch * (isUneven ? random.between(0.15, 0.85) : share);
  if (upright) {
    for (let x = pitch / 2; x < widthPx - pitch / 2; x += pitch)
      fillPolygons(canvas, [leaning(x, 6, wide(), heightPx - 12, lean)], bar);
  }
  if (level)
    for (let y = pitch / 2; y < heightPx; y += pitch)
      fillPolygons(canvas, [box(6, y, widthPx - 6, y + wide())], bar);
  return { texture: textureOf(canvas), text: { left: 0, top: 0, right: 1, bottom: 1 } };
}

function panel(widthPx: number, heightPx: number): Canvas {
  const [wide, high] = [Math.ceil(widthPx), Math.ceil(heightPx)];
  return { pixels: new Uint8Array(wide * high), widthPx: wide, heightPx: high };
}

/** Inks a canvas where letters are. */
export function stamp(canvas: Canvas, letters: GreyPixels, left: number, top: number, ink: number): void {
  letters.pixels.forEach((cover, index) => {
    if (cover === 0) return;
    const x = left + (index % letters.widthPx);
    const y = top + Math.floor(index / letters.widthPx);
    if (x < 0 || y < 0 || x >= canvas.widthPx || y >= canvas.heightPx) return;
    const under = canvas.pixels[y * canvas.widthPx + x] as number;
    canvas.pixels[y * canvas.widthPx + x] = under + ((ink - under) * cover) / 255 + 0.5;
  });
}

function box(left: number, top: number, right: number, bottom: number): Polygon {
  return leaning(left, top, right - left, bottom - top, 0);
}

function leaning(left: number, top: number, width: number, height: number, lean: number): Polygon {
  return [
    [left + lean, top],
    [left + lean + width, top],
    [left + width, top + height],
    [left, top + height],
  ];
}
