import type { PictureLook } from '../domain/optics.js';

/**
 * How exposure and gain are changed by what was seen (pure).
 *
 * What counts is how bright plates are, not the picture: under infrared a plate throws the lamp's
 * light back and shines in a dark picture, and a picture that looks right has white plates without
 * characters. Exposure comes first and gain last, within the longest exposure that does not blur;
 * gain adds noise, and no light.
 */

export interface ExposureSetting {
  readonly exposureMs: number;
  /** Share of the camera's range of gain, 0 to 1; 0 where it has none. */
  readonly gainShare: number;
}

export interface ExposureLimits {
  readonly leastExposureMs: number;
  readonly mostExposureMs: number;
  readonly hasGain: boolean;
  /** That plates are brought to, 0 to 255. */
  readonly plateBrightness: number;
}

export interface ExposureSeen {
  /** Brightness of each plate seen since the last change, and the share of its pixels that is saturated. */
  readonly plates: readonly { readonly brightness: number; readonly saturatedShare: number }[];
  /** Every second frame is exposed for shiny plates: the brighter half is what is brought to its value. */
  readonly isAlternating: boolean;
  /** No plate has been seen for so long. */
  readonly blindMs: number;
  readonly picture?: PictureLook;
}

/** Fewer plates than this may be one odd vehicle. */
export const LEAST_PLATES = 3;
/** So near is near enough: changes for nothing make frames differ. */
const TOLERANCE = 1.15;
/** Stops at once at most, and of what seems to be missing: cameras do not say what a step of gain is worth. */
const MOST_STOPS = 1;
const DAMPING = 0.6;
/** What a whole range of gain is taken to be worth; where it is more or less, it takes some steps more. */
const GAIN_STOPS = 5;
/** A plate that is white in so large a part says only that it is too bright, not by how much. */
const SATURATED_SHARE = 0.35;
const SATURATED_STOPS = -0.7;
/**
 * Without a plate for so long the picture decides, since plates that are far too bright or too dark
 * are not found: at dawn, at dusk, and after an empty night.
 */
const BLIND_AFTER_MS = 60_000;
const BLIND_STOPS = 0.4;
const GLARING = 170;
const GLARING_SHARE = 0.15;
const BLACK = 30;
/** A dark picture is the usual one at night: gain is not turned up far for it. */
const BLIND_GAIN_SHARE = 0.3;

/** @returns the same setting where nothing is to be changed. */
export function nextSetting(
  now: ExposureSetting,
  seen: ExposureSeen,
  limits: ExposureLimits,
): ExposureSetting {
  const next = moved(now, stopsFor(now, seen, limits.plateBrightness), limits);
  return next.exposureMs === now.exposureMs && next.gainShare === now.gainShare ? now : next;
}

/** A setting within the limits. */
export function within({ exposureMs, gainShare }: ExposureSetting, limits: ExposureLimits): ExposureSetting {
  return {
    exposureMs: clamp(exposureMs, limits.leastExposureMs, limits.mostExposureMs),
    gainShare: limits.hasGain ? clamp(gainShare, 0, 1) : 0,
  };
}

/** By how many stops pictures should be brighter; below 0: darker. */
function stopsFor(now: ExposureSetting, seen: ExposureSeen, target: number): number {
  if (seen.plates.length >= LEAST_PLATES) return stopsForPlates(seen, target);
  if (seen.blindMs < BLIND_AFTER_MS || seen.picture === undefined) return 0;
  const { brightness, saturatedShare } = seen.picture;
  if (brightness > GLARING || saturatedShare > GLARING_SHARE) return -BLIND_STOPS;
  return brightness < BLACK && now.gainShare < BLIND_GAIN_SHARE ? BLIND_STOPS : 0;
}

function stopsForPlates({ plates, isAlternating }: ExposureSeen, target: number): number {
  const share = isAlternating ? 0.75 : 0.5;
  const saturated = quantile(
    plates.map(({ saturatedShare }) => saturatedShare),
    share,
  );
  if (saturated > SATURATED_SHARE) return SATURATED_STOPS;
  const brightness = quantile(
    plates.map((plate) => plate.brightness),
    share,
  );
  const stops = Math.log2(target / Math.max(1, brightness));
  if (Math.abs(stops) < Math.log2(TOLERANCE)) return 0;
  return clamp(DAMPING * stops, -MOST_STOPS, MOST_STOPS);
}

function moved(now: ExposureSetting, stops: number, limits: ExposureLimits): ExposureSetting {
  if (stops === 0) return within(now, limits);
  if (stops > 0) {
    const room = Math.log2(limits.mostExposureMs / now.exposureMs);
    const byExposure = clamp(stops, 0, Math.max(0, room));
    return within(
      {
        exposureMs: now.exposureMs * 2 ** byExposure,
        gainShare: now.gainShare + (stops - byExposure) / GAIN_STOPS,
      },
      limits,
    );
  }
  const byGain = Math.min(-stops, now.gainShare * GAIN_STOPS);
  return within(
    {
      exposureMs: now.exposureMs * 2 ** (stops + byGain),
      gainShare: now.gainShare - byGain / GAIN_STOPS,
    },
    limits,
  );
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), Math.max(least, most));
}
