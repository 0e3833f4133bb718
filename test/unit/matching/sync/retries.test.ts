import { describe, expect, it } from 'vitest';
import { Retries } from '../../../../src/matching/sync/retries.js';

const TIMING = { withinMs: 30_000, soonMs: 1_000, laterFirstMs: 60_000, laterMostMs: 3_600_000 };
/** Without jitter: every wait is as long as its step. */
const retries = () => new Retries(TIMING, () => 1);

describe('blobs that are asked for', () => {
  it('are overdue when they do not come in time, and not before', () => {
    const asked = retries();
    asked.ask(['a', 'b'], 0);
    asked.ask(['a', 'b'], 20_000);
    asked.came('b');
    expect(asked.overdue(30_000)).toEqual([]);
    expect(asked.overdue(30_001)).toEqual(['a']);
  });

  it('have their time again when the link was away', () => {
    const asked = retries();
    asked.ask(['a'], 0);
    asked.startOver(29_000);
    expect(asked.overdue(59_000)).toEqual([]);
    expect(asked.overdue(59_001)).toEqual(['a']);
  });

  it('wait a moment three times, then ever longer, and are held up by then', () => {
    const asked = retries();
    const waits: number[] = [];
    for (let nowMono = 0; waits.length < 11; ) {
      asked.ask(['a'], nowMono);
      expect(asked.waiting(nowMono).size).toBe(0);
      expect(asked.heldUp).toBe(waits.length > 3 ? 1 : 0);
      asked.failed('a', nowMono);
      const since = nowMono;
      while (asked.waiting(nowMono).has('a')) nowMono += 1_000;
      waits.push((nowMono - since) / 1_000);
    }
    expect(waits).toEqual([1, 1, 1, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
  });

  it('are forgotten when they come, and when something else is fetched', () => {
    const asked = retries();
    asked.ask(['a', 'b'], 0);
    for (let times = 0; times < 5; times++) asked.failed('a', 0);
    expect(asked.heldUp).toBe(1);
    asked.came('a');
    expect(asked.heldUp).toBe(0);
    asked.clear();
    expect(asked.overdue(1e9)).toEqual([]);
  });

  it('that are not asked for any more are not waited for', () => {
    const asked = retries();
    asked.ask(['a', 'b'], 0);
    asked.ask(['b'], 1_000);
    expect(asked.overdue(40_000)).toEqual(['b']);
    asked.failed('never asked for', 0);
    expect(asked.waiting(0).size).toBe(0);
  });
});
