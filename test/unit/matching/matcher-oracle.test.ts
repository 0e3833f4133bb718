import { describe, expect, it } from 'vitest';
import { priorOf, weightOfListed } from '../../../src/matching/doubt/prior.js';
import { Matcher } from '../../../src/matching/matcher.js';
import { CONFUSIONS, formula, randomCase } from '../../support/doubt-formula.js';
import { HELD_ENTRIES, type HeldList, heldListOf } from '../../support/lists.js';
import { entryOf } from '../../support/reports.js';

const AT_MS = Date.parse('2026-07-10T12:00:00Z');
const WHEN = { readAtMs: AT_MS, nowMs: AT_MS, clock: 'credible' } as const;

/** Posterior of every listed mark, by Bayes' rule over the lists from end to end. */
function judgeAll(read: ReturnType<typeof randomCase>['read'], lists: readonly HeldList[]) {
  const prior = priorOf(read, AT_MS);
  const probabilityOf = formula(read, CONFUSIONS);
  const weights = new Map<string, number>();
  for (const { entries, list, settings } of lists) {
    const weight = weightOfListed({ ...settings, markCount: list.markCount }, prior);
    for (const { vrm } of entries) weights.set(vrm, Math.max(weights.get(vrm) ?? 0, weight));
  }
  const told = [...weights].map(([text, weight]) => ({ text, weight, probability: probabilityOf(text) }));
  const everything =
    1 +
    (prior.plausibility - 1) * read.probability +
    told.reduce((sum, { weight, probability }) => sum + (weight - 1) * probability, 0);
  return told
    .map(({ text, weight, probability }) => ({ text, posterior: (weight * probability) / everything }))
    .sort((a, b) => b.posterior - a.posterior);
}

describe('the matcher', () => {
  it('finds what a look at every mark of every list finds, as probable', () => {
    const matcher = new Matcher({ confusions: CONFUSIONS });
    let possible = 0;
    let nothing = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const { read, listed } = randomCase(seed);
      const marks = [...new Set(listed.filter((text) => text !== read.matchKey))].slice(seed % 100, 100);
      const half = Math.ceil(marks.length / 2);
      const lists = [
        heldListOf(
          'short',
          marks.slice(0, half).map((text) => entryOf(text)),
          { list: { markCount: 20_000 } },
        ),
        heldListOf(
          'long',
          marks.slice(half).map((text) => entryOf(text)),
          { list: { markCount: 1_000_000 } },
        ),
      ];
      const [best] = judgeAll(read, lists);
      const found = matcher.match(read, WHEN, lists, HELD_ENTRIES);
      const posterior = best?.posterior ?? 0;
      // What the search leaves out, because it cannot be probable enough by itself, is in the formula.
      if (posterior > 0.022) {
        expect([found?.matchKey, found?.kind]).toEqual([best?.text, 'possible']);
        expect((found?.probability ?? 0) / posterior).toBeGreaterThan(0.98);
        expect((found?.probability ?? 0) / posterior).toBeLessThan(1.1);
        possible++;
      }
      if (posterior < 0.018) {
        expect(found).toBeUndefined();
        nothing++;
      }
    }
    expect(Math.min(possible, nothing)).toBeGreaterThan(30);
  });
});
