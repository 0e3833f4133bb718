import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MatchKey } from '../../src/domain/vrm.js';
import { type Clock, systemClock } from '../../src/lib/clock.js';
import { openDatabase } from '../../src/lib/sqlite.js';
import { WRITER_SILENCE_MS } from '../../src/matching/list-store/generations.js';
import { ListStore } from '../../src/matching/list-store/list-store.js';
import { MIGRATIONS } from '../../src/matching/list-store/schema.js';
import type { MarkGroup } from '../../src/matching/mark-group.js';
import { lineOf } from '../../src/matching/package/groups.js';
import { type Sources, stripSources } from '../support/child.js';
import { repeatable } from '../support/repeatable.js';
import { markWith, metaOf, numberedMarks, TEST_KEY } from '../support/stored-lists.js';

/**
 * The list store among processes that are killed, that write at the same time, that read while
 * others write, and that run out of disk.
 */
let sources: Sources;
let folder: string;
let path: string;
const children: ChildProcess[] = [];
const stores: ListStore[] = [];

beforeAll(() => {
  sources = stripSources();
});
afterAll(() => sources.remove());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-lists-crash-'));
  path = join(folder, 'hotlist.db');
});
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function openStore(options: { clock?: Clock; readonly?: boolean } = {}): ListStore {
  const store = new ListStore({ path, key: TEST_KEY, ...options });
  stores.push(store);
  store.open();
  return store;
}

/** As stored, with what no reader sees. */
function ask(sql: string): unknown[] {
  const database = openDatabase(path, MIGRATIONS, { key: TEST_KEY, readonly: true });
  try {
    return database.prepare(sql).pluck().all();
  } finally {
    database.close();
  }
}

/** Lines of groups in a file; a child takes them over with REV replaced by the revision it makes. */
function writeGroups(name: string, groups: Iterable<MarkGroup>): void {
  writeFileSync(join(folder, name), [...groups].map((group) => `${lineOf(group)}\n`).join(''));
}

/** Runs a text in which `store` is open, and `groups(name, revision)`, `meta(id, revision)` are there. */
function child(
  script: string,
  options: { shellPrefix?: string; speed?: number; before?: string; diskReserveBytes?: number } = {},
): ChildProcess {
  const each = sources.run(
    `
    import { existsSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
    import { ListStore } from './src/matching/list-store/list-store.js';
    import { parseGroups } from './src/matching/package/groups.js';
    import { systemClock } from './src/lib/clock.js';
    import { StorageKey } from './src/lib/storage-key.js';
    const clock = { ...systemClock, monoMs: () => systemClock.monoMs() * ${options.speed ?? 1} };
    const key = StorageKey.fromHex(${JSON.stringify(TEST_KEY.reveal())});
    const store = new ListStore({ path: ${JSON.stringify(path)}, key, clock,
      diskReserveBytes: ${options.diskReserveBytes ?? 0} });
    ${options.before ?? ''}
    store.open();
    const say = (text) => process.stdout.write(text + '\\n');
    const folder = ${JSON.stringify(folder)};
    const parsed = {};
    const groups = (name, revision) => {
      parsed[name] ??= [...parseGroups(readFileSync(folder + '/' + name), name)];
      return parsed[name].map(({ matchKey, rowCount, rowsText }) =>
        ({ matchKey, rowCount, rowsText: rowsText.replaceAll('REV', String(revision)) }));
    };
    const meta = (id, revision) => ({ id, revision, level: 'force', owner: 'Kent Police', issuedAtMs: revision,
      defaultAction: '', takenOverAtMs: revision, origin: 'signed' });
    ${script}`,
    options,
  );
  children.push(each);
  return each;
}

function linesOf(each: ChildProcess): AsyncIterable<string> {
  return createInterface({ input: each.stdout as NodeJS.ReadableStream });
}

async function everythingSaidBy(each: ChildProcess): Promise<string[]> {
  const said: string[] = [];
  for await (const line of linesOf(each)) said.push(line);
  return said;
}

