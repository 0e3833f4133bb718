import type { PlacedCharacter } from '../clip/plate-layout.js';
import { disc, type PlateTexture } from '../clip/plate-texture.js';
import type { Random } from '../clip/random.js';
import { fillPolygons } from '../clip/raster.js';

/**
 * Spoils a plate itself, and so all frames of it alike: mud on some characters, screws beside or in
 * them. Without such faults frames would be independent witnesses, and fusing would look better, and
 * be allowed to sound surer, than it is on a road.
 */
export function addSharedFaults(
  texture: PlateTexture,
  characters: readonly PlacedCharacter[],
  random: Random,
): void {
  if (random.chance(MUDDY)) {
    for (let blot = random.whole(1, 4); blot > 0; blot--) splash(texture, characters, random);
  }
  if (random.chance(SCREWED)) {
    for (let screw = random.whole(1, 2); screw > 0; screw--) {
      const { xMm, yMm, widthMm, heightMm } = random.pick(characters);
      const x = xMm + random.pick([-0.1, 1.1]) * widthMm;
      const y = yMm + random.between(0.2, 0.8) * heightMm;
      fill(texture, x, y, random.between(4, 6.5), random.between(30, 110), 1);
    }
  }
}

const MUDDY = 0.5;
const SCREWED = 0.4;

/** A few overlapping discs around a point of a character. */
function splash(texture: PlateTexture, characters: readonly PlacedCharacter[], random: Random): void {
  const { xMm, yMm, widthMm, heightMm } = random.pick(characters);
  const x = xMm + random.next() * widthMm;
  const y = yMm + random.next() * heightMm;
  const grey = random.between(60, 130);
  const opacity = random.between(0.4, 0.9);
  for (let drop = 0; drop < 5; drop++) {
    const radius = random.between(3, 11);
    fill(texture, x + random.between(-12, 12), y + random.between(-12, 12), radius, grey, opacity);
  }
}

/** Into every size of the texture; places in millimetres. */
function fill(
  texture: PlateTexture,
  xMm: number,
  yMm: number,
  radiusMm: number,
  grey: number,
  opacity: number,
): void {
  for (const level of texture.levels) {
    const scale = level.widthPx / texture.widthMm;
    fillPolygons(level, [disc(xMm * scale, yMm * scale, radiusMm * scale)], grey, opacity);
  }
}
