import { describe, expect, it } from 'vitest';
import { firstIssuedAtMs, isIssuedBy } from '../../../../src/domain/grammar/age-identifier.js';
import type { Vrm } from '../../../../src/domain/vrm.js';

describe('the age identifier', () => {
  it.each([
    ['AB51CDE', '2001-09-01'],
    ['AB02CDE', '2002-03-01'],
    ['AB26CDE', '2026-03-01'],
    ['AB76CDE', '2026-09-01'],
    ['AB49CDE', '2049-03-01'],
    ['AB99CDE', '2049-09-01'],
  ])('of %s begins on %s', (vrm, day) => {
    expect(new Date(firstIssuedAtMs(vrm as Vrm) as number).toISOString().slice(0, 10)).toBe(day);
  });

  it('tells a mark whose time has not come', () => {
    const summer2026 = Date.UTC(2026, 6, 1);
    expect(isIssuedBy('AB26CDE' as Vrm, summer2026)).toBe(true);
    expect(isIssuedBy('AB76CDE' as Vrm, summer2026)).toBe(false);
    expect(isIssuedBy('AB76CDE' as Vrm, Date.UTC(2026, 7, 31, 12))).toBe(true);
  });

  it.each(['A123BCD', 'ABC123D', 'WA56660', 'BIG1234'])('is in no other form: %s', (vrm) => {
    expect(firstIssuedAtMs(vrm as Vrm)).toBeUndefined();
    expect(isIssuedBy(vrm as Vrm, 0)).toBe(true);
  });
});
