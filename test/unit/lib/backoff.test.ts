import { describe, expect, it } from 'vitest';
import { Backoff } from '../../../src/lib/backoff.js';

describe('waiting longer at every failure', () => {
  it('doubles up to the most, and starts again after a success', () => {
    const backoff = new Backoff({ firstMs: 100, mostMs: 1_000, random: () => 1 });
    expect([1, 2, 3, 4, 5, 6].map(() => backoff.nextMs())).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    backoff.reset();
    expect(backoff.nextMs()).toBe(100);
  });

  it('never waits less than half a step, so that a storm of retries cannot form', () => {
    const backoff = new Backoff({ firstMs: 100, mostMs: 1_000, random: () => 0 });
    expect([1, 2, 3].map(() => backoff.nextMs())).toEqual([50, 100, 200]);
  });
});
