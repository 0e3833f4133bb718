import type { MatchKey } from '../../domain/vrm.js';
import type { MarkGroup } from '../mark-group.js';
import { groupOf } from '../package/groups.js';
import type { Manifest } from '../package/manifest.js';
import { type BlobReader, readPart } from '../package/read-part.js';

/** From one revision of a list to the next: streams of groups, each ascending by match key. */

/** How many marks a revision added, changed and removed. */
export interface Changes {
  added: number;
  changed: number;
  removed: number;
}

/**
 * The list as a package has it: its snapshot with all that came after. The deltas since the snapshot
 * are held in memory, of the snapshot one blob at a time.
 * @throws DeviceError hotlist.package-invalid where the package is damaged
 */
export function* groupsOfPackage(manifest: Manifest, read: BlobReader): Generator<MarkGroup> {
  const later = manifest.deltas.filter(({ from }) => from >= manifest.snapshot.revision);
  const newest = combineDeltas(later.map((delta) => readPart(delta, read)));
  for (const { before, after } of paired(readPart(manifest.snapshot, read), newest)) {
    const group = after ?? before;
    if (group !== undefined && group.rowCount > 0) yield group;
  }
}

/** What turns one list into the other; a mark that is removed comes as a group without rows. */
export function* differences(
  before: Iterable<MarkGroup>,
  after: Iterable<MarkGroup>,
  changes: Changes,
): Generator<MarkGroup> {
  for (const pair of paired(before, after)) {
    if (pair.after === undefined) {
      changes.removed++;
      yield groupOf(pair.key, []);
    } else if (pair.before === undefined) {
      changes.added++;
      yield pair.after;
    } else if (pair.before.rowsText !== pair.after.rowsText) {
      changes.changed++;
      yield pair.after;
    }
  }
}

/**
 * Deltas that follow one another as one, oldest first. It names every mark that one of them names,
 * also one that was added and removed again: so it brings each revision within its span to its end.
 */
export function combineDeltas(deltas: readonly Iterable<MarkGroup>[]): MarkGroup[] {
  const newest = new Map<MatchKey, MarkGroup>();
  for (const delta of deltas) {
    for (const group of delta) newest.set(group.matchKey, group);
  }
  return [...newest.values()].sort((one, other) => (one.matchKey < other.matchKey ? -1 : 1));
}

interface Pair {
  readonly key: MatchKey;
  readonly before: MarkGroup | undefined;
  readonly after: MarkGroup | undefined;
}

/** Two ascending streams side by side: for each mark what either says of it. */
function* paired(before: Iterable<MarkGroup>, after: Iterable<MarkGroup>): Generator<Pair> {
  const ones = before[Symbol.iterator]();
  const others = after[Symbol.iterator]();
  let one = ones.next().value as MarkGroup | undefined;
  let other = others.next().value as MarkGroup | undefined;
  while (one !== undefined || other !== undefined) {
    const isOne = one !== undefined && (other === undefined || one.matchKey <= other.matchKey);
    const isOther = other !== undefined && (one === undefined || other.matchKey <= one.matchKey);
    yield {
      key: ((isOne ? one : other) as MarkGroup).matchKey,
      before: isOne ? one : undefined,
      after: isOther ? other : undefined,
    };
    if (isOne) one = ones.next().value;
    if (isOther) other = others.next().value;
  }
}
