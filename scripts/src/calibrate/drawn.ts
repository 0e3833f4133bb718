import { type JudgedRead, ratePicture } from '../../../src/cli/rating.js';
import { PictureRecogniser, platesConfigFor, type ReadOverrides } from '../../../src/cli/recognition.js';
import { boundingBox, type Point, type Quad } from '../../../src/domain/geometry.js';
import { drawNegatives, NEGATIVE_MOSAIC } from '../reading/hard-negatives.js';
import { framesOf } from '../reading/measure.js';
import { assemble, originOf } from '../reading/mosaic.js';
import type { PlateSet } from '../reading/plate-sets.js';

/** Seeds of their own: the curves' and gates' plates must be new to the fit. */
const SEED = 'calibration';
const PLATES_A_SET = 30;
const NEGATIVES = 300;

/** From plain to hopeless, as a road has them: most by far can be read. */
const SETS: readonly Omit<PlateSet, 'seed' | 'count' | 'carriers'>[] = [
  { characterHeightPx: 20 },
  { characterHeightPx: 14 },
  { characterHeightPx: 11 },
  { characterHeightPx: 9 },
  { characterHeightPx: 16, yawDegrees: 40 },
  { characterHeightPx: 16, conditions: { defocusStrokes: 1.2 } },
  { characterHeightPx: 16, conditions: { motionStrokes: 1.5 } },
  { characterHeightPx: 16, conditions: { bloomStops: 2 } },
  { characterHeightPx: 16, conditions: { dirtShare: 0.25 } },
];
const CARRIERS: PlateSet['carriers'] = ['one line', 'one line', 'one line', 'square'];

/** Reads of drawn UK plates and of drawn signs, which are none. */
export async function judgeDrawn(
  models: string,
  overrides: ReadOverrides,
): Promise<{ readonly plates: readonly JudgedRead[]; readonly signs: readonly JudgedRead[] }> {
  const recogniser = new PictureRecogniser(await platesConfigFor({ models }), overrides);
  await recogniser.start();
  try {
    return { plates: await judgePlates(recogniser), signs: await judgeSigns(recogniser) };
  } finally {
    await recogniser.stop();
  }
}

async function judgePlates(recogniser: PictureRecogniser): Promise<JudgedRead[]> {
  const judged: JudgedRead[] = [];
  for (const [index, set] of SETS.entries()) {
    const plates = { ...set, seed: `${SEED}/${index}`, count: PLATES_A_SET, carriers: CARRIERS };
    for (const { mosaic, scenes, frame } of framesOf(plates)) {
      const labels = scenes.map(({ quad, vrm }, place) => ({
        text: vrm,
        box: boundingBox(moved(quad, originOf(mosaic, place))),
      }));
      const { plates: found } = await recogniser.recogniseGrey(frame);
      judged.push(...ratePicture({ file: '', plates: labels }, found).judgedReads);
    }
  }
  return judged;
}

async function judgeSigns(recogniser: PictureRecogniser): Promise<JudgedRead[]> {
  const judged: JudgedRead[] = [];
  const perFrame = NEGATIVE_MOSAIC.columns * NEGATIVE_MOSAIC.rows;
  const scenes = [...drawNegatives(NEGATIVES, SEED)];
  for (let first = 0; first < scenes.length; first += perFrame) {
    const group = scenes.slice(first, first + perFrame);
    const frame = assemble(
      NEGATIVE_MOSAIC,
      group.map(({ picture }) => picture),
    );
    // A sign that reads like a mark is read rightly: nothing can be learnt from it.
    const lookAlikes = group.flatMap(({ quad, isMarkLike }, place) =>
      isMarkLike ? [{ box: boundingBox(moved(quad, originOf(NEGATIVE_MOSAIC, place))) }] : [],
    );
    const { plates: found } = await recogniser.recogniseGrey(frame);
    judged.push(...ratePicture({ file: '', plates: lookAlikes }, found).judgedReads);
  }
  return judged;
}

function moved(quad: Quad, by: Point): Quad {
  const [tl, tr, br, bl] = quad;
  const move = ({ x, y }: Point): Point => ({ x: x + by.x, y: y + by.y });
  return [move(tl), move(tr), move(br), move(bl)];
}
