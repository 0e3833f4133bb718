import { getPosition } from 'suncalc';
import type { LinesConfig } from '../config/site-schema.js';
import type { Place } from '../domain/position.js';

/**
 * When the infrared illuminator is on.
 *
 * Invariants
 * - It never flickers: what is seen must last before it is acted on, and the two thresholds are apart.
 * - Its own light is not taken for day: a picture that goes dark as soon as it is off was bright by it
 *   alone, and the next trial waits twice as long, up to half an hour.
 * - What can be seen of it, in a status, a metric or from outside, does not tell where the device is: see
 *   `coarse`.
 */

export interface IlluminationInput {
  readonly place?: Place | undefined;
  /** Mean of the newest picture, 0 to 255; absent while there is none. */
  readonly pictureBrightness?: number | undefined;
}

export interface IlluminationState {
  readonly isOn: boolean;
  /** Since when it is so; minus infinity: from the start. */
  readonly changedAtMono: number;
  /** Since when what is known asks for the other state, without a break. */
  readonly otherSinceMono?: number;
  /** On by what a picture showed, it stays on for so long at least. */
  readonly patienceMs: number;
}

export type IlluminationConfig = Pick<LinesConfig, 'illumination' | 'ambientDark'>;

/** Half-way from sunset (-0.8 degrees) to the end of civil dusk (-6): short exposures need light before eyes do. */
export const DARK_SUN_DEG = -3;
/** On, it stays on until the sun is so much higher. */
const SUN_MARGIN_DEG = 1;
/** On, the picture must be so many times brighter than dark, and so much more, to count as bright. */
const BRIGHT_TIMES = 1.3;
const BRIGHT_MORE = 15;

/** Long enough for a lorry that fills the picture; short enough for the mouth of a tunnel. */
export const ON_AFTER_MS = 2_000;
export const OFF_AFTER_MS = 20_000;
/** Neither a place nor a picture for so long: on, since light by day costs power and dark plates cost reads. */
export const UNKNOWN_AFTER_MS = 30_000;
export const FIRST_PATIENCE_MS = 60_000;
export const MOST_PATIENCE_MS = 1_800_000;
/** Off for less than this, the switching off was wrong. */
const REGRET_MS = 120_000;

/** Side of the cells that places are taken to be in. */
const CELL_DEG = 2;

/** Off until something asks for light. */
export function startIllumination({ illumination }: IlluminationConfig): IlluminationState {
  return {
    isOn: illumination === 'on',
    changedAtMono: Number.NEGATIVE_INFINITY,
    patienceMs: FIRST_PATIENCE_MS,
  };
}

/**
 * The next state, to be asked for about every second.
 * @param now UTC for the sun, monotonic milliseconds for everything that lasts
 */
export function illuminationAfter(
  state: IlluminationState,
  input: IlluminationInput,
  now: { readonly atMs: number; readonly atMono: number },
  config: IlluminationConfig,
): IlluminationState {
  const { isOn, changedAtMono, patienceMs } = state;
  const wish = isWished(input, now.atMs, isOn, config);
  const { isForced } = wish;
  const wished = wish.isOn ?? true;
  if (wished === isOn) return { isOn, changedAtMono, patienceMs };
  const otherSinceMono = state.otherSinceMono ?? now.atMono;
  const waits = { isOn, changedAtMono, patienceMs, otherSinceMono };
  const lastedMs = now.atMono - changedAtMono;
  if (!isForced) {
    const afterMs = wish.isOn === undefined ? UNKNOWN_AFTER_MS : wished ? ON_AFTER_MS : OFF_AFTER_MS;
    if (now.atMono - otherSinceMono < afterMs) return waits;
    if (!wished && lastedMs < patienceMs) return waits;
  }
  const wasWrong = wished && lastedMs < REGRET_MS;
  return {
    isOn: wished,
    changedAtMono: now.atMono,
    patienceMs: !wished
      ? patienceMs
      : wasWrong
        ? Math.min(patienceMs * 2, MOST_PATIENCE_MS)
        : FIRST_PATIENCE_MS,
  };
}

/** @returns isOn undefined where nothing is known that the mode goes by */
function isWished(
  { place, pictureBrightness }: IlluminationInput,
  atMs: number,
  isOn: boolean,
  { illumination, ambientDark }: IlluminationConfig,
): { isOn: boolean | undefined; isForced: boolean } {
  if (illumination === 'on' || illumination === 'off') return { isOn: illumination === 'on', isForced: true };
  const bySun = place === undefined ? undefined : isSunDown(place, atMs, isOn);
  const byPicture =
    pictureBrightness === undefined ? undefined : isPictureDark(pictureBrightness, ambientDark, isOn);
  switch (illumination) {
    case 'sun':
      return { isOn: bySun ?? byPicture, isForced: false };
    case 'ambient':
      return { isOn: byPicture ?? bySun, isForced: false };
    case 'auto':
      return { isOn: bySun || (byPicture ?? bySun), isForced: false };
  }
}

function isSunDown(place: Place, atMs: number, isOn: boolean): boolean {
  const { latitudeDeg, longitudeDeg } = coarse(place);
  const { altitude } = getPosition(new Date(atMs), latitudeDeg, longitudeDeg);
  return altitude < DARK_SUN_DEG + (isOn ? SUN_MARGIN_DEG : 0);
}

/**
 * The middle of the cell that a place is in. The second at which a light follows the sun, evening and
 * morning, is a fix of a kilometre or so; of this it tells the cell, at the price of some minutes of dusk.
 */
export function coarse({ latitudeDeg, longitudeDeg }: Place): Place {
  const middle = (deg: number) => (Math.floor(deg / CELL_DEG) + 0.5) * CELL_DEG;
  return { latitudeDeg: middle(latitudeDeg), longitudeDeg: middle(longitudeDeg) };
}

function isPictureDark(brightness: number, ambientDark: number, isOn: boolean): boolean {
  const threshold = isOn ? Math.min(254, ambientDark * BRIGHT_TIMES + BRIGHT_MORE) : ambientDark;
  return brightness < threshold;
}
