import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { measureRates, renderRates } from '../../src/cli/rates.js';

/**
 * The whole way on real photographs that are not part of the repository: ANPRD_DATA names the
 * folder that holds eval-uk and eval-eu, by default ../shared/data. These pictures never train a
 * model and never choose between two. What counts as a false read here is mostly a real plate that
 * nobody labelled (17 of 20 on eval-uk, by eye; the others are prices in windscreens), so
 * that one bar is not the 0.05 that is wanted: it only says when something broke.
 */
const DATA = process.env.ANPRD_DATA ?? resolve(import.meta.dirname, '../../../shared/data');

interface Bars {
  readonly captured: number;
  readonly readRight: number;
  readonly falseReadsPerPicture: number;
  readonly calibrationError: number;
  /** Least share read right, by the name of a band. */
  readonly bands: Readonly<Record<string, number>>;
}

const SETS: readonly (readonly [string, Bars])[] = [
  [
    'eval-uk',
    {
      captured: 0.98,
      readRight: 0.977,
      falseReadsPerPicture: 0.12,
      calibrationError: 0.02,
      bands: { 'under 100 px wide': 0.92, 'narrower than 3:1': 0.96 },
    },
  ],
  [
    'eval-eu',
    { captured: 0.98, readRight: 0.97, falseReadsPerPicture: 0.05, calibrationError: 0.02, bands: {} },
  ],
];

describe.each(SETS)('%s', (set, bars) => {
  const folder = join(DATA, set);
  const isThere = existsSync(join(folder, 'labels.jsonl'));
  if (!isThere)
    console.warn(`skipped: ${folder} has no labels.jsonl; set ANPRD_DATA to the folder of ${set}`);

  it.skipIf(!isThere)('is captured and read at the rates asked for', { timeout: 600_000 }, async () => {
    const rates = await measureRates(folder, {});
    console.log(renderRates(set, { ...rates, failures: [] }));
    expect(rates.unreadablePictures).toBe(0);
    expect(rates.captured / rates.plates).toBeGreaterThanOrEqual(bars.captured);
    expect(rates.readRight / rates.plates).toBeGreaterThanOrEqual(bars.readRight);
    expect(rates.falseReads / rates.pictures).toBeLessThan(bars.falseReadsPerPicture);
    expect(rates.calibration.onPlates.error).toBeLessThanOrEqual(bars.calibrationError);
    for (const [name, least] of Object.entries(bars.bands)) {
      const band = rates.bands.find((one) => one.name === name);
      expect((band?.readRight ?? 0) / (band?.plates ?? 1), name).toBeGreaterThanOrEqual(least);
    }
  });
});
