import { afterAll, beforeAll, expect, it } from 'vitest';
import { platesSchema } from '../../src/config/schema.js';
import { NO_OPTICS, type PlateLook } from '../../src/domain/optics.js';
import { FEWEST_VEHICLES, OpticsWatch } from '../../src/health/optics-watch.js';
import { Recogniser } from '../../src/plates/recogniser.js';
import { type Fault, foundLooks, veiled } from '../support/plate-looks.js';
import { litBy, noisy } from '../support/roads.js';

/**
 * Drawn vehicles through the device's own models to a judgement of its camera: what spoils pictures
 * so that a warning has to come leaves enough plates that are found to raise it.
 */
const recogniser = new Recogniser({ config: platesSchema.parse({}) });
beforeAll(() => recogniser.start());
afterAll(() => recogniser.stop());

/** A vehicle a minute, by night under the lamp. */
function judge(plates: readonly PlateLook[]): string[] {
  const watch = new OpticsWatch({ isFixed: true });
  const picture = { brightness: 20, saturatedShare: 0, contrast: 60 };
  let held: string[] = [];
  for (let minute = 0; minute < 40; minute++) {
    const nowMono = minute * 60_000;
    const plate = plates[minute % plates.length] as PlateLook;
    const vehicles = minute === 0 ? [] : [{ atMono: nowMono, heightPx: plate.heightPx, plate }];
    held = watch
      .look({ ...NO_OPTICS, picture, vehicles }, { isIlluminatorOn: true, nowMono })
      .flatMap(([code, detail]) => (detail === undefined ? [] : [code]));
  }
  return held;
}

const rain: Fault = (picture, index) => noisy(picture, `rain ${index}`, { drops: 150 });

it.each([
  { what: 'a good camera', held: [] },
  { what: 'a good camera in rain', fault: rain, held: [] },
  { what: 'one out of focus', set: { conditions: { defocusStrokes: 2 } }, held: ['out-of-focus'] },
  { what: 'one with dirt on its lens', fault: (p) => veiled(p, 0.6), held: ['lens-dirty'] },
  { what: 'one whose lamp failed', fault: (p) => litBy(p, 0.12), held: ['illuminator-failed'] },
  {
    what: 'one that is too far away',
    set: { characterHeightPx: 8, carriers: ['one line'] },
    held: ['plates-too-small'],
  },
] as { what: string; set?: object; fault?: Fault; held: string[] }[])(
  '$what is judged so by what its models find',
  async ({ set, fault, held }) => {
    const looks = await foundLooks(recogniser, { count: FEWEST_VEHICLES + 2, ...set }, fault);
    expect(looks.length).toBeGreaterThanOrEqual(FEWEST_VEHICLES);
    expect(judge(looks)).toEqual(held);
  },
);
