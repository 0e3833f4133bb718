import { centre, type Quad } from '../../../src/domain/geometry.js';
import { foldVrm } from '../../../src/domain/vrm.js';
import type { GreyPixels } from '../../../src/native/kernels.js';
import type { DevicePath, PathRead } from './device-path.js';
import { assemble, type Mosaic, mosaicFor, originOf, sceneAt } from './mosaic.js';
import { drawPlateScene, type PlateCase, type PlateScene } from './plate-scene.js';
import { type PlateSet, plateCases } from './plate-sets.js';

/** How a plate came out. */
export interface PlateOutcome {
  readonly vrm: string;
  readonly form: PlateCase['form'];
  /** Its text (O = 0, I = 1) was reported. */
  readonly right: boolean;
  /** What was reported instead of it. */
  readonly wrong?: string;
  /** What was read there, but not surely enough to be reported. */
  readonly unsure?: string;
}

/** Draws the plates of a set and sends them through the device's own path. */
export async function measurePlates(path: DevicePath, set: PlateSet): Promise<PlateOutcome[]> {
  const outcomes: PlateOutcome[] = [];
  for (const { mosaic, scenes, frame } of framesOf(set)) {
    const found = await path.read(frame);
    scenes.forEach((scene, index) => {
      const quad = moved(scene.quad, mosaic, index);
      const here = found.filter(
        (read) => sceneAt(mosaic, centre(read.quad)) === index && isOn(quad, read.quad),
      );
      outcomes.push(judge(scene, here));
    });
  }
  return outcomes;
}

/** The same, but the reader is given the true corners: what is lost here, no detector can win back. */
export async function measureReader(path: DevicePath, set: PlateSet): Promise<PlateOutcome[]> {
  const outcomes: PlateOutcome[] = [];
  for (const { mosaic, scenes, frame } of framesOf(set)) {
    const reads = await path.readAt(
      frame,
      scenes.map(({ quad }, index) => moved(quad, mosaic, index)),
    );
    scenes.forEach((scene, index) => {
      outcomes.push(judge(scene, reads.slice(index, index + 1)));
    });
  }
  return outcomes;
}

interface DrawnFrame {
  readonly mosaic: Mosaic;
  readonly scenes: readonly PlateScene[];
  readonly frame: GreyPixels;
}

/** One frame after the other: a set of 300 would fill the memory of a small machine. */
export function* framesOf(set: PlateSet): Generator<DrawnFrame> {
  const mosaic = mosaicFor(set.characterHeightPx);
  const perFrame = mosaic.columns * mosaic.rows;
  const cases = plateCases(set);
  for (let first = 0; first < cases.length; first += perFrame) {
    const scenes = cases
      .slice(first, first + perFrame)
      .map((plate, index) => drawPlateScene(plate, mosaic, `${set.seed}/${first + index}`));
    const frame = assemble(
      mosaic,
      scenes.map(({ picture }) => picture),
    );
    yield { mosaic, scenes, frame };
  }
}

function judge({ vrm, form }: PlateScene, here: readonly PathRead[]): PlateOutcome {
  const key = foldVrm(vrm);
  const reported = here.filter(({ accepted }) => accepted).map(({ read }) => read?.matchKey);
  const right = reported.some((text) => text === key);
  const wrong = right ? undefined : reported[0];
  const unsure = right || wrong !== undefined ? undefined : here.find(({ read }) => read)?.read?.vrm;
  return {
    vrm,
    form,
    right,
    ...(wrong === undefined ? {} : { wrong }),
    ...(unsure === undefined ? {} : { unsure }),
  };
}

/** Where a quad of a scene is in the frame. */
export function moved(quad: Quad, mosaic: Mosaic, index: number): Quad {
  const origin = originOf(mosaic, index);
  return quad.map(({ x, y }) => ({ x: x + origin.x, y: y + origin.y })) as unknown as Quad;
}

/** Whether the middle of what was found is on the plate: within half its diagonal of its middle. */
export function isOn(plate: Quad, found: Quad): boolean {
  const [a, b] = [centre(found), centre(plate)];
  const [topLeft, , bottomRight] = plate;
  const diagonal = Math.hypot(bottomRight.x - topLeft.x, bottomRight.y - topLeft.y);
  return Math.hypot(a.x - b.x, a.y - b.y) < diagonal / 2;
}
