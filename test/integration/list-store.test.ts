import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  contents,
  openAgain,
  openStore,
  path,
  reasons,
  rowsOfTable,
  store,
  touched,
} from '../support/list-stores.js';
import { markWith, metaOf, numberedMarks } from '../support/stored-lists.js';

describe('a snapshot', () => {
  it('is the list from then on, whole and as it was described', async () => {
    const meta = metaOf('kent', 7, { expiresAtMs: Date.UTC(2027, 0, 1) });
    const groups = [markWith('AB12CDE', 'stolen', 'no insurance'), markWith('M1', 'wanted')];
    const list = await store.replaceList(meta, groups);
    expect(list).toEqual({ ...meta, generation: list.generation, markCount: 2, entryCount: 3 });
    expect(store.lists()).toEqual([list]);
    expect(contents(list)).toEqual({ AB12CDE: ['stolen', 'no insurance'], M1: ['wanted'] });
    expect(reasons(list, 'AB12CDF')).toEqual([]);
    expect([...store.markPages(list)].flat().map((mark) => JSON.parse(mark.rowsText).length)).toEqual([2, 1]);
  });

  it('may come as it is read, and lets others get on with their work', async () => {
    const told: number[] = [];
    let others = 0;
    async function* arriving() {
      yield* numberedMarks(12_000, 'stolen');
    }
    const work = setInterval(() => others++, 0);
    const list = await store.replaceList(metaOf('kent', 1), arriving(), {
      onProgress: (marks) => told.push(marks),
    });
    clearInterval(work);
    expect(told).toEqual([5_000, 10_000, 12_000]);
    expect(others).toBeGreaterThan(0);
    expect([...store.keyPages(list)].map((page) => page.length)).toEqual([10_000, 2_000]);
  });

  it('keeps the write-ahead log short, though others read meanwhile', async () => {
    const held = await store.replaceList(metaOf('kent', 1), [markWith('A1', 'x')]);
    const reader = openStore(true);
    const bytes: number[] = [];
    await store.replaceList(
      metaOf('kent', 2),
      numberedMarks(60_000, 'of a length that fills pages '.repeat(5)),
      {
        onProgress: () => {
          expect(reasons(held, 'A1', reader)).toEqual(['x']);
          bytes.push(statSync(`${path}-wal`).size);
        },
      },
    );
    expect(Math.max(...bytes)).toBeLessThan(8_000_000);
    expect(statSync(path).size).toBeGreaterThan(16_000_000);
    await store.tidy();
    expect(statSync(`${path}-wal`).size).toBe(0);
  });

  it('may be empty', async () => {
    const list = await store.replaceList(metaOf('kent', 1), []);
    expect(list).toMatchObject({ markCount: 0, entryCount: 0 });
    expect(contents(list)).toEqual({});
  });

  it('stands beside other lists', async () => {
    const kent = await store.replaceList(metaOf('kent', 1), [markWith('AB12CDE', 'stolen')]);
    const essex = await store.replaceList(metaOf('essex', 9), [markWith('AB12CDE', 'wanted')]);
    expect(store.lists()).toEqual([essex, kent]);
    expect(reasons(kent, 'AB12CDE')).toEqual(['stolen']);
    expect(reasons(essex, 'AB12CDE')).toEqual(['wanted']);
  });

  it.each([
    ['unsorted marks', [markWith('B1', 'x'), markWith('A1', 'x')], {}, 'ascending order'],
    ['a mark twice', [markWith('A1', 'x'), markWith('A1', 'x')], {}, 'ascending order'],
    ['a mark without a row', [markWith('A1')], {}, 'without a row'],
    [
      'fewer marks than were said',
      [markWith('A1', 'x')],
      { markCount: 2, entryCount: 1 },
      'expected 2 with 1',
    ],
    [
      'other entries than were said',
      [markWith('A1', 'x', 'y')],
      { markCount: 1, entryCount: 1 },
      'expected 1 with 1',
    ],
  ])('with %s is refused, and the list stays', async (_, groups, counts, message) => {
    const list = await store.replaceList(metaOf('kent', 1), [markWith('AB12CDE', 'stolen')]);
    await expect(store.replaceList(metaOf('kent', 2, counts), groups)).rejects.toMatchObject({
      code: 'hotlist.package-invalid',
      message: expect.stringContaining(message),
    });
    expect(store.lists()).toEqual([list]);
    expect(contents(list)).toEqual({ AB12CDE: ['stolen'] });
    // Nothing is left of the attempt.
    expect(rowsOfTable('generations')).toBe(1);
  });

  it('that is being loaded when the store is closed ends there', async () => {
    const list = await store.replaceList(metaOf('kent', 1), [markWith('AB12CDE', 'stolen')]);
    async function* closing() {
      yield* numberedMarks(6_000, 'x');
      store.close();
    }
    await expect(store.replaceList(metaOf('kent', 2), closing())).rejects.toMatchObject({
      code: 'hotlist.store-failed',
    });
    openAgain();
    await store.tidy();
    expect(store.lists()).toEqual([list]);
    expect(rowsOfTable('generations')).toBe(1);
  });

  it('whose source breaks off, or which is called off, leaves the list and nothing else', async () => {
    const list = await store.replaceList(metaOf('kent', 1), [markWith('AB12CDE', 'stolen')]);
    async function* breaking() {
      yield* numberedMarks(6_000, 'x');
      throw new Error('the stick was pulled out');
    }
    await expect(store.replaceList(metaOf('kent', 2), breaking())).rejects.toThrow('pulled out');
    const calling = new AbortController();
    const load = store.replaceList(metaOf('kent', 2), numberedMarks(50_000, 'x'), {
      onProgress: () => calling.abort(new Error('called off')),
      signal: calling.signal,
    });
    await expect(load).rejects.toThrow('called off');
    expect(store.lists()).toEqual([list]);
    expect(rowsOfTable('generations')).toBe(1);
  });
});

