import { describe, expect, it } from 'vitest';
import type { PlateRead } from '../../../src/domain/read.js';
import { Candidates, MOST_TEXTS } from '../../../src/matching/doubt/candidates.js';
import { unpackKey } from '../../../src/matching/packed-key.js';
import { CONFUSIONS, formula, randomCase } from '../../support/doubt-formula.js';
import { readOf } from '../../support/reads.js';

/** What is found, by text; of a text that is made in several ways, the likeliest. */
function find(read: PlateRead, least: number, confusions = CONFUSIONS): Map<string, number> {
  const candidates = new Candidates(confusions);
  candidates.find(read, least);
  const found = new Map<string, number>();
  for (let i = 0; i < candidates.count; i++) {
    const key = unpackKey(candidates.highs[i] as number, candidates.lows[i] as number);
    if (!found.has(key)) found.set(key, candidates.probabilities[i] as number);
  }
  return found;
}

describe('candidates of a read', () => {
  it('are, of any list, the marks that the formula makes probable enough, as probable as it says', () => {
    const least = 2e-4;
    let told = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const { read, listed } = randomCase(seed);
      const found = find(read, least);
      expect(found.size).toBeLessThan(MOST_TEXTS);
      const probabilityOf = formula(read, CONFUSIONS);
      for (const text of listed) {
        const probability = probabilityOf(text);
        if (probability < least) expect([text, found.get(text)]).toEqual([text, undefined]);
        else expect([text, found.get(text)]).toEqual([text, expect.closeTo(probability, 9)]);
        if (probability >= least) told++;
      }
    }
    expect(told).toBeGreaterThan(300);
  });

  it('come with falling probability, the text of the read first', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { read } = randomCase(seed);
      const candidates = new Candidates(CONFUSIONS);
      candidates.find(read, 1e-5);
      expect(unpackKey(candidates.highs[0] as number, candidates.lows[0] as number)).toBe(read.matchKey);
      const falling = [...candidates.probabilities.subarray(0, candidates.count)];
      expect(falling).toEqual([...falling].sort((a, b) => b - a));
    }
  });

  it('are the most probable ones where there are more than can be looked up', () => {
    const { read } = randomCase(8);
    const all = find(read, 0);
    const candidates = new Candidates(CONFUSIONS);
    candidates.find(read, 0);
    expect(candidates.count).toBe(MOST_TEXTS);
    const least = candidates.probabilities[MOST_TEXTS - 1] as number;
    for (const [text, probability] of find(read, least * 4)) expect(all.get(text)).toBe(probability);
  });

  it('are the read alone where it leaves no doubt', () => {
    expect([...find(readOf('AB12CDE', { probability: 1 }), 1e-9).keys()]).toEqual(['AB12CDE']);
    expect([...find(readOf('AB12CDE', { probability: 0.999 }), 0.01).keys()]).toEqual(['AB12CDE']);
  });

  it('belong to the read that was asked for, not to the one before', () => {
    const candidates = new Candidates(CONFUSIONS);
    const { read } = randomCase(3);
    const texts = () => [...candidates.highs.subarray(0, candidates.count)];
    candidates.find(read, 1e-4);
    const first = texts();
    candidates.find(randomCase(4).read, 1e-6);
    candidates.find(read, 1e-4);
    expect(texts()).toEqual(first);
  });

  it('stay within twelve characters and do not fall below two', () => {
    const long = readOf('1112345678BS', { probability: 0.5 });
    expect([...find(long, 1e-7).keys()].every((text) => text.length <= 12)).toBe(true);
    expect([...find(readOf('11', { probability: 0.5 }), 1e-7).keys()].every((text) => text.length >= 2)).toBe(
      true,
    );
  });
});
