import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ListStore } from '../../src/matching/list-store/list-store.js';
import { groupsOf } from '../support/groups.js';
import {
  folder,
  isCurrent,
  listOfUnit,
  manyMarks,
  matched,
  news,
  owner,
  path,
  retain,
  revisionOf,
  silent,
  startUnit,
  until,
} from '../support/hotlist-units.js';
import { type ListOwner, listOwner } from '../support/list-owner.js';
import { keyFileIn, keyIn } from '../support/storage-key.js';

/** Lists that change, come, go, or cannot be followed, while marks are matched. */

describe('matching while a list is taken over', () => {
  it('sees one revision or the next, never a mix, and is not held up', async () => {
    const marks = manyMarks(30_000);
    owner.change(marks);
    await retain(owner.publish());
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    // Every row of the next snapshot is another one, and every second mark is gone.
    owner.change(
      marks.filter((_, index) => index % 2 === 0),
      marks.filter((_, index) => index % 2 === 1),
    );
    await retain(owner.publish());
    const [kept, gone] = [marks[20_000] as string, marks[20_001] as string];
    const seen: string[] = [];
    await until(unit, () => {
      const now = JSON.stringify([matched(unit, kept), matched(unit, gone)]);
      if (seen.at(-1) !== now) seen.push(now);
      return revisionOf(unit) === 2;
    });
    expect(seen.map((text) => JSON.parse(text))).toEqual([
      [['stolen 1: revision 1'], ['stolen 1: revision 1']],
      [['stolen 2: revision 2'], []],
    ]);
  });

  it('says which keys are new, for reads that passed before', async () => {
    owner.change(['AB12CDE', 'CD34EFG']);
    await retain(owner.publish());
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    // A delta, then a snapshot in its place.
    owner.change(['EF56GHJ'], ['AB12CDE']);
    await retain(owner.publish({ snapshotAt: 1 }));
    await until(unit, () => isCurrent(unit, 2));
    owner.change(['GH78JKL']);
    owner.change(['JK90LMN']);
    await retain(owner.publish());
    await until(unit, () => isCurrent(unit, 4));
    await until(unit, () => news.length === 3);
    expect(news.map((one) => one.news)).toEqual([
      { kind: 'all' },
      { kind: 'keys', since: 1, keys: ['EF56GHJ'] },
      { kind: 'keys', since: 2, keys: ['GH78JKL', 'JK90LMN'] },
    ]);
  });
});

describe('lists that come and go', () => {
  it('are several, each of its own owner; one that is not configured is not even asked for', async () => {
    const other = listOwner('insurance');
    owner.change(['AB12CDE']);
    other.change(['AB12CDE']);
    await retain(owner.publish());
    await retain(other.publish(), 'insurance');
    await retain(listOwnerWith('unknown').publish(), 'unknown');
    const unit = await startUnit({
      lists: [
        { id: 'stolen', publicKeys: [owner.publicKey] },
        { id: 'insurance', publicKeys: [other.publicKey] },
      ],
    });
    await until(unit, () => matched(unit, 'AB12CDE').length === 2);
    expect(unit.hotlist.snapshot().lists.map(({ id }) => id)).toEqual(['insurance', 'stolen']);
  });

  function listOwnerWith(id: string): ListOwner {
    const made = listOwner(id);
    made.change(['AB12CDE']);
    return made;
  }

  it('are not matched any more when they are taken out of the configuration, and the status says so', async () => {
    owner.change(['AB12CDE']);
    await retain(owner.publish());
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    await unit.stop();
    const without = await startUnit({ lists: [] });
    expect(matched(without, 'AB12CDE')).toEqual([]);
    await until(without, () => listOfUnit(without)?.inForce?.isMatched === false);
    expect(without.hotlist.snapshot().detail).toContain('does not name what is held (stolen)');
    expect(without.hotlist.snapshot()).toMatchObject({ state: 'missing', markCount: 0 });
  });

  it('are followed when anprctl imports them into the file, beside what is synced', async () => {
    owner.change(['AB12CDE']);
    await retain(owner.publish());
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    await importLocal(['CD34EFG']);
    await until(unit, () => revisionOf(unit, 'local') === 1);
    expect(matched(unit, 'CD34EFG')).toEqual(['local 1: imported']);
    expect(matched(unit, 'AB12CDE')).toEqual(['stolen 1: revision 1']);
  });
});

