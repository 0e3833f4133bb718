import { afterAll, beforeAll, expect, it } from 'vitest';
import { DevicePath } from '../../../scripts/src/reading/device-path.js';
import { renderTwins } from '../../../scripts/src/reading/markdown.js';
import { measureTwins, pointsLost } from '../../../scripts/src/reading/side-by-side.js';

/**
 * A prototype lost 15 points where a mark has 11, 1I or O0 side by side. Each such mark is read
 * beside a twin on the same vehicle in the same light, which differs in these characters alone, so
 * that what is left of chance are the few pairs of which only one is read: with 500 pairs and 3 in
 * a hundred of them, the difference is known to some 1.5 points at 95 %.
 */
const PAIRS_A_KIND = 100;
const MOST_POINTS_LOST = 2;

let path: DevicePath;
beforeAll(async () => {
  path = await DevicePath.open();
});
afterAll(async () => {
  await path.close();
});

it('marks with 11, 111, 1I, O0 and 00 are read as well as their twins', { timeout: 600_000 }, async () => {
  const rates = await measureTwins(path, PAIRS_A_KIND, 'gate');
  console.log(renderTwins(rates));
  expect(pointsLost(rates)).toBeLessThanOrEqual(MOST_POINTS_LOST);
});
