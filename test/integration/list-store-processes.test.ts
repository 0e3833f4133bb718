import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MatchKey } from '../../src/domain/vrm.js';
import {
  ask,
  child,
  everythingSaidBy,
  folder,
  moveTo,
  openStore,
  writeGroups,
} from '../support/list-processes.js';
import { markWith, metaOf, numberedMarks } from '../support/stored-lists.js';

/** Several processes at the lists on disk, and a disk that takes no more. */

describe('several processes', () => {
  it('may each build a list at the same time', async () => {
    writeGroups('snapshot', numberedMarks(12_000, 'revision REV'));
    const said = await Promise.all(
      ['kent', 'essex'].map((id) =>
        everythingSaidBy(
          child(`
            for (let revision = 1; revision <= 4; revision++) {
              await store.replaceList(meta('${id}', revision), groups('snapshot', revision));
              say(String(revision));
            }
            store.close();`),
        ),
      ),
    );
    expect(said).toEqual([
      ['1', '2', '3', '4'],
      ['1', '2', '3', '4'],
    ]);
    const store = openStore();
    for (const list of store.lists()) {
      expect(list).toMatchObject({ revision: 4, markCount: 12_000 });
      expect([...store.keyPages(list)].flat()).toHaveLength(12_000);
    }
  });

  it('that read while another writes see one revision or the next, never some of both', async () => {
    // Odd revisions are snapshots of M marks; even ones remove these and add N marks, all of them.
    const count = 300;
    const odd = [...numberedMarks(count, 'revision REV')].map(({ matchKey }) => matchKey);
    const even = odd.map((key) => key.replace('M', 'N') as MatchKey);
    writeGroups(
      'odd',
      odd.map((key) => markWith(key, 'revision REV')),
    );
    writeGroups('even', [
      ...odd.map((key) => markWith(key)),
      ...even.map((key) => markWith(key, 'revision REV')),
    ]);
    openStore();
    child(`
      for (let revision = 1; ; revision++) {
        if (revision % 2 === 1) await store.replaceList(meta('kent', revision), groups('odd', revision));
        else store.applyDelta(meta('kent', revision), revision - 1, groups('even', revision));
        await new Promise((resolve) => setImmediate(resolve));
      }`);
    const reader = openStore({ readonly: true });
    const seen = new Set<number>();
    for (let round = 0; seen.size < 40; round++) {
      await new Promise((resolve) => setImmediate(resolve));
      const [list] = reader.lists();
      if (list === undefined) continue;
      seen.add(list.revision);
      const [there, gone] = list.revision % 2 === 1 ? [odd, even] : [even, odd];
      for (let at = round % 7; at < count; at += 7) {
        const entries = reader.rows(list, there[at] as MatchKey);
        expect(entries.map(({ reason }) => reason)).toEqual([`revision ${list.revision}`]);
        expect(reader.rows(list, gone[at] as MatchKey)).toEqual([]);
      }
      if (round % 5 === 0) expect([...reader.keyPages(list)].flat()).toEqual(there);
    }
    expect(new Set([...seen].map((revision) => revision % 2))).toEqual(new Set([0, 1]));
  }, 60_000);
});