describe('revisions', () => {
  it('only go forward, also over a removal', async () => {
    const group = [markWith('AB12CDE', 'stolen')];
    await store.replaceList(metaOf('kent', 5), group);
    for (const revision of [4, 5]) {
      await expect(store.replaceList(metaOf('kent', revision), group)).rejects.toMatchObject({
        code: 'hotlist.replayed',
      });
    }
    store.removeList('kent');
    expect(store.lists()).toEqual([]);
    expect(store.highestRevision('kent')).toBe(5);
    await expect(store.replaceList(metaOf('kent', 4), group)).rejects.toMatchObject({
      code: 'hotlist.replayed',
    });
    // What was the list when it was removed may be it again.
    expect(await store.replaceList(metaOf('kent', 5), group)).toMatchObject({ revision: 5 });
  });

  it('are confirmed by a later word of their owner', async () => {
    const list = await store.replaceList(metaOf('kent', 5), [markWith('AB12CDE', 'stolen')]);
    const later = metaOf('kent', 5, {
      issuedAtMs: list.issuedAtMs + 60_000,
      takenOverAtMs: list.takenOverAtMs + 9,
    });
    expect(store.confirm(later)).toEqual({ ...list, issuedAtMs: list.issuedAtMs + 60_000 });
    for (const replayed of [metaOf('kent', 5), metaOf('kent', 6), metaOf('essex', 1)]) {
      expect(() => store.confirm(replayed)).toThrow(expect.objectContaining({ code: 'hotlist.replayed' }));
    }
    expect(store.lists()).toMatchObject([{ issuedAtMs: list.issuedAtMs + 60_000 }]);
  });

  it('that came into force while another was built are not undone by it', async () => {
    const second = openStore();
    async function* overtaken() {
      yield* numberedMarks(6_000, 'slow');
      await second.replaceList(metaOf('kent', 3), [markWith('AB12CDE', 'fast')]);
    }
    await expect(store.replaceList(metaOf('kent', 2), overtaken())).rejects.toMatchObject({
      code: 'hotlist.replayed',
    });
    expect(store.lists()).toMatchObject([{ revision: 3, markCount: 1 }]);
  });
});

