import { foldVrm, type Vrm } from '../../src/domain/vrm.js';
import type { MarkGroup } from '../../src/matching/mark-group.js';
import { groupOf } from '../../src/matching/package/groups.js';

/** A row of 18 texts: only the mark, and what a test cares about by its place. */
export function rowOf(vrm: string, texts: Readonly<Record<number, string>> = {}): string[] {
  return Array.from({ length: 18 }, (_, index) => (index === 0 ? vrm : (texts[index] ?? '')));
}

/** A group of one row for each mark given, in the order of their keys; `texts` go into every row. */
export function groupsOf(
  marks: readonly string[],
  texts: Readonly<Record<number, string>> = {},
): MarkGroup[] {
  return marks
    .map((mark) => groupOf(foldVrm(mark as Vrm), [JSON.stringify(rowOf(mark, texts))]))
    .sort((a, b) => (a.matchKey < b.matchKey ? -1 : 1));
}
