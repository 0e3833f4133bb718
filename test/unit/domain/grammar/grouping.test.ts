import { describe, expect, it } from 'vitest';
import { classify } from '../../../../src/domain/grammar/forms.js';
import { prescribedGroups } from '../../../../src/domain/grammar/grouping.js';
import { vrmOf } from '../../../support/reports.js';

function groupsOf(mark: string): string | undefined {
  const vrm = vrmOf(mark);
  return prescribedGroups(vrm, classify(vrm))?.join(' ');
}

describe('the groups of a mark', () => {
  it.each(['AB12 CDE', 'A123 BCD', 'A1 BCD', 'Q12 ABC', 'ABC 123D', 'ABC 1D', 'AIZ 1234'])(
    'are prescribed by its form: %s',
    (mark) => expect(groupsOf(mark)).toBe(mark),
  );

  it.each([
    ['dateless, of which any part of a foreign mark has the form', 'BAB123'],
    ['with an O where Italy and France have a nought', 'EN24OGK'],
    ['military', '12AB34'],
    ['of Jersey', 'J12345'],
    ['of no UK form', 'WX48213'],
  ])('are not known where it is %s', (_, mark) => expect(groupsOf(mark)).toBeUndefined());
});