/** Another process that imports: a connection of its own. */
async function importLocal(marks: readonly string[], revision = 1): Promise<void> {
  const store = new ListStore({ path, key: keyIn(folder) });
  store.open();
  const meta = {
    id: 'local',
    level: 'local',
    owner: '',
    revision,
    defaultAction: '',
    origin: 'local',
  } as const;
  await store.replaceList(
    { ...meta, issuedAtMs: Date.now(), takenOverAtMs: Date.now() },
    groupsOf(marks, { 6: 'imported' }),
  );
  store.close();
}

describe('a hotlist that cannot be followed', () => {
  it('is a named state while nothing is there, and is taken up when it comes', async () => {
    const unit = await startUnit({ lists: [] });
    expect(unit.hotlist.snapshot()).toMatchObject({ state: 'missing', markCount: 0 });
    await importLocal(['AB12CDE']);
    await until(unit, () => unit.hotlist.snapshot().state === 'loaded');
    expect(matched(unit, 'AB12CDE')).toHaveLength(1);
  });

  it('costs nothing that is in memory when the file goes missing or bad, and heals', async () => {
    await importLocal(['AB12CDE']);
    const unit = await startUnit({ lists: [] });
    // An operator moves it away, with its log and the log's index.
    const files = ['', '-wal', '-shm'].map(
      (suffix) => [`${path}${suffix}`, `${path}.away${suffix}`] as const,
    );
    for (const [here, away] of files) renameSync(here, away);
    await until(unit, () => unit.hotlist.snapshot().state === 'unreadable');
    expect(unit.hotlist.snapshot().detail).toContain('has gone');
    expect(matched(unit, 'AB12CDE')).toHaveLength(1);
    writeFileSync(path, '');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(unit.hotlist.snapshot()).toMatchObject({ state: 'unreadable', markCount: 1 });
    writeFileSync(path, 'this is no database, but long enough to be read as if it were one');
    await until(unit, () => !unit.hotlist.snapshot().detail.includes('has gone'));
    expect(unit.hotlist.snapshot().state).toBe('unreadable');
    expect(matched(unit, 'AB12CDE')).toHaveLength(1);
    for (const [here, away] of files) renameSync(away, here);
    await until(unit, () => unit.hotlist.snapshot().state === 'loaded');
    expect(matched(unit, 'AB12CDE')).toHaveLength(1);
  });

  it('is told of once, however often it is tried', async () => {
    await importLocal(['AB12CDE']);
    const told: string[] = [];
    const log = new Proxy(silent, {
      get: (target, name) =>
        name === 'error'
          ? (_: unknown, message: string) => told.push(message)
          : Reflect.get(target, name, target),
    });
    const unit = await startUnit({ lists: [], log });
    // Its log stays, so that it opens and only then turns out to be bad.
    renameSync(path, `${path}.away`);
    await until(unit, () => unit.hotlist.snapshot().detail.includes('has gone'));
    writeFileSync(path, Buffer.alloc(100_000, 'no page of a database '));
    await until(unit, () => !unit.hotlist.snapshot().detail.includes('has gone'));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(told.length).toBeGreaterThan(0);
    expect(told).toEqual([...new Set(told)]);
  });

  it('is a named state where the key is another one, and nothing is written over', async () => {
    await importLocal(['AB12CDE']);
    rmSync(keyFileIn(folder));
    const unit = await startUnit();
    expect(unit.hotlist.snapshot()).toMatchObject({
      state: 'unreadable',
      detail: expect.stringMatching(/key/),
    });
    expect(matched(unit, 'AB12CDE')).toEqual([]);
  });

  it('is a named state where the thread that follows it dies, and does not hold up the start', async () => {
    const unit = await startUnit({ entry: new URL('data:text/javascript,throw new Error("it broke")') });
    expect(unit.hotlist.snapshot()).toMatchObject({
      state: 'unreadable',
      detail: expect.stringContaining('died: it broke'),
    });
  });
});
