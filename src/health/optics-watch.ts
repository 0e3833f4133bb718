import type { LinesConfig, PositionConfig } from '../config/site-schema.js';
import type { OpticsLook, PlateLook, VehicleLook } from '../domain/optics.js';
import type { WarningCode } from './warnings.js';

/**
 * Judges from how vehicles' plates looked whether a camera has become dirty, lost its focus, its
 * light or its aim (pure).
 *
 * Invariants
 * - Vehicles speak, time does not: an empty road raises nothing and clears nothing.
 * - One odd vehicle says nothing: it takes FEWEST_VEHICLES, and the median of the newest
 *   MOST_VEHICLES; a dirty plate, a shadow or a lorry's low plate are outvoted.
 * - What is raised is cleared by clearly better looks only (each limit has two values), so that
 *   nothing flickers at a limit.
 */

export interface OpticsConditions {
  /** The lamp is switched on; undefined: there is none, or nobody knows. */
  readonly isIlluminatorOn: boolean | undefined;
  readonly nowMono: number;
}

/** What is known of the newest vehicles' plates: medians. */
export interface OpticsSummary {
  readonly vehicles: number;
  readonly heightPx?: number;
  readonly brightness?: number;
  readonly saturatedShare?: number;
  readonly contrast?: number;
  /** How many times wider than a sharp camera's the edges are; 1 or less is sharp. */
  readonly blur?: number;
}

type OpticsWarning = Extract<
  WarningCode,
  | 'plates-too-small'
  | 'out-of-focus'
  | 'lens-dirty'
  | 'illuminator-failed'
  | 'camera-moved'
  | 'exposure-uncontrolled'
>;

/** For `Warnings.tell`: a code, and the detail where it holds. */
export type OpticsFinding = readonly [code: OpticsWarning, detail: string | undefined];

export const FEWEST_VEHICLES = 15;
const MOST_VEHICLES = 30;
/** The lamp's failure leaves few plates that are found at all. */
export const FEWEST_DARK_VEHICLES = 6;
/** Older looks say nothing of now. */
const OLDEST_MS = 6 * 3_600_000;

/** Height of one-line plates from which nine in ten are read, and that leaves some room. */
const HEIGHT_PX = { low: 13, high: 14.5 };
/** Of plates lower than this, pixels blur more than any lens. */
const FOCUS_FROM_PX = 14;
/**
 * Drawn plates have 1.0 in focus, and 1.4 to 1.8 where the blur is two strokes wide and misreads
 * begin; pictures of real ones 0.6 to 1.2.
 */
const BLUR = { low: 1.25, high: 1.4 };
/** Real plates in clear air have 0.5 to 0.9. */
const CONTRAST = { low: 0.42, high: 0.5 };
/** A shower passes, dirt stays. Fog stays too, and cannot be told from it: the remedy is to look. */
export const HAZE_LASTS_MS = 1_200_000;
/** Plates that are burnt out, or dark, have little contrast for another reason. */
const BURNT_OUT_SHARE = 0.35;
const LEAST_BRIGHTNESS = 60;
/** A plate throws the lamp's light back: where it works, plates have 100 and more. */
const DARK = { low: 50, high: 75 };
/** In a brighter picture than this it is day, and the lamp cannot be seen to work. */
const NIGHT_BELOW = 80;
/** A lamp that was just switched on lit no vehicle that closed in this time. */
const LAMP_SETTLES_MS = 10_000;

/**
 * Whether cameras stand still, so that what they look at means something: a cabinet knows its
 * surveyed place, a car has a receiver or an ignition line.
 */
export function isFixedUnit({ position, lines }: { position: PositionConfig; lines: LinesConfig }): boolean {
  if (position.surveyedFile !== undefined) return true;
  return position.receiver.kind === 'none' && lines.ignition.line === undefined;
}

/** Of one camera. */
export class OpticsWatch {
  readonly #isFixed: boolean;
  #vehicles: VehicleLook[] = [];
  readonly #raised = new Set<OpticsWarning>();
  #newestMono = Number.NEGATIVE_INFINITY;
  #lampOnSinceMono: number | undefined;
  #hazeSinceMono: number | undefined;
  #view: OpticsLook['view'] = { state: 'learning' };

  /** @param options.isFixed see isFixedUnit; a camera in a car is never said to have moved. */
  constructor(options: { readonly isFixed: boolean }) {
    this.#isFixed = options.isFixed;
  }

