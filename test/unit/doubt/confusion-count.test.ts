import { describe, expect, it } from 'vitest';
import { differencesOf } from '../../../scripts/src/doubt/alignment.js';
import { countConfusions } from '../../../scripts/src/doubt/confusion-count.js';

describe('how a read differs from its plate', () => {
  it('is nothing where it is right', () => {
    expect(differencesOf('AB12CDE', 'AB12CDE')).toEqual([]);
  });

  it.each([
    ['AB12CDE', 'A812CDE', { kind: 'substituted', shown: 'B', read: '8' }],
    ['AB12CDE', 'AB2CDE', { kind: 'lost', shown: '1' }],
    ['AB12CDE', 'AB112CDE', { kind: 'added', read: '1' }],
    ['AB11CDE', 'ABHCDE', { kind: 'merged', shown: '11', read: 'H' }],
  ])('of %s read as %s is told as one piece', (shown, read, difference) => {
    expect(differencesOf(shown, read)).toEqual([difference]);
  });

  it('is told in the order of the plate where two things went wrong', () => {
    expect(differencesOf('AB12CDE', '8B12CD')).toEqual([
      { kind: 'substituted', shown: 'A', read: '8' },
      { kind: 'lost', shown: 'E' },
    ]);
  });

  it('is not told where more went wrong: nobody knows then what became of what', () => {
    expect(differencesOf('AB12CDE', 'XY12ZDE')).toBeUndefined();
  });
});

describe('confusions', () => {
  const right = (count: number, mark = 'AB12CDE') =>
    Array.from({ length: count }, () => ({ truth: mark, read: mark }));

  it('are what was counted, where that was much', () => {
    const wrong = Array.from({ length: 1000 }, () => ({ truth: 'AB12CDE', read: 'AB12CDF' }));
    const { substituted, counted } = countConfusions([...right(99_000), ...wrong]);
    expect(substituted.E?.F).toBeCloseTo(0.01, 3);
    expect(counted).toBe(700_000);
  });

  it('are drawn to how look-alikes are mistaken on the whole, where it was little', () => {
    const { substituted } = countConfusions([...right(999), { truth: 'AB12CDE', read: 'AB12CDX' }]);
    const [b8, bx] = [substituted.B?.['8'], substituted.B?.X] as [number, number];
    expect(b8).toBeGreaterThan(5 * bx);
    expect(b8).toBeLessThan(1e-3);
  });

  it('leave nothing that is possible at 0, and know no O and no I', () => {
    const { substituted, lost, added, merged } = countConfusions(right(10));
    const characters = Object.keys(substituted);
    expect(characters.join('')).not.toMatch(/[OI]/);
    expect(characters).toHaveLength(34);
    for (const character of characters) {
      const readAs = substituted[character] ?? {};
      expect(Object.keys(readAs)).toHaveLength(33);
      for (const rate of Object.values(readAs)) expect(rate).toBeGreaterThan(0);
      expect(lost[character]).toBeGreaterThan(0);
      expect(added[character]).toBeGreaterThan(0);
    }
    expect(merged['11']?.H).toBeGreaterThan(0);
  });

  it('of pairs are shares of the plates that show the pair', () => {
    const wrong = Array.from({ length: 200 }, () => ({ truth: 'AB11CDE', read: 'ABHCDE' }));
    const { merged } = countConfusions([...right(9_800, 'AB11CDE'), ...wrong, ...right(50_000)]);
    expect(merged['11']?.H).toBeCloseTo(0.0195, 4);
  });

  it('cannot be counted on nothing', () => {
    expect(() => countConfusions([])).toThrow(RangeError);
  });
});
