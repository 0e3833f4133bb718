import type { Face } from './face.js';
import type { Mark } from './marks.js';
import { layOutPlate, PLATE_FORMS, type PlacedCharacter, type PlateForm } from './plate-layout.js';
import type { Random } from './random.js';
import { type Canvas, fillPolygons, type Polygon } from './raster.js';

/** A plate as an infrared camera sees it from straight ahead: 1 px a millimetre, then halved again and again. */
export interface PlateTexture {
  readonly widthMm: number;
  readonly heightMm: number;
  readonly levels: readonly Canvas[];
}

/** What somebody did to a plate after it was made; the canvas is 1 px a millimetre. */
export type Tampering = (
  canvas: Canvas,
  characters: readonly PlacedCharacter[],
  grey: { readonly paper: number; readonly ink: number },
) => void;

/**
 * Draws a plate: bright retroreflective paper, dark characters, a little dirt, and on some the
 * national band, the maker's line at the foot, and screws. Yellow and white paper look alike in
 * infrared.
 */
export function drawPlate(
  mark: Mark,
  form: PlateForm,
  face: Face,
  random: Random,
  tamper?: Tampering,
): PlateTexture {
  const { widthMm, heightMm } = PLATE_FORMS[form];
  const paper = random.between(212, 240);
  const ink = random.between(18, 46);
  const canvas: Canvas = {
    pixels: new Uint8Array(widthMm * heightMm).fill(paper),
    widthPx: widthMm,
    heightPx: heightMm,
  };
  const characters = layOutPlate(mark, form, face);
  const firstLeftMm = Math.min(...characters.map((character) => character.xMm));
  const bandMm = 44;
  if (form === 'one-line' && firstLeftMm > bandMm + 11 && random.chance(0.4)) {
    fillPolygons(canvas, [rectangle(0, 0, bandMm, heightMm)], random.between(60, 130));
    fillPolygons(canvas, [rectangle(12, 76, 20, 18)], random.between(170, 220), 0.8);
  }
  for (const { character, xMm, yMm, widthMm: wide, heightMm: high } of characters) {
    const glyph = face.glyph(character);
    const across = wide / glyph.widthMm;
    const down = high / face.heightMm;
    const placed = glyph.polygons.map((polygon) =>
      polygon.map(([x, y]): [number, number] => [xMm + x * across, yMm + y * down]),
    );
    fillPolygons(canvas, placed, ink);
  }
  if (random.chance(0.5)) {
    // The maker's name and standard: too small to be read, a grey line to a camera.
    fillPolygons(canvas, [rectangle(widthMm * 0.36, heightMm - 8, widthMm * 0.28, 4)], 150, 0.6);
  }
  if (random.chance(0.4)) {
    for (const xMm of [7, widthMm - 7])
      fillPolygons(canvas, [disc(xMm, heightMm / 2, 4)], random.between(60, 150));
  }
  tamper?.(canvas, characters, { paper, ink });
  soil(canvas, random);
  return textureOf(canvas);
}

/** @param canvas the plate at 1 px a millimetre */
export function textureOf(canvas: Canvas): PlateTexture {
  return { widthMm: canvas.widthPx, heightMm: canvas.heightPx, levels: halved(canvas) };
}

function rectangle(x: number, y: number, width: number, height: number): Polygon {
  return [
    [x, y],
    [x + width, y],
    [x + width, y + height],
    [x, y + height],
  ];
}

export function disc(x: number, y: number, radius: number, squash = 1): Polygon {
  return Array.from({ length: 24 }, (_, i): [number, number] => {
    const angle = (i * Math.PI) / 12;
    return [x + radius * Math.cos(angle), y + radius * squash * Math.sin(angle)];
  });
}

/** Dirt dims the paper in soft patches, more towards the foot; grain is the paper's own. */
function soil({ pixels, widthPx, heightPx }: Canvas, random: Random): void {
  const patches = Array.from({ length: 5 }, () => ({
    x: random.between(0, widthPx),
    y: random.between(0.4 * heightPx, 1.2 * heightPx),
    radius: random.between(30, 120),
    depth: random.between(0, 0.14),
  }));
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      let light = 1 - 0.03 * random.next();
      for (const patch of patches) {
        const squared = ((x - patch.x) ** 2 + (y - patch.y) ** 2) / patch.radius ** 2;
        if (squared < 1) light *= 1 - patch.depth * (1 - squared);
      }
      const index = y * widthPx + x;
      pixels[index] = (pixels[index] as number) * light;
    }
  }
}

/** The texture, then each time half as wide and high by averaging, for plates far away. */
function halved(full: Canvas): Canvas[] {
  const levels = [full];
  for (let level = full; level.widthPx >= 32 && level.heightPx >= 16; ) {
    const widthPx = level.widthPx >> 1;
    const heightPx = level.heightPx >> 1;
    const pixels = new Uint8Array(widthPx * heightPx);
    for (let y = 0; y < heightPx; y++) {
      for (let x = 0; x < widthPx; x++) {
        const at = 2 * y * level.widthPx + 2 * x;
        const sum =
          (level.pixels[at] as number) +
          (level.pixels[at + 1] as number) +
          (level.pixels[at + level.widthPx] as number) +
          (level.pixels[at + level.widthPx + 1] as number);
        pixels[y * widthPx + x] = (sum + 2) >> 2;
      }
    }
    level = { pixels, widthPx, heightPx };
    levels.push(level);
  }
  return levels;
}