describe('a delta', () => {
  it('adds, changes and removes marks', async () => {
    await store.replaceList(metaOf('kent', 1), [
      markWith('A1', 'kept'),
      markWith('B1', 'before', 'also before'),
      markWith('C1', 'removed'),
    ]);
    const list = store.applyDelta(metaOf('kent', 2, { markCount: 3, entryCount: 3 }), 1, [
      markWith('AA1', 'added'),
      markWith('B1', 'after'),
      markWith('C1'),
      // Said of a mark that is not there: nothing changes.
      markWith('D1'),
    ]);
    expect(list).toMatchObject({ revision: 2, markCount: 3, entryCount: 3 });
    expect(contents(list)).toEqual({ A1: ['kept'], AA1: ['added'], B1: ['after'] });
    expect(touched(list, 1)).toEqual({ AA1: true, B1: true, C1: false });
  });

  it('may begin earlier than what is held, and then changes what is not so yet', async () => {
    await store.replaceList(metaOf('kent', 3), [markWith('A1', 'x'), markWith('B1', 'x')]);
    const list = store.applyDelta(metaOf('kent', 5), 1, [markWith('A1', 'x'), markWith('B1', 'y')]);
    expect(contents(list)).toEqual({ A1: ['x'], B1: ['y'] });
    expect(touched(list, 3)).toEqual({ B1: true });
  });

  it.each([
    ['that begins later than what is held', metaOf('kent', 6), 5, [markWith('A1', 'y')], 'hotlist.gap'],
    ['of a list that is not held', metaOf('essex', 5), 4, [markWith('A1', 'y')], 'hotlist.gap'],
    [
      'that makes fewer marks than was said',
      metaOf('kent', 5, { markCount: 3 }),
      4,
      [markWith('C1')],
      'hotlist.gap',
    ],
    [
      'that makes other entries',
      metaOf('kent', 5, { entryCount: 9 }),
      4,
      [markWith('C1', 'y')],
      'hotlist.gap',
    ],
    ['of the revision that is held', metaOf('kent', 4), 3, [markWith('A1', 'y')], 'hotlist.replayed'],
    ['of an older revision', metaOf('kent', 3), 2, [markWith('A1', 'y')], 'hotlist.replayed'],
    [
      'out of order',
      metaOf('kent', 5),
      4,
      [markWith('B1', 'y'), markWith('A1', 'y')],
      'hotlist.package-invalid',
    ],
  ])('%s is refused, and nothing changes', async (_, meta, from, groups, code) => {
    const list = await store.replaceList(metaOf('kent', 4), [markWith('A1', 'x'), markWith('B1', 'x')]);
    expect(() => store.applyDelta(meta, from, groups)).toThrow(expect.objectContaining({ code }));
    expect(store.lists()).toEqual([list]);
    expect(contents(list)).toEqual({ A1: ['x'], B1: ['x'] });
    expect(touched(list, 4)).toEqual({});
    // The next one that fits is taken.
    expect(contents(store.applyDelta(metaOf('kent', 5), 4, [markWith('A1')]))).toEqual({ B1: ['x'] });
  });
});

describe("an owner's delta", () => {
  it('does not change what an administrator has imported under the same id', async () => {
    const list = await store.replaceList(metaOf('kent', 4, { origin: 'local' }), [markWith('A1', 'x')]);
    expect(() => store.applyDelta(metaOf('kent', 6, { origin: 'signed' }), 3, [markWith('B1', 'y')])).toThrow(
      expect.objectContaining({ code: 'hotlist.gap' }),
    );
    expect(store.lists()).toEqual([list]);
    expect(contents(list)).toEqual({ A1: ['x'] });
  });
});
