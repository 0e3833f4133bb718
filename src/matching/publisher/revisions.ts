import type { MatchKey } from '../../domain/vrm.js';
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

/**
 * What turns one list into the other; a mark that is removed comes as a group without rows.
 * @param changes is counted up
 */
export function* differences(
  before: Iterable<ComparedMark>,
  after: Iterable<MarkGroup>,
  changes: Changes,
): Generator<MarkGroup> {
  const olds = before[Symbol.iterator]();
  const news = after[Symbol.iterator]();
  let old: ComparedMark | undefined = olds.next().value;
  let now: MarkGroup | undefined = news.next().value;
  while (old !== undefined || now !== undefined) {
    if (now === undefined || (old !== undefined && old.matchKey < now.matchKey)) {
      changes.removed++;
      yield groupOf((old as ComparedMark).matchKey as MatchKey, []);
      old = olds.next().value;
    } else if (old === undefined || now.matchKey < old.matchKey) {
      changes.added++;
      yield now;
      now = news.next().value;
    } else {
      if (old.rowsText !== now.rowsText) {
        changes.changed++;
        yield now;
      }
      old = olds.next().value;
      now = news.next().value;
    }
  }
}
