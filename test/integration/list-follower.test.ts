import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyIndex } from '../../src/matching/key-index.js';
import type { StoredList } from '../../src/matching/list-store/list-rows.js';
import { ListStore } from '../../src/matching/list-store/list-store.js';
import { Follower, type FollowerOptions } from '../../src/matching/sync/follower.js';
import type { ListChange } from '../../src/matching/sync/protocol.js';
import { groupsOf } from '../support/groups.js';
import { ManualClock } from '../support/manual-clock.js';
import { keyIn } from '../support/storage-key.js';
import { metaOf } from '../support/stored-lists.js';

/** What whoever matches is told of lists that change, on the real store. */

let folder: string;
let clock: ManualClock;
let store: ListStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-follower-'));
  clock = new ManualClock();
  store = new ListStore({ path: join(folder, 'hotlist.db'), key: keyIn(folder), clock });
  store.open();
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

const follow = (options: Partial<FollowerOptions> = {}) =>
  new Follower({ store, isMatched: () => true, held: [], rechecked: {}, ...options });

const replace = (id: string, revision: number, marks: readonly string[]) =>
  store.replaceList(metaOf(id, revision), groupsOf(marks));

function change(
  id: string,
  revision: number,
  added: readonly string[],
  removed: readonly string[] = [],
): StoredList {
  const gone = groupsOf(removed).map(({ matchKey }) => ({ matchKey, rows: [], rowCount: 0, rowsText: '' }));
  const groups = [...groupsOf(added), ...gone].sort((a, b) => (a.matchKey < b.matchKey ? -1 : 1));
  return store.applyDelta(metaOf(id, revision), revision - 1, groups);
}

/** Changes in the words of a test, each with its news: what an index holds is asked with these marks. */
function told(follower: Follower, ...marks: string[]): unknown[] {
  const changes: unknown[] = [];
  for (const one of follower.changes()) {
    if (one.kind === 'news') {
      const { news } = one;
      const last = changes.at(-1) as unknown[];
      last.push(news.kind === 'all' ? 'all' : `since ${news.since}: ${news.keys.join(' ')}`);
    } else changes.push(wordsOf(one, marks));
  }
  return changes;
}

function wordsOf(one: Exclude<ListChange, { kind: 'news' }>, marks: readonly string[]): unknown {
  if (one.kind === 'gone') return `gone ${one.listId}`;
  const head = `${one.kind} ${one.list.id} ${one.list.revision}`;
  if (one.kind === 'described') return head;
  if (one.kind === 'patched') return [head, `+${one.added.join(' ')} -${one.removed.join(' ')}`];
  const index = KeyIndex.from(one.keys);
  const found = groupsOf(marks).filter(({ matchKey }) => index.has(matchKey));
  return [head, found.map(({ matchKey }) => matchKey).join(' ')];
}

describe('whoever follows the lists', () => {
  it('is told of each whole, then of what changed, once', async () => {
    await replace('a', 1, ['AA1', 'AA2']);
    await replace('b', 1, ['BB1']);
    const follower = follow();
    expect(told(follower, 'AA1', 'AA2', 'BB1')).toEqual([
      ['loaded a 1', 'AA1 AA2', 'all'],
      ['loaded b 1', 'BB1', 'all'],
    ]);
    expect(told(follower)).toEqual([]);
    change('a', 2, ['AA3'], ['AA1']);
    // What says of a mark what was said before does not count as a change.
    change('a', 3, ['AA2', 'AA4']);
    expect(told(follower)).toEqual([['patched a 3', '+AA3 AA4 -AA1', 'since 1: AA3 AA4']]);
    store.confirm({ ...metaOf('a', 3), issuedAtMs: metaOf('a', 4).issuedAtMs });
    expect(told(follower)).toEqual(['described a 3']);
    store.removeList('b');
    expect(told(follower)).toEqual(['gone b']);
    expect(follower.held.map(({ id, revision }) => `${id} ${revision}`)).toEqual(['a 3']);
  });

  it('learns of a snapshot which keys are new, while the one before is still there', async () => {
    await replace('a', 1, ['AA1', 'AA2', 'AA5']);
    const follower = follow();
    told(follower);
    await replace('a', 2, ['AA0', 'AA2', 'AA3', 'AA9']);
    expect(told(follower, 'AA1', 'AA2', 'AA9')).toEqual([['loaded a 2', 'AA2 AA9', 'since 1: AA0 AA3 AA9']]);
    // A minute later, when it is dropped, nobody can say any more.
    await replace('a', 3, ['AA7']);
    clock.advance(61_000);
    await store.tidy();
    expect(told(follower, 'AA7')).toEqual([['loaded a 3', 'AA7', 'all']]);
  });

  it('that holds something already is told of the difference alone', async () => {
    const held = [await replace('a', 1, ['AA1']), await replace('b', 1, ['BB1'])];
    await replace('c', 1, ['CC1']);
    change('b', 2, ['BB2']);
    expect(told(follow({ held }), 'CC1')).toEqual([
      ['patched b 2', '+BB2 -', 'since 1: BB2'],
      ['loaded c 1', 'CC1', 'all'],
    ]);
    // Of another file: no generation is the same, whatever its number.
    const other = held.map((list) => ({ ...list, generation: 0 }));
    expect(told(follow({ held: other }), 'AA1', 'BB1', 'BB2')).toEqual([
      ['loaded a 1', 'AA1', 'all'],
      ['loaded b 2', 'BB1 BB2', 'all'],
      ['loaded c 1', '', 'all'],
    ]);
  });

  it('learns at its start what came since held reads were checked last', async () => {
    await replace('a', 1, ['AA1']);
    change('a', 2, ['AA2']);
    change('a', 3, ['AA3']);
    const news = (rechecked: Record<string, number>) =>
      told(follow({ rechecked })).map((one) => (one as string[])[2]);
    expect(news({ a: 1 })).toEqual(['since 1: AA2 AA3']);
    expect(news({ a: 3 })).toEqual(['since 3: ']);
    expect(news({})).toEqual(['all']);
    // What was checked was a list of this name in another file.
    expect(news({ a: 4 })).toEqual(['all']);
  });

  it('is told of a large change as of a new list, which holds up nobody', async () => {
    const marks = (count: number, prefix: string) =>
      Array.from({ length: count }, (_, index) => `${prefix}${100_000 + index}`);
    await replace('a', 1, ['AA1']);
    const follower = follow();
    told(follower);
    change('a', 2, marks(20_000, 'B'));
    expect(told(follower).map((one) => (one as string[])[0])).toEqual(['patched a 2']);
    change('a', 3, marks(20_001, 'C'));
    expect(told(follower).map((one) => (one as string[])[0])).toEqual(['loaded a 3']);
    // Many small ones add up: an index that was patched a lot is built anew.
    for (let revision = 4; revision < 9; revision++)
      change('a', revision, marks(9_000, 'DEFGH'[revision - 4] as string));
    const kinds: string[] = [];
    for (let revision = 9; revision < 14; revision++) {
      change('a', revision, marks(15_000, 'JKLMN'[revision - 9] as string));
      kinds.push(...told(follower).map((one) => ((one as string[])[0] as string).split(' ')[0] as string));
    }
    expect(kinds).toContain('loaded');
    expect(kinds).toContain('patched');
  });

  it('is told nothing of a list that is not matched', async () => {
    await replace('a', 1, ['AA1']);
    const held = [await replace('b', 1, ['BB1'])];
    expect(told(follow({ held, isMatched: ({ id }) => id === 'a' }), 'AA1')).toEqual([
      ['loaded a 1', 'AA1', 'all'],
      'gone b',
    ]);
  });
});
