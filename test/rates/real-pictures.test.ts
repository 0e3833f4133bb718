import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { measureRates, renderRates } from '../../src/cli/rates.js';

/**
 * The whole way on real photographs that are not part of the repository: ANPRD_DATA names the
 * folder that holds eval-uk and eval-eu, by default ../shared/data. These pictures never train a
 * model and never choose between two; the bars only say when something broke.
 */
const DATA = process.env.ANPRD_DATA ?? resolve(import.meta.dirname, '../../../shared/data');

interface Bars {
  readonly captured: number;
  readonly readRight: number;
  readonly falseReadsPerPicture: number;
}

const SETS: readonly (readonly [string, Bars])[] = [
  ['eval-uk', { captured: 0.9, readRight: 0.8, falseReadsPerPicture: 0.3 }],
  ['eval-eu', { captured: 0.9, readRight: 0.75, falseReadsPerPicture: 0.3 }],
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
  });
});
