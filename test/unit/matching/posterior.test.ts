import { describe, expect, it } from 'vitest';
import { leastProbability, posteriors } from '../../../src/matching/doubt/posterior.js';
import { priorOf, weightOfListed } from '../../../src/matching/doubt/prior.js';
import { readOf } from '../../support/reads.js';
import { repeatable } from '../../support/repeatable.js';

const SEEN_AT_MS = Date.parse('2026-07-10T12:00:00Z');

describe('the posterior', () => {
  it('is the probability under the read where a listed mark passes as often as any other', () => {
    expect(posteriors([{ probability: 0.2, weight: 1 }])).toEqual([0.2]);
  });

  it('is a bet of the weight to one', () => {
    // 0.1 * 9 against 0.9 * 1.
    expect(posteriors([{ probability: 0.1, weight: 9 }])[0]).toBeCloseTo(0.5);
  });

  it('is shared among marks that are listed, and never adds up to more than 1', () => {
    const both = posteriors([
      { probability: 0.6, weight: 400 },
      { probability: 0.3, weight: 400 },
    ]);
    expect(both[0]).toBeCloseTo(2 * (both[1] as number));
    expect((both[0] as number) + (both[1] as number)).toBeLessThan(1);
    const told = posteriors([
      { probability: 0.9, weight: 5 },
      { probability: 0.2, weight: 5 },
    ]);
    expect((told[0] as number) + (told[1] as number)).toBeCloseTo(1);
  });

  it('is never reached by a text below the least probability, whatever else is listed', () => {
    const random = repeatable(7);
    for (let round = 0; round < 2_000; round++) {
      const weights = Array.from({ length: 3 }, () => 10 ** (6 * random() - 3));
      const read = { probability: 0.02 + 0.97 * random(), weight: random() < 0.5 ? 1 : 0.01 };
      const wanted = random();
      const weight = weights[0] as number;
      const least = leastProbability(wanted, { weight, read, leastWeight: Math.min(...weights) });
      const left = 1 - read.probability;
      const probability = Math.min(least * 0.999, left);
      const other = { probability: (left - probability) * random(), weight: weights[1] as number };
      const [posterior] = posteriors([{ probability, weight }, read, other]);
      expect(posterior).toBeLessThan(wanted);
    }
  });
});

describe('the prior', () => {
  const prior = (text: string) => priorOf(readOf(text), SEEN_AT_MS);
  const weight = (text: string, listedShare: number, markCount: number) =>
    weightOfListed({ listedShare, markCount }, prior(text));

  it('of a current mark is a vehicle in 40 million, by one in ten of the texts being issued', () => {
    const issued = 0.86 * 40e6;
    const texts = 23 ** 2 * 51 * 24 ** 3;
    expect(prior('AB12CDE').perText).toBeCloseTo(issued / texts / 40e6, 10);
  });

  it('makes a mark of a long list no likelier than any other, and one of a short list far likelier', () => {
    // A million marks that a thousandth of the vehicles bear; a million of 40 are 25 thousandths.
    expect(weight('AB12CDE', 0.001, 1_000_000)).toBeLessThan(1);
    expect(weight('AB12CDE', 0.025, 1_000_000)).toBeGreaterThan(10);
    expect(weight('AB12CDE', 0.001, 10_000)).toBeCloseTo(100 * weight('AB12CDE', 0.001, 1_000_000));
  });

  it('does not believe that ten vehicles are a thousandth of the traffic', () => {
    expect(weight('AB12CDE', 0.001, 10)).toBe(weight('AB12CDE', 0.001, 1_000));
    expect(weight('AB12CDE', 0.001, 0)).toBe(weight('AB12CDE', 0.001, 1_000));
  });

  it('weighs a listed mark more where few texts of its form are issued', () => {
    expect(weight('ABC123A', 0.001, 10_000)).toBeGreaterThan(10 * weight('AB12CDE', 0.001, 10_000));
  });

  it('doubts a read of no UK form, or with an age identifier to come, unless no clock can tell', () => {
    expect(prior('AB12CDE').plausibility).toBe(1);
    expect(prior('AB32CDE').plausibility).toBeLessThan(0.1);
    expect(prior('AB12C').plausibility).toBeLessThan(0.1);
    expect(priorOf(readOf('AB32CDE'), undefined).plausibility).toBe(1);
  });
});
