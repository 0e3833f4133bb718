import { describe, expect, it } from 'vitest';
import { countOfText, entriesOfText } from '../../../src/matching/list-store/row-text.js';
import { entryFromValues } from '../../../src/matching/voi-entry.js';
import { markWith } from '../../support/stored-lists.js';

describe("the text of a mark's rows", () => {
  it('becomes its entries, in order, with whatever characters they hold', () => {
    const { rows, rowsText } = markWith('AB12CDE', 'stolen', 'said "no", then \\ \u{1F697}', '');
    expect(entriesOfText(rowsText)).toEqual(rows.map((row) => entryFromValues(row)));
    expect(entriesOfText(rowsText).map(({ vrm, reason }) => [vrm, reason])).toEqual([
      ['AB12CDE', 'stolen'],
      ['AB12CDE', 'said "no", then \\ \u{1F697}'],
      ['AB12CDE', ''],
    ]);
    expect(countOfText(rowsText)).toBe(3);
  });

  it('is empty for a mark that is off the list', () => {
    expect(countOfText(markWith('AB12CDE').rowsText)).toBe(0);
  });
});
