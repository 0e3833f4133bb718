import { plateSize, type Quad } from '../domain/geometry.js';
import type { PictureLook, PlateLook } from '../domain/optics.js';
import type { PlateCrop } from '../domain/plate-crop.js';
import { countLevels, countSlopes, type GreyPixels } from '../native/kernels.js';
import { mean, percentile, shareFrom } from './counts.js';

/** Sensors clip a little below 255, and JPEG of a camera's stream shakes what is clipped. */
const SATURATED_FROM = 250;
/** Every so many pixels of a picture are looked at, both ways: 14,400 of a 720p frame. */
const PICTURE_STEP = 8;
/** Characters cover a quarter to a third of a plate. */
const GROUND = 0.9;
const CHARACTERS = 0.08;
/** Share of slopes that are less steep than an edge's own. */
const STEEPEST = 0.97;
/** A ground darker than this shows nothing but noise. */
const LEAST_GROUND = 8;

/** How a whole picture looks; some 10 microseconds. */
export function pictureLook(picture: GreyPixels): PictureLook {
  const { widthPx, heightPx } = picture;
  const counts = countLevels(picture, { leftPx: 0, topPx: 0, widthPx, heightPx }, PICTURE_STEP);
  return {
    brightness: mean(counts),
    saturatedShare: shareFrom(counts, SATURATED_FROM),
    contrast: percentile(counts, 0.95) - percentile(counts, 0.05),
  };
}

/**
 * How a plate looks in the reader's crop of it.
 *
 * The width of an edge is what the levels between characters and ground divided by the steepest
 * slope gives: for a blur of any size about the way from 10 to 90 %. Measured in pixels of the frame
 * it says how sharp the camera is, whatever the plate's size. Of the two directions the sharper one
 * counts: the other may be blurred by the vehicle's own motion, which is no fault of the focus.
 * @param quad the plate's corners in the frame.
 */
export function plateLook(crop: PlateCrop, quad: Quad): PlateLook {
  const part = partOf(crop);
  const levels = countLevels(crop, part, 1);
  const ground = percentile(levels, GROUND);
  const characters = percentile(levels, CHARACTERS);
  const { across, down } = countSlopes(crop, part);
  const size = plateSize(quad);
  const edgePx = Math.min(
    edgeWidth(ground - characters, across) * (size.widthPx / crop.plateBox.width),
    edgeWidth(ground - characters, down) * (size.heightPx / crop.plateBox.height),
  );
  return {
    heightPx: size.heightPx,
    brightness: ground,
    saturatedShare: shareFrom(levels, SATURATED_FROM),
    contrast: (ground - characters) / Math.max(ground, LEAST_GROUND),
    edgePx,
  };
}

/** In pixels of what the slopes were counted in. */
function edgeWidth(levels: number, slopes: Uint32Array): number {
  // Two neighbours of a pixel are two pixels apart.
  return (2 * levels) / Math.max(1, percentile(slopes, STEEPEST));
}

/** The plate's own part of its crop, in whole pixels. */
function partOf({ plateBox, widthPx, heightPx }: PlateCrop) {
  const leftPx = Math.max(0, Math.round(plateBox.x));
  const topPx = Math.max(0, Math.round(plateBox.y));
  return {
    leftPx,
    topPx,
    widthPx: Math.min(widthPx, Math.round(plateBox.x + plateBox.width)) - leftPx,
    heightPx: Math.min(heightPx, Math.round(plateBox.y + plateBox.height)) - topPx,
  };
}
