import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlateHint } from '../../src/domain/hint.js';
import {
  coveredPlate,
  ghostPlate,
  HintFinder,
  misSpacedPlate,
  ordinaryPlate,
} from '../support/hint-cases.js';
import type { OddPlate } from '../support/odd-plates.js';

/**
 * Hints from the picture on: drawn plates of 15 to 40 px character height, mildly slanted, blurred and
 * noisy, found and read by the shipped models. Rates are those of single pictures; the bars say when
 * something broke.
 */
const finder = new HintFinder();
const ORDINARY = 100;
const ODD = 24;
const MOST_FALSE_SHARE = 0.02;

beforeAll(() => finder.start());
afterAll(() => finder.stop());

async function hintsOn(
  count: number,
  plateOf: (index: number) => OddPlate,
): Promise<(readonly PlateHint[])[]> {
  const all: (readonly PlateHint[])[] = [];
  for (let index = 0; index < count; index++) all.push((await finder.see(plateOf(index)))?.hints ?? []);
  return all;
}

function share(all: readonly (readonly PlateHint[])[], hint: PlateHint): number {
  return all.filter((hints) => hints.includes(hint)).length / all.length;
}

describe('on drawn plates', { timeout: 300_000 }, () => {
  it('ordinary ones of every UK class and form, and foreign ones, hardly ever give a hint', async () => {
    const all = await hintsOn(ORDINARY, ordinaryPlate);
    const falseShare = all.filter((hints) => hints.length > 0).length / ORDINARY;
    console.log(`hints on ordinary plates: ${(100 * falseShare).toFixed(1)} % of ${ORDINARY}`);
    expect(falseShare).toBeLessThanOrEqual(MOST_FALSE_SHARE);
  });

  it.each([
    ['mis-spaced', misSpacedPlate, 0.7],
    ['partly-hidden', coveredPlate, 0.5],
    ['suspected-ghost', ghostPlate, 0.5],
  ] as const)('most odd ones are hinted at: %s', async (hint, plateOf, bar) => {
    const found = share(await hintsOn(ODD, plateOf), hint);
    console.log(`${hint}: ${(100 * found).toFixed(0)} % of ${ODD}`);
    expect(found).toBeGreaterThanOrEqual(bar);
  });

  it.each([
    ['mis-spaced', 'AB12CDE'],
    ['mis-spaced', 'AB 12C DE'],
    ['mis-spaced', 'A B12 CDE'],
  ] as const)('%s is said of %s, and not of AB12 CDE', async (hint, groups) => {
    const plain = { groups: 'AB12 CDE', characterHeightPx: 25, seed: 'pair' };
    expect((await finder.see(plain))?.hints).toEqual([]);
    expect(await finder.see({ ...plain, groups })).toMatchObject({ vrm: 'AB12CDE', hints: [hint] });
  });

  it('a plate that the picture cuts off is partly hidden, and not read', async () => {
    const plate = { groups: 'AB12 CDE', characterHeightPx: 30, seed: 'cut', at: { x: 0.06, y: 0.5 } };
    expect(await finder.see(plate)).toMatchObject({ vrm: undefined, hints: ['partly-hidden'] });
  });
});
