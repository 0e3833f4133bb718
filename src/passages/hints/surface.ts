import type { PlateCrop } from '../../domain/plate-crop.js';
import { quantile } from './levels.js';

/**
 * Whether a plate is a bare bright surface: far brighter than what is around it, and hardly anything on
 * it. A plate's characters are dark to an infrared camera; paint that is not leaves this.
 */

/** What is on the plate differs by less than this share of what the plate differs from its surroundings. */
const BARE_SHARE = 0.3;
/** Grey levels by which a retroreflective plate stands out at the least. */
const LEAST_BORDER = 40;
/** From here on the picture is overexposed, and characters are lost to that. */
const SATURATED = 250;
/** Shares of the plate left out beside the ends (band, screws) and above and below (its frame). */
const INSET = { x: 0.15, y: 0.2 } as const;
/** Rows and columns along the crop's border that show the surroundings. */
const BORDER_PX = 3;
/** A plate stands out on three of its sides at the least: a light bumper may be on the fourth. */
const LEAST_SIDES = 3;

export function isBare(crop: PlateCrop): boolean {
  const { plateBox: box, widthPx, heightPx } = crop;
  const inside = levels(crop, {
    fromX: Math.round(box.x + INSET.x * box.width),
    toX: Math.round(box.x + (1 - INSET.x) * box.width),
    fromY: Math.round(box.y + INSET.y * box.height),
    toY: Math.round(box.y + (1 - INSET.y) * box.height),
  });
  if (inside.middle >= SATURATED) return false;
  const whole = { fromX: 0, toX: widthPx, fromY: 0, toY: heightPx };
  const sides = [
    { ...whole, toX: BORDER_PX },
    { ...whole, fromX: widthPx - BORDER_PX },
    { ...whole, toY: BORDER_PX },
    { ...whole, fromY: heightPx - BORDER_PX },
  ].map((side) => inside.middle - levels(crop, side).middle);
  const border = sides.sort((a, b) => b - a)[LEAST_SIDES - 1] as number;
  return border >= LEAST_BORDER && inside.light - inside.dark < BARE_SHARE * border;
}

interface Rectangle {
  readonly fromX: number;
  readonly toX: number;
  readonly fromY: number;
  readonly toY: number;
}

function levels({ pixels, widthPx }: PlateCrop, { fromX, toX, fromY, toY }: Rectangle) {
  const counts = new Uint32Array(256);
  for (let y = fromY; y < toY; y++) {
    for (let x = fromX; x < toX; x++) {
      const value = pixels[y * widthPx + x] as number;
      counts[value] = (counts[value] as number) + 1;
    }
  }
  const total = (toX - fromX) * (toY - fromY);
  return {
    dark: quantile(counts, total, 0.08),
    middle: quantile(counts, total, 0.5),
    light: quantile(counts, total, 0.9),
  };
}
