import { distance } from 'fastest-levenshtein';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../scripts/src/clip/random.js';
import type { MatchKey } from '../../../src/domain/vrm.js';
import { NeighbourFilter } from '../../../src/matching/neighbour-filter.js';

const key = (text: string) => text as MatchKey;

describe('the filter of reads that may be one of some marks', () => {
  const filter = new NeighbourFilter([key('AB12CDE'), key('H1')]);

  it.each([
    ['the mark itself', 'AB12CDE'],
    ['another character', 'A812CDE'],
    ['two others', 'A812C0E'],
    ['a lost character', 'AB2CDE'],
    ['an added one', 'AB112CDE'],
    ['one lost and one taken for another', 'AB2C0E'],
    ['two that were read as one', 'ABHCDE'],
    ['a short mark', '11'],
  ])('lets through %s', (_, read) => {
    expect(filter.mayBeOne(key(read))).toBe(true);
  });

  it.each([
    ['three other characters', 'A8I2C0F'],
    ['another mark', 'XY99ZZZ'],
  ])('keeps out %s', (_, read) => {
    expect(filter.mayBeOne(key(read))).toBe(false);
  });

  it('lets through whatever is two edits away from one of them, and little else', () => {
    const random = seededRandom('neighbours');
    const text = (length: number) => key(Array.from({ length }, () => random.pick([...'AB12'])).join(''));
    const marks = Array.from({ length: 12 }, () => text(random.whole(5, 8)));
    const some = new NeighbourFilter(marks);
    let near = 0;
    for (let i = 0; i < 2_000; i++) {
      const read = text(random.whole(4, 9));
      const nearest = Math.min(...marks.map((mark) => distance(mark, read)));
      if (nearest <= 2) near++;
      if (nearest <= 2) expect(some.mayBeOne(read), read).toBe(true);
      if (nearest > 4) expect(some.mayBeOne(read), read).toBe(false);
    }
    expect(near).toBeGreaterThan(50);
  });
});
