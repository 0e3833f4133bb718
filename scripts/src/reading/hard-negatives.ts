import { centre, type Quad } from '../../../src/domain/geometry.js';
import type { DevicePath } from './device-path.js';
import { assemble, type Mosaic, mosaicFor, originOf, sceneAt } from './mosaic.js';
import { drawNegativeScene, type NegativeScene } from './negative-scene.js';
import { type Rate, rateOf } from './rate.js';

/** How one picture without a plate came out. */
export interface NegativeOutcome {
  readonly kind: NegativeScene['kind'];
  readonly text: string;
  readonly isMarkLike: boolean;
  /** What was reported from it, by the device's own path; it should be nothing. */
  readonly falseReads: readonly string[];
  /** What the reader says when it is pointed to the sign: the harder question. */
  readonly pointed:
    | { readonly vrm: string; readonly probability: number; readonly accepted: boolean }
    | undefined;
}

/** Of scenes with letters of up to 26 px: the mosaic of small plates has room for them. */
export const NEGATIVE_MOSAIC: Mosaic = mosaicFor(20);

/** Drawn signs and grilles until `count` of them are no mark's look-alikes; the look-alikes come on top. */
export function* drawNegatives(count: number, seed: string): Generator<NegativeScene> {
  for (let index = 0, fair = 0; fair < count; index++) {
    const scene = drawNegativeScene(NEGATIVE_MOSAIC, `${seed}/${index}`);
    if (!scene.isMarkLike) fair++;
    yield scene;
  }
}

/** @param scenes pictures of NEGATIVE_MOSAIC's size */
export async function measureNegatives(
  path: DevicePath,
  scenes: Iterable<NegativeScene>,
): Promise<NegativeOutcome[]> {
  const outcomes: NegativeOutcome[] = [];
  for (const group of groups(scenes, NEGATIVE_MOSAIC.columns * NEGATIVE_MOSAIC.rows)) {
    const frame = assemble(
      NEGATIVE_MOSAIC,
      group.map(({ picture }) => picture),
    );
    const found = (await path.read(frame)).filter(({ accepted }) => accepted);
    const pointed = await path.readAt(
      frame,
      group.map(({ quad }, index) => moved(quad, index)),
    );
    group.forEach(({ kind, text, isMarkLike }, index) => {
      const here = found.filter(({ quad }) => sceneAt(NEGATIVE_MOSAIC, centre(quad)) === index);
      const { read, accepted } = pointed[index] as (typeof pointed)[number];
      outcomes.push({
        kind,
        text,
        isMarkLike,
        falseReads: here.map(({ read: falseRead }) => falseRead?.vrm ?? ''),
        pointed: read && { vrm: read.vrm, probability: read.probability, accepted },
      });
    });
  }
  return outcomes;
}

function* groups<T>(from: Iterable<T>, size: number): Generator<T[]> {
  let group: T[] = [];
  for (const item of from) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

function moved(quad: Quad, index: number): Quad {
  const origin = originOf(NEGATIVE_MOSAIC, index);
  return quad.map(({ x, y }) => ({ x: x + origin.x, y: y + origin.y })) as unknown as Quad;
}

export interface NegativeRates {
  readonly count: number;
  /** Pictures from which something was reported. */
  readonly reported: Rate;
  /** The same for the reader that is pointed to the sign, and the mean of its probabilities (0 where it says nothing). */
  readonly pointed: Rate;
  readonly meanPointedProbability: number;
}

/** @throws RangeError on an empty list */
export function ratesOf(outcomes: readonly NegativeOutcome[]): NegativeRates {
  const sum = outcomes.reduce((total, { pointed }) => total + (pointed?.probability ?? 0), 0);
  return {
    count: outcomes.length,
    reported: rateOf(outcomes, ({ falseReads }) => falseReads.length > 0),
    pointed: rateOf(outcomes, ({ pointed }) => pointed?.accepted === true),
    meanPointedProbability: sum / outcomes.length,
  };
}