  /** To be called every second or so. @returns every warning of its kind, held or not. */
  look(optics: OpticsLook, { isIlluminatorOn, nowMono }: OpticsConditions): readonly OpticsFinding[] {
    this.#take(optics.vehicles, nowMono);
    if (isIlluminatorOn !== true) this.#lampOnSinceMono = undefined;
    else this.#lampOnSinceMono ??= nowMono;
    const isNight = optics.picture !== undefined && optics.picture.brightness < NIGHT_BELOW;
    return [
      ['plates-too-small', this.#tooSmall()],
      ['out-of-focus', this.#outOfFocus()],
      ['lens-dirty', this.#dirty(nowMono)],
      ['illuminator-failed', this.#dark(isNight)],
      ['camera-moved', this.#moved(optics.view)],
      ['exposure-uncontrolled', optics.exposure.detail],
    ];
  }

  snapshot(): OpticsSummary {
    const plates = this.#plates(0);
    const heightPx = median(this.#vehicles.map((vehicle) => vehicle.heightPx));
    const of = (name: 'brightness' | 'saturatedShare' | 'contrast') => median(plates.map((p) => p[name]));
    const summary = {
      heightPx,
      brightness: of('brightness'),
      saturatedShare: of('saturatedShare'),
      contrast: of('contrast'),
      blur: median(plates.map(blurOf)),
    };
    const known = Object.entries(summary).filter(([, value]) => value !== undefined);
    return { vehicles: this.#vehicles.length, ...Object.fromEntries(known) };
  }

  #take(vehicles: readonly VehicleLook[], nowMono: number): void {
    this.#vehicles.push(...vehicles.filter(({ atMono }) => atMono > this.#newestMono));
    this.#newestMono = Math.max(this.#newestMono, ...vehicles.map(({ atMono }) => atMono));
    this.#vehicles = this.#vehicles
      .filter(({ atMono }) => nowMono - atMono < OLDEST_MS)
      .slice(-MOST_VEHICLES);
  }

  #tooSmall(): string | undefined {
    const heights = this.#vehicles.map(({ heightPx }) => heightPx);
    return this.#hold('plates-too-small', heights, 'below', HEIGHT_PX, (value) => {
      return `Half of the last ${heights.length} plates were at most ${value.toFixed(0)} px high where they were largest; expected ${HEIGHT_PX.high} or more.`;
    });
  }

  #outOfFocus(): string | undefined {
    const blurs = this.#plates(FOCUS_FROM_PX).map(blurOf);
    return this.#hold('out-of-focus', blurs, 'above', BLUR, (value) => {
      return `Edges of the last ${blurs.length} plates are ${value.toFixed(1)} times as wide as those of a sharp picture; expected at most ${BLUR.low}.`;
    });
  }

  #dirty(nowMono: number): string | undefined {
    const plates = this.#plates(FOCUS_FROM_PX);
    const isExplained =
      this.#raised.has('out-of-focus') ||
      (median(plates.map(({ saturatedShare }) => saturatedShare)) ?? 0) > BURNT_OUT_SHARE ||
      (median(plates.map(({ brightness }) => brightness)) ?? 0) < LEAST_BRIGHTNESS;
    const contrasts = plates.map(({ contrast }) => contrast);
    const value = median(contrasts);
    const isHazy =
      !isExplained && contrasts.length >= FEWEST_VEHICLES && value !== undefined && value < CONTRAST.low;
    if (!isHazy) this.#hazeSinceMono = undefined;
    else this.#hazeSinceMono ??= nowMono;
    const hasLasted = this.#hazeSinceMono !== undefined && nowMono - this.#hazeSinceMono >= HAZE_LASTS_MS;
    if (!hasLasted && !this.#raised.has('lens-dirty')) return undefined;
    return this.#hold('lens-dirty', contrasts, 'below', CONTRAST, (contrast) => {
      return `Characters of the last ${contrasts.length} plates are only ${(100 * contrast).toFixed(0)} % darker than their ground; expected ${100 * CONTRAST.high} % or more.`;
    });
  }

  #dark(isNight: boolean): string | undefined {
    const sinceMono = (this.#lampOnSinceMono ?? Number.POSITIVE_INFINITY) + LAMP_SETTLES_MS;
    const lit = this.#vehicles.filter(({ atMono }) => atMono >= sinceMono);
    const levels = lit.flatMap(({ plate }) => plate?.brightness ?? []);
    const detail = (value: number) =>
      `The last ${levels.length} plates had a brightness of ${value.toFixed(0)} of 255 with the illuminator on; expected ${DARK.high} or more.`;
    // By day plates are bright without the lamp, and dark ones are the exposure's fault.
    if (!isNight && !this.#raised.has('illuminator-failed')) return undefined;
    return this.#hold('illuminator-failed', levels, 'below', DARK, detail, FEWEST_DARK_VEHICLES);
  }

  #moved(view: OpticsLook['view']): string | undefined {
    if (!this.#isFixed) return undefined;
    // What cannot be made out is neither here nor there.
    if (view.state === 'moved' || view.state === 'same') this.#view = view;
    if (this.#view.state !== 'moved') return undefined;
    const { shiftShare } = this.#view;
    return shiftShare === undefined
      ? 'Nothing that stood in the picture is where it was.'
      : `The picture is off by ${(100 * shiftShare).toFixed(0)} % of its width.`;
  }

  #plates(leastHeightPx: number): PlateLook[] {
    return this.#vehicles.flatMap(({ plate }) =>
      plate !== undefined && plate.heightPx >= leastHeightPx ? [plate] : [],
    );
  }

  /** Raised beyond the one limit, cleared beyond the other, and left as it is where too few speak. */
  #hold(
    code: OpticsWarning,
    values: readonly number[],
    bad: 'above' | 'below',
    { low, high }: { readonly low: number; readonly high: number },
    detail: (value: number) => string,
    fewest = FEWEST_VEHICLES,
  ): string | undefined {
    const value = median(values);
    if (value !== undefined && values.length >= fewest) {
      if (bad === 'above' ? value > high : value < low) this.#raised.add(code);
      else if (bad === 'above' ? value < low : value > high) this.#raised.delete(code);
    }
    if (!this.#raised.has(code)) return undefined;
    return detail(value ?? (bad === 'above' ? high : low));
  }
}

/**
 * How many times wider the edges are than a sharp camera's. Those widen with the plate, since the
 * reader's crop has a fixed size: measured on drawn plates of 14 to 58 px.
 */
function blurOf({ edgePx, heightPx }: PlateLook): number {
  return edgePx / (0.85 + 0.052 * heightPx);
}

function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