describe('a disk that takes no more', () => {
  /** Says what came of each attempt, and what is there afterwards. */
  const ATTEMPT = `
    const attempt = async (name, work) => {
      const outcome = await Promise.resolve().then(work).then(() => 'done', (error) => error.code ?? error.stack);
      const lists = store.lists().map((list) => [list.revision, [...store.markPages(list)].flat().length]);
      say(JSON.stringify([name, outcome, lists, [...store.stagedNames('kent').keys()]]));
    };
    const blob = (bytes) => Buffer.alloc(bytes);`;

  const FAILING = `
    await attempt('small snapshot', () => store.replaceList(meta('kent', 1), groups('small', 1)));
    await attempt('small blob', () => store.stageBlob('kent', 'snapshot/9/1', blob(1000)));
    await attempt('large snapshot', () => store.replaceList(meta('kent', 2), groups('large', 2)));
    await attempt('large delta', () => store.applyDelta(meta('kent', 2), 1, groups('large', 2)));
    await attempt('large blob', () => store.stageBlob('kent', 'snapshot/9/2', blob(12_000_000)));`;
  const KEPT = [
    ['small snapshot', 'done', [[1, 500]], []],
    ['small blob', 'done', [[1, 500]], ['snapshot/9/1']],
    ['large snapshot', 'hotlist.store-failed', [[1, 500]], ['snapshot/9/1']],
    ['large delta', 'hotlist.store-failed', [[1, 500]], ['snapshot/9/1']],
    ['large blob', 'hotlist.store-failed', [[1, 500]], ['snapshot/9/1']],
  ];

  /** @returns what the child said of each attempt. */
  async function said(script: string, options: Parameters<typeof child>[1]): Promise<unknown[]> {
    writeGroups('small', numberedMarks(500, 'revision REV'));
    writeGroups('large', numberedMarks(60_000, `revision REV ${'and so on '.repeat(40)}`));
    const lines = await everythingSaidBy(child(ATTEMPT + script, options));
    return lines.map((line) => JSON.parse(line));
  }

  it('keeps what there was, and takes everything as soon as there is room', async () => {
    // A limit on the size of a file stands for the full disk: writes fail in the same place.
    expect(await said(FAILING, { shellPrefix: 'ulimit -f 4000;' })).toEqual(KEPT);
    const store = openStore();
    const list = await store.replaceList(metaOf('kent', 2), numberedMarks(40_000, 'x'));
    expect([...store.keyPages(list)].flat()).toHaveLength(40_000);
    expect(ask(`SELECT count(*) FROM generations WHERE state = 'building'`)).toEqual([0]);
  });

  const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
  describe.skipIf(!canMount)(
    `of some megabytes${canMount ? '' : ' (pending: none can be mounted here)'}`,
    () => {
      /** Another disk below the folder, for one process; there is `disk` in it. */
      function onSmallDisk(megabytes: number): { shellPrefix: string; before: string } {
        const disk = join(folder, 'disk');
        mkdirSync(disk);
        moveTo(join(disk, 'hotlist.db'));
        const mount = `mount -t tmpfs -o size=${megabytes}m none "$DISK" && "$@"`;
        return {
          shellPrefix: `DISK='${disk}' exec unshare -rm sh -c '${mount}' sh`,
          before: `const disk = ${JSON.stringify(disk)};`,
        };
      }

      it('does so too when others have filled it, and goes on when they give way', async () => {
        const { shellPrefix, before } = onSmallDisk(12);
        const outcomes = await said(
          `${FAILING}
        rmSync(disk + '/of-others');
        await attempt('delta', () => store.applyDelta(meta('kent', 2), 1, groups('small', 2)));
        await attempt('blob', () => store.stageBlob('kent', 'snapshot/9/2', blob(1_000_000)));
        await attempt('snapshot', () => store.replaceList(meta('kent', 3), groups('small', 3)));`,
          { shellPrefix, before: `${before} writeFileSync(disk + '/of-others', Buffer.alloc(8_000_000));` },
        );
        expect(outcomes).toEqual([
          ...KEPT,
          ['delta', 'done', [[2, 500]], ['snapshot/9/1']],
          ['blob', 'done', [[2, 500]], ['snapshot/9/1', 'snapshot/9/2']],
          ['snapshot', 'done', [[3, 500]], ['snapshot/9/1', 'snapshot/9/2']],
        ]);
      });

      it('is left with room for what else is to be kept, however much comes', async () => {
        const outcomes = await said(
          `
        const stageUntilFull = () => {
          for (let index = 1; ; index++) store.stageBlob('essex', 'snapshot/9/' + index, blob(1_000_000));
        };
        await attempt('small snapshot', () => store.replaceList(meta('kent', 1), groups('small', 1)));
        await attempt('large snapshot', () => store.replaceList(meta('kent', 2), groups('large', 2)));
        await attempt('record of others', () => writeFileSync(disk + '/record', Buffer.alloc(12_000_000)));
        rmSync(disk + '/record');
        let leastLeft = Infinity;
        const watched = function* (marks) {
          for (const mark of marks) {
            yield mark;
            const { bavail, bsize } = statfsSync(disk);
            leastLeft = Math.min(leastLeft, bavail * bsize);
          }
        };
        await attempt('large delta', () => store.applyDelta(meta('kent', 2), 1, watched(groups('large', 2))));
        await attempt('room meanwhile', () => { if (leastLeft < 15_000_000) throw new Error(String(leastLeft)); });
        await store.tidy();
        await attempt('delta', () => store.applyDelta(meta('kent', 2), 1, groups('small', 2)));
        await attempt('blobs', stageUntilFull);
        await attempt('record of others', () => writeFileSync(disk + '/record', Buffer.alloc(8_000_000)));
        await attempt('dropping', () => { store.removeList('essex'); return store.tidy(); });
        await attempt('snapshot', () => store.replaceList(meta('kent', 3), groups('small', 3)));`,
          { ...onSmallDisk(40), diskReserveBytes: 20_000_000 },
        );
        expect(outcomes).toEqual([
          ['small snapshot', 'done', [[1, 500]], []],
          ['large snapshot', 'hotlist.store-failed', [[1, 500]], []],
          ['record of others', 'done', [[1, 500]], []],
          ['large delta', 'hotlist.store-failed', [[1, 500]], []],
          ['room meanwhile', 'done', [[1, 500]], []],
          ['delta', 'done', [[2, 500]], []],
          ['blobs', 'hotlist.store-failed', [[2, 500]], []],
          ['record of others', 'done', [[2, 500]], []],
          ['dropping', 'done', [[2, 500]], []],
          ['snapshot', 'done', [[3, 500]], []],
        ]);
      });
    },
  );
});
