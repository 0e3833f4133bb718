import type { MarkGroup } from '../mark-group.js';
import { groupOf } from '../package/groups.js';
import type { Manifest } from '../package/manifest.js';
import { type BlobReader, readPart } from '../package/read-part.js';
import { mergeParts, withoutRemoved } from '../sync/merge.js';

/** From one revision of a list to the next: streams of groups, each ascending by match key. */

/** How many marks a revision added, changed and removed. */
export interface Changes {
  added: number;
  changed: number;
  removed: number;
}

/** What a list says of a mark, as far as it is compared. */
export type ComparedMark = Pick<MarkGroup, 'matchKey' | 'rowsText'>;

/**
 * The list as a package has it: its snapshot with all that came after. Of each part one blob is in
 * memory at a time.
 * @throws DeviceError hotlist.package-invalid where the package is damaged
 */
export function groupsOfPackage(manifest: Manifest, read: BlobReader): Generator<MarkGroup> {
  const later = manifest.deltas.filter(({ from }) => from >= manifest.snapshot.revision);
  return withoutRemoved(mergeParts([manifest.snapshot, ...later].map((part) => readPart(part, read))));
}

/** A mark of which two lists say different things; absent: it is not on that one. */
export interface Difference<Before extends ComparedMark, After extends ComparedMark> {
  readonly before?: Before;
  readonly after?: After;
}

/** The marks in which two lists differ, ascending; of each list one mark is held at a time. */
export function* compared<Before extends ComparedMark, After extends ComparedMark>(
  before: Iterable<Before>,
  after: Iterable<After>,
): Generator<Difference<Before, After>> {
  const olds = before[Symbol.iterator]();
  const news = after[Symbol.iterator]();
  let old: Before | undefined = olds.next().value;
  let now: After | undefined = news.next().value;
  while (old !== undefined || now !== undefined) {
    if (old !== undefined && (now === undefined || old.matchKey < now.matchKey)) {
      yield { before: old };
      old = olds.next().value;
    } else if (now !== undefined && (old === undefined || now.matchKey < old.matchKey)) {
      yield { after: now };
      now = news.next().value;
    } else if (old !== undefined && now !== undefined) {
      if (old.rowsText !== now.rowsText) yield { before: old, after: now };
      old = olds.next().value;
      now = news.next().value;
    }
  }
}

/**
 * What turns one list into the other; a mark that is removed comes as a group without rows.
 * @param changes is counted up
 */
export function* differences(
  before: Iterable<ComparedMark>,
  after: Iterable<MarkGroup>,
  changes: Changes,
): Generator<MarkGroup> {
  for (const difference of compared(before, after)) {
    changes[kindOf(difference)]++;
    yield difference.after ?? groupOf((difference.before as ComparedMark).matchKey, []);
  }
}

export function kindOf({ before, after }: Difference<ComparedMark, ComparedMark>): keyof Changes {
  if (before === undefined) return 'added';
  return after === undefined ? 'removed' : 'changed';
}
