import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Mark } from '../../scripts/src/clip/marks.js';
import type { Random } from '../../scripts/src/clip/random.js';
import { markOf } from '../../scripts/src/reading/marks.js';
import { framesOf } from '../../scripts/src/reading/measure.js';
import { originOf } from '../../scripts/src/reading/mosaic.js';
import { measureRates } from '../../src/cli/rates.js';
import { ratePicture } from '../../src/cli/rating.js';
import { PictureRecogniser, platesConfigFor } from '../../src/cli/recognition.js';
import { boundingBox } from '../../src/domain/geometry.js';

/**
 * Marks of UK form are favoured, because nearly every plate on a UK road has one. That must not
 * cost foreign and cherished plates: each set is read with the favour and without it.
 */
const WITHOUT = { ukFavour: 1 };
const MOST_LOST = 0.005;

const DATA = process.env.ANPRD_DATA ?? resolve(import.meta.dirname, '../../../shared/data');
const FOREIGN = join(DATA, 'eval-eu');
const isThere = existsSync(join(FOREIGN, 'labels.jsonl'));
if (!isThere)
  console.warn(`skipped: ${FOREIGN} has no labels.jsonl; set ANPRD_DATA to the folder of eval-eu`);

describe('photographs of foreign plates', () => {
  it.skipIf(!isThere)('are read as well with the favour as without', { timeout: 600_000 }, async () => {
    const favoured = await measureRates(FOREIGN, {});
    const plain = await measureRates(FOREIGN, {}, () => undefined, WITHOUT);
    console.log(
      `read right with UK forms favoured: ${favoured.readRight}, without: ${plain.readRight} of ${plain.platesWithText}`,
    );
    expect(favoured.readRight / favoured.platesWithText).toBeGreaterThanOrEqual(
      plain.readRight / plain.platesWithText - MOST_LOST,
    );
  });
});

const LETTERS = [...'ACDEFHJKLMNPRTUVWXY'];
const DIGITS = [...'34679'];
/** Letters and digits that are taken for one another: with the other one the mark would have a UK form. */
const TWINS = ['5', '8', '2', 'S', 'B', 'Z'];

/** One character away from a current mark: AB5Z CDE, ABS2 CDE, A862 CDE, AB62 C8E. */
function nearlyCurrent(random: Random): Mark {
  const letter = () => random.pick(LETTERS);
  const digit = () => random.pick(DIGITS);
  const asDigit = TWINS.filter((twin) => /[A-Z]/.test(twin));
  const asLetter = TWINS.filter((twin) => /[0-9]/.test(twin));
  const [first, second] = random.pick([
    () => [`${letter()}${letter()}${random.pick(asDigit)}${digit()}`, letter() + letter() + letter()],
    () => [`${letter()}${letter()}${digit()}${random.pick(asDigit)}`, letter() + letter() + letter()],
    () => [`${letter()}${random.pick(asLetter)}${digit()}${digit()}`, letter() + letter() + letter()],
    () => [`${letter()}${letter()}${digit()}${digit()}`, letter() + random.pick(asLetter) + letter()],
  ])() as [string, string];
  return markOf(first, second);
}

/** Forms that no usual UK mark has. */
function foreignOrCherished(random: Random): Mark {
  const letters = (count: number) => Array.from({ length: count }, () => random.pick(LETTERS)).join('');
  const digits = (count: number) => Array.from({ length: count }, () => random.pick(DIGITS)).join('');
  const [first, second] = random.pick([
    () => [letters(2), `${digits(3)}${letters(2)}`],
    () => [letters(3), digits(4)],
    () => [`${digits(1)}${letters(2)}`, digits(4)],
    () => [digits(2), `${letters(3)}${digits(2)}`],
    () => [letters(2), digits(2)],
    () => [digits(4), letters(3)],
    () => [letters(3), digits(1)],
  ])() as [string, string];
  return markOf(first, second);
}

const COUNT = 120;

describe.each([
  ['one character away from a UK form', nearlyCurrent, 0.8],
  ['of foreign and cherished forms', foreignOrCherished, 0.9],
] as const)('drawn plates %s', (_, mark, leastRight) => {
  it('that are plainly read stay as they are', { timeout: 300_000 }, async () => {
    const set = {
      seed: 'uk prior',
      count: COUNT,
      carriers: ['one line'],
      characterHeightPx: 18,
      mark,
    } as const;
    const config = await platesConfigFor({});
    const recognisers = [new PictureRecogniser(config), new PictureRecogniser(config, WITHOUT)];
    const right = [0, 0];
    for (const [index, recogniser] of recognisers.entries()) {
      await recogniser.start();
      for (const { mosaic, scenes, frame } of framesOf(set)) {
        const plates = scenes.map(({ vrm, quad }, place) => {
          const { x, y, width, height } = boundingBox(quad);
          const origin = originOf(mosaic, place);
          return { text: vrm, box: { x: x + origin.x, y: y + origin.y, width, height } };
        });
        const found = (await recogniser.recogniseGrey(frame)).plates;
        right[index] = (right[index] as number) + ratePicture({ file: '', plates }, found).readRight;
      }
      await recogniser.stop();
    }
    const [favoured, plain] = right as [number, number];
    console.log(`read right with UK forms favoured: ${favoured}, without: ${plain} of ${COUNT}`);
    expect(plain / COUNT).toBeGreaterThanOrEqual(leastRight);
    // One plate of so few is 0.8 points.
    expect(favoured).toBeGreaterThanOrEqual(plain - 1);
  });
});
