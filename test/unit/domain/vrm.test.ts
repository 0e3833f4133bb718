import { describe, expect, it } from 'vitest';
import { foldVrm, parseVrm, type Vrm } from '../../../src/domain/vrm.js';

describe('a mark as people write it', () => {
  it.each([
    ['ab12 cde', 'AB12CDE'],
    [' A1 ', 'A1'],
    ['b-ct.451', 'BCT451'],
  ])('%j is %s', (text, vrm) => {
    expect(parseVrm(text)).toBe(vrm);
  });

  it.each(['', '   ', 'AB12/CDE', 'ÄB12', 'A'.repeat(13), 'AB12,CDE'])('%j is none', (text) => {
    expect(parseVrm(text)).toBeUndefined();
  });
});

describe('the match key', () => {
  it('folds what a UK plate draws alike, and nothing else', () => {
    expect(foldVrm('OI01SZ' as Vrm)).toBe('0101SZ');
    expect(foldVrm(parseVrm('lo01 oil') as Vrm)).toBe(foldVrm(parseVrm('L001 01L') as Vrm));
    expect(foldVrm('B8' as Vrm)).not.toBe(foldVrm('88' as Vrm));
  });
});
