import type { MatchKey } from '../../domain/vrm.js';
import type { MarkGroup } from '../mark-group.js';

interface Source {
  readonly groups: Iterator<MarkGroup>;
  group: MarkGroup;
}

/**
 * Several parts as one: of each mark what the newest of them says, in ascending order of the keys.
 * It holds one group of each part, and whatever these hold themselves.
 * @param parts oldest first; the keys of each ascend.
 */
export function* mergeParts(parts: readonly Iterable<MarkGroup>[]): Generator<MarkGroup> {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) {
    yield* only;
    return;
  }
  const sources: Source[] = [];
  for (const part of parts) {
    const groups = part[Symbol.iterator]();
    const { value, done } = groups.next();
    if (!done) sources.push({ groups, group: value });
  }
  while (sources.length > 0) {
    const { matchKey } = sources.reduce(
      (least, { group }) => (group.matchKey < least.matchKey ? group : least),
      {
        matchKey: LAST_KEY,
      },
    );
    let newest: MarkGroup | undefined;
    for (let index = 0; index < sources.length; index++) {
      const source = sources[index] as Source;
      if (source.group.matchKey !== matchKey) continue;
      newest = source.group;
      const { value, done } = source.groups.next();
      if (done) sources.splice(index--, 1);
      else source.group = value;
    }
    if (newest !== undefined) yield newest;
  }
}

/** Behind every key: these hold capitals and digits only. */
const LAST_KEY = '~' as MatchKey;

/** A snapshot with deltas over it: the marks that are left. */
export function* withoutRemoved(groups: Iterable<MarkGroup>): Generator<MarkGroup> {
  for (const group of groups) if (group.rowsText !== '') yield group;
}
