import { describe, expect, it } from 'vitest';
import type { MarkGroup } from '../../../../src/matching/mark-group.js';
import { mergeParts, withoutRemoved } from '../../../../src/matching/sync/merge.js';
import { repeatable } from '../../../support/repeatable.js';
import { markWith } from '../../../support/stored-lists.js';

/** A part in a few letters: `A1 B` is mark A with the row 1, and mark B removed. */
const part = (text: string) =>
  text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => (word.length === 1 ? markWith(word) : markWith(word[0] as string, word.slice(1))));

const shown = (groups: Iterable<MarkGroup>) =>
  [...groups]
    .map(
      ({ matchKey, rows }) => `${matchKey}${rows[0]?.find((text, index) => index > 0 && text !== '') ?? ''}`,
    )
    .join(' ');

describe('parts as one', () => {
  it('say of each mark what the newest says, in the order of the marks', () => {
    expect(shown(mergeParts([part('A1 C1 D1'), part('B2 C2'), part('A D3')]))).toBe('A B2 C2 D3');
    expect(shown(withoutRemoved(mergeParts([part('A1 C1'), part('A B2')])))).toBe('B2 C1');
  });

  it('are nothing where there is nothing', () => {
    expect(shown(mergeParts([]))).toBe('');
    expect(shown(mergeParts([part(''), part('A1'), part('')]))).toBe('A1');
  });

  it('are, whatever changed, what one change after the other makes', () => {
    const random = repeatable(7);
    for (let round = 0; round < 200; round++) {
      const whole = new Map<string, string>();
      const parts = Array.from({ length: 1 + Math.floor(random() * 5) }, (_, number) => {
        const marks = [...'ABCDEFGHJKLM'].filter(() => random() < 0.4);
        const words = marks.map((mark) => (random() < 0.3 ? mark : `${mark}${number}`));
        for (const word of words) whole.set(word[0] as string, word);
        return part(words.join(' '));
      });
      const expected = [...whole].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, word]) => word);
      expect(shown(mergeParts(parts))).toBe(expected.join(' '));
    }
  });

  it('are read no further than they are asked for', () => {
    const read: string[] = [];
    function* watched(groups: readonly MarkGroup[]) {
      for (const group of groups) {
        read.push(group.matchKey);
        yield group;
      }
    }
    const merged = mergeParts([watched(part('A1 C1 E1')), watched(part('B2 D2'))]);
    merged.next();
    expect(read).toEqual(['A', 'B', 'C']);
  });
});
