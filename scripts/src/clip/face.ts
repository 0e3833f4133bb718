import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../../../src/lib/package-root.js';
import type { Polygon } from './raster.js';

/** The mandatory UK lettering as polygons in millimetres, y down, 79 mm high. */
export interface Face {
  readonly heightMm: number;
  /** @throws RangeError where the face has no such character */
  glyph(character: string): Glyph;
}

export interface Glyph {
  readonly widthMm: number;
  /** Even-odd. */
  readonly polygons: readonly Polygon[];
}

const faceSchema = z.object({
  unit: z.literal('mm'),
  heightMm: z.number().positive(),
  glyphs: z.record(
    z.string().length(1),
    z.object({
      widthMm: z.number().positive(),
      polygons: z.array(z.array(z.tuple([z.number(), z.number()])).min(3)),
    }),
  ),
});

export function loadFace(
  path: string = join(packageRoot(import.meta.dirname), 'models', 'uk-face.json'),
): Face {
  const { heightMm, glyphs } = faceSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  return {
    heightMm,
    glyph(character) {
      const glyph = glyphs[character];
      if (glyph === undefined) throw new RangeError(`expected A-Z or 0-9, got ${JSON.stringify(character)}`);
      return glyph;
    },
  };
}