describe('a writer that is killed with -9', () => {
  const KILLS = 15;
  /** Time a thousand times as fast: what is superseded is dropped within the loop, so kills meet that as well. */
  const SPEED = 1000;
  const clock: Clock = { ...systemClock, monoMs: () => systemClock.monoMs() * SPEED };

  it(`at ${KILLS} moments of a loop over snapshots and deltas leaves one whole revision each time`, async () => {
    const marks = [...numberedMarks(11_000, 'revision REV')];
    const changes = marks.flatMap(({ matchKey }, index) => {
      if (index % 3 === 0) return [markWith(matchKey, 'revision REV', 'changed')];
      return index % 7 === 0 ? [markWith(matchKey), markWith(`${matchKey}A`, 'revision REV')] : [];
    });
    writeGroups('snapshot', marks);
    writeGroups('delta', changes);
    const random = repeatable(20261122);
    let said = 0;
    const kinds = new Set<string>();
    for (let kill = 0; kill < KILLS; kill++) {
      const writer = child(
        `
        let revision = store.highestRevision('kent');
        for (;;) {
          revision++;
          if (revision % 2 === 1) await store.replaceList(meta('kent', revision), groups('snapshot', revision));
          else store.applyDelta(meta('kent', revision), revision - 1, groups('delta', revision));
          say(String(revision));
        }`,
        { speed: SPEED },
      );
      const gone = once(writer, 'exit');
      let killed: Promise<void> | undefined;
      for await (const line of linesOf(writer)) {
        said = Number(line);
        // From the first revision that it says on, somewhere in the next three or so.
        killed ??= pause(random() * 600).then(() => void writer.kill('SIGKILL'));
      }
      await killed;
      expect((await gone)[1]).toBe('SIGKILL');

      const store = openStore({ clock });
      const [list] = store.lists();
      if (list === undefined) throw new Error('no list is in force');
      // What was said to be in force was so for good.
      expect(list.revision).toBeGreaterThanOrEqual(said);
      const isDelta = list.revision % 2 === 0;
      kinds.add(isDelta ? 'delta' : 'snapshot');
      const expected = new Map(
        marks.map((mark) => [
          mark.matchKey,
          mark.rowsText.replaceAll('REV', String(list.revision - Number(isDelta))),
        ]),
      );
      for (const { matchKey, rowCount, rowsText } of isDelta ? changes : []) {
        if (rowCount === 0) expected.delete(matchKey);
        else expected.set(matchKey, rowsText.replaceAll('REV', String(list.revision)));
      }
      const check = () => {
        const found = new Map(
          [...store.markPages(list)].flat().map((mark) => [mark.matchKey, mark.rowsText]),
        );
        expect(found).toEqual(expected);
        for (const key of expected.keys()) expect(store.rows(list, key)).not.toEqual([]);
      };
      check();
      expect(list.markCount).toBe(expected.size);
      expect(list.entryCount).toBe(
        [...expected.values()].reduce((sum, text) => sum + JSON.parse(text).length, 0),
      );
      await store.tidy();
      check();
      expect(ask(`SELECT count(*) FROM generations WHERE state = 'building'`)).toEqual([0]);
      expect(ask(`SELECT name FROM sqlite_schema WHERE name LIKE 'entries_%' ORDER BY name`)).toEqual(
        ask(`SELECT 'entries_' || generation FROM generations ORDER BY 1`),
      );
      store.close();
    }
    expect(kinds).toEqual(new Set(['snapshot', 'delta']));
  }, 180_000);
});

describe('a generation that is being built', () => {
  /** Writes two batches, and the rest as soon as there is a file `go`. */
  const BUILDER = `
    async function* slowly() {
      const all = groups('snapshot', 2);
      yield* all.slice(0, -1);
      say('building');
      while (!existsSync(folder + '/go')) await new Promise((resolve) => setTimeout(resolve, 20));
      yield* all.slice(-1);
    }
    await store.replaceList(meta('kent', 2), slowly()).then(
      (list) => say('in force ' + list.markCount), (error) => say(error.code));
    store.close();`;

  async function building(): Promise<{
    builder: ChildProcess;
    lines: AsyncIterator<string>;
    go: () => void;
  }> {
    writeGroups('snapshot', numberedMarks(6_000, 'revision REV'));
    const builder = child(BUILDER);
    const lines = linesOf(builder)[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('building');
    return { builder, lines, go: () => writeFileSync(join(folder, 'go'), '') };
  }

  it('by another process is left alone', async () => {
    const store = openStore();
    const { lines, go } = await building();
    await store.tidy();
    await store.replaceList(metaOf('essex', 1), numberedMarks(10, 'x'));
    go();
    expect((await lines.next()).value).toBe('in force 6000');
    expect(store.lists()).toMatchObject([{ id: 'essex' }, { id: 'kent', revision: 2 }]);
  });

  it('by a process that was killed is dropped at once', async () => {
    const store = openStore();
    const { builder } = await building();
    const gone = once(builder, 'exit');
    builder.kill('SIGKILL');
    await gone;
    expect(ask('SELECT state FROM generations')).toEqual(['building']);
    await store.tidy();
    expect(ask('SELECT state FROM generations')).toEqual([]);
    expect(ask(`SELECT name FROM sqlite_schema WHERE name LIKE 'entries_%'`)).toEqual([]);
  });

  it('by one that stands still for very long is dropped, and that one told so', async () => {
    const later = () => systemClock.monoMs() + WRITER_SILENCE_MS;
    const store = openStore({ clock: { ...systemClock, monoMs: later } });
    const { lines, go } = await building();
    await store.tidy();
    expect(ask('SELECT state FROM generations')).toEqual([]);
    go();
    expect((await lines.next()).value).toBe('hotlist.store-failed');
    expect(store.lists()).toEqual([]);
  });
});

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
        path = join(disk, 'hotlist.db');
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
