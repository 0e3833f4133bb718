import { describe, expect, it } from 'vitest';
import { classify, restorePrintedForm } from '../../../../src/domain/grammar/forms.js';
import type { Vrm } from '../../../../src/domain/vrm.js';

describe('the class of a UK mark', () => {
  it.each([
    ['AD56LNJ', 'current'],
    ['A123BCD', 'prefix'],
    ['Q123ABC', 'q'],
    ['ABC123D', 'suffix'],
    ['BIG1234', 'northern-ireland'],
    ['JAZ9', 'northern-ireland'],
    ['123D456', 'diplomatic'],
    ['01234', 'trade'],
    ['12AB34', 'military'],
    ['1234AB', 'dateless'],
    ['AB1', 'dateless'],
    ['MAN123', 'isle-of-man'],
    ['JMN123A', 'isle-of-man'],
    ['J12345', 'jersey'],
    ['12345', 'guernsey'],
    ['06D12345', 'irish'],
    ['131KK1234', 'irish'],
    ['ABC123', 'dateless'],
  ])('%s is %s', (vrm, ukClass) => {
    expect(classify(vrm as Vrm)).toBe(ukClass);
  });

  it.each(['AI56LNJ', 'AB50CDE', 'AB00CDE', 'AB01CDE', 'WA56660', 'B21GSBX', '34A36837'])(
    '%s is none',
    (vrm) => {
      expect(classify(vrm as Vrm)).toBeUndefined();
    },
  );
});

describe('the printed form', () => {
  it('takes O and I for digits, and 0 and 1 for letters, where only that fits', () => {
    expect(restorePrintedForm('AD5OLNJ' as Vrm)).toEqual({ vrm: 'AD5OLNJ' });
    expect(restorePrintedForm('ADI6LN0' as Vrm)).toEqual({ vrm: 'AD16LNO', ukClass: 'current' });
    expect(restorePrintedForm('B1G1234' as Vrm)).toEqual({ vrm: 'BIG1234', ukClass: 'northern-ireland' });
  });

  it('stays as it was read where that has a form already', () => {
    expect(restorePrintedForm('OR17' as Vrm)).toEqual({ vrm: 'OR17', ukClass: 'dateless' });
    expect(restorePrintedForm('ORI7' as Vrm)).toEqual({ vrm: 'ORI7', ukClass: 'northern-ireland' });
  });

  it('changes nothing else, and leaves a foreign mark as it was read', () => {
    expect(restorePrintedForm('WA56660' as Vrm)).toEqual({ vrm: 'WA56660' });
    expect(restorePrintedForm('5TA3O1' as Vrm).vrm).toBe('5TA3O1');
  });
});
