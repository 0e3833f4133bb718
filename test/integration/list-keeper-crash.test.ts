import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ListStore } from '../../src/matching/list-store/list-store.js';
import { writePackageFile } from '../../src/matching/package/package-file.js';
import { type Sources, stripSources } from '../support/child.js';
import { type ListOwner, listOwner } from '../support/list-owner.js';
import { repeatable } from '../support/repeatable.js';
import { keyFileIn, keyIn } from '../support/storage-key.js';

/** Taking packages over in a process that is killed at any moment, or that runs out of disk. */

let sources: Sources;
let folder: string;
let owner: ListOwner;
let running: ChildProcess | undefined;

beforeAll(() => {
  sources = stripSources();
});
afterAll(() => sources.remove());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-keeper-crash-'));
  owner = listOwner('stolen');
});
afterEach(() => {
  running?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const manyMarks = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index.toString(36).toUpperCase()}`);

/** The owner's list as a package in a file, called after its revision. */
function publish(options?: Parameters<ListOwner['publish']>[0]): void {
  const { envelope, blobs } = owner.publish(options);
  const named = [...blobs].map(([name, bytes]) => ({ name, bytes }));
  writePackageFile(join(folder, `${owner.revision}.voi`), envelope, named);
}

/** Takes packages over one after another; says which blob it asks for, and what became of each package. */
function take(revisions: readonly number[], shellPrefix = ''): ChildProcess {
  const script = `
    import { ListStore } from './src/matching/list-store/list-store.js';
    import { PackageFile } from './src/matching/package/package-file.js';
    import { takePackage } from './src/matching/sync/take-package.js';
    import { loadStorageKey } from './src/lib/storage-key.js';
    import { systemClock as clock } from './src/lib/clock.js';
    import { writeSync } from 'node:fs';
    const say = (text) => writeSync(1, text + '\\n');
    const store = new ListStore({
      path: ${JSON.stringify(join(folder, 'hotlist.db'))},
      key: loadStorageKey({ keyFile: ${JSON.stringify(keyFileIn(folder))} }),
    });
    store.open();
    for (const revision of ${JSON.stringify(revisions)}) {
      if (revision <= (store.lists()[0]?.revision ?? 0)) continue;
      const file = new PackageFile(${JSON.stringify(folder)} + '/' + revision + '.voi');
      try {
        await takePackage({
          store, listId: 'stolen', publicKeys: [${JSON.stringify(owner.publicKey)}], envelope: file.envelope, clock,
          readBlob: (name) => { say('blob ' + name); return file.blob(name); },
        });
        say('taken ' + revision);
      } catch (error) {
        say(error.code ?? error.stack);
        break;
      }
    }
    say('over');`;
  running = sources.run(script, { shellPrefix });
  return running;
}

async function linesOf(child: ChildProcess): Promise<string[]> {
  const lines: string[] = [];
  if (child.stdout === null) throw new Error('no output');
  const gone = once(child, 'close');
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  await gone;
  return lines;
}

/** The list as it is in force is one that its owner published, whole. @returns its revision; 0: none. */
function wholeRevision(states: ReadonlyMap<number, ReadonlyMap<string, string>>): number {
  const store = new ListStore({ path: join(folder, 'hotlist.db'), key: keyIn(folder) });
  store.open();
  try {
    const [list] = store.lists();
    if (list === undefined) return 0;
    const marks = states.get(list.revision);
    if (marks === undefined) throw new Error(`revision ${list.revision} was never published`);
    const held = [...store.markPages(list)].flat();
    expect(held.map(({ matchKey }) => matchKey)).toEqual([...marks.keys()].sort());
    for (const { matchKey, rowsText } of held) {
      if (!rowsText.includes(`"${marks.get(matchKey)}"`)) throw new Error('a row is of another revision');
    }
    return list.revision;
  } finally {
    store.close();
  }
}

describe('a process that takes lists over', () => {
  it('may be killed at any moment: the list is one revision or the next, and what came stays', async () => {
    const states = new Map<number, ReadonlyMap<string, string>>();
    const keep = () => states.set(owner.revision, new Map(owner.marks));
    owner.change(manyMarks(12_000, 'M'));
    keep();
    publish();
    owner.change(manyMarks(900, 'N'), [...owner.marks.keys()].slice(0, 500));
    keep();
    publish({ snapshotAt: 1 });
    owner.change(manyMarks(12_000, 'P'));
    keep();
    publish();

    const random = repeatable(3);
    const asked: string[] = [];
    const seen = new Set<number>();
    let kills = 0;
    let isOver = false;
    while (!isOver) {
      const child = take([1, 2, 3]);
      // So many blobs further, and a moment into what follows.
      let blobs = 1 + Math.floor(random() * (4 + kills));
      child.stdout?.on('data', (text: Buffer) => {
        blobs -= text.toString().split('blob ').length - 1;
        if (blobs <= 0) void pause(random() * 200).then(() => child.kill('SIGKILL'));
      });
      const said = await linesOf(child);
      asked.push(...said.filter((line) => line.startsWith('blob ')));
      isOver = said.includes('over');
      if (!isOver) kills++;
      expect(said.filter((line) => !/^(blob|taken|over)/.test(line))).toEqual([]);
      const revision = wholeRevision(states);
      expect(revision).toBeGreaterThanOrEqual(Math.max(0, ...seen));
      seen.add(revision);
    }
    expect(wholeRevision(states)).toBe(3);
    expect(kills).toBeGreaterThan(1);
    // A kill costs the blob that was on its way and no other.
    expect(asked.length - new Set(asked).size).toBeLessThanOrEqual(kills);
  }, 240_000);

  it('may run out of disk: the list in force stays, and it goes on when there is room again', async () => {
    owner.change(['AB12CDE']);
    const states = new Map([[1, new Map(owner.marks)]]);
    publish();
    expect(await linesOf(take([1]))).toContain('taken 1');
    owner.change(manyMarks(30_000, 'M'));
    publish();
    states.set(2, new Map(owner.marks));
    // No file may grow beyond 400 kB, as on a disk that has no more.
    expect(await linesOf(take([2], 'ulimit -f 800;'))).toContain('hotlist.store-failed');
    expect(wholeRevision(states)).toBe(1);
    expect(await linesOf(take([2]))).toContain('taken 2');
    expect(wholeRevision(states)).toBe(2);
  });
});
