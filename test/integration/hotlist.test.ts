import { once } from 'node:events';
import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VoiEntry } from '../../src/domain/voi.js';
import { foldVrm } from '../../src/domain/vrm.js';
import { systemClock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/lib/log.js';
import { Hotlist } from '../../src/matching/hotlist.js';
import { VoiStore } from '../../src/matching/voi-store.js';
import { entryOf, vrmOf } from '../support/reports.js';

let folder: string;
let path: string;
let hotlist: Hotlist;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-hotlist-'));
  path = join(folder, 'hotlist.db');
  const config = { path, reloadSeconds: 0.1 };
  hotlist = new Hotlist({ config, clock: systemClock, log: createLogger('silent') });
});

afterEach(async () => {
  await hotlist.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function* rows(entries: Iterable<VoiEntry>) {
  let line = 2;
  for (const entry of entries) yield { line: line++, entry };
}

/** Another process importing: a connection of its own. */
async function importList(listId: string, entries: Iterable<VoiEntry>, nowMs = Date.now()) {
  const store = new VoiStore({ path });
  store.open();
  try {
    return await store.replaceList(listId, rows(entries), nowMs);
  } finally {
    store.close();
  }
}

function matched(text: string): string[] {
  const vrm = vrmOf(text);
  const match = hotlist.match({ vrm, matchKey: foldVrm(vrm) }, Date.now());
  return (match?.entries ?? []).map(({ list, entry }) => `${list.id} ${list.revision}: ${entry.vrm}`);
}

async function until(condition: () => boolean): Promise<void> {
  const untilMs = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > untilMs) throw new Error(`not in time: ${JSON.stringify(hotlist.snapshot())}`);
    await systemClock.sleep(10);
  }
}

/** Marks that count up in base 36; some of them print alike (1 and I, 0 and O). */
function* marks(count: number, prefix = ''): Generator<VoiEntry> {
  for (let index = 0; index < count; index++) yield entryOf(`${prefix}${index.toString(36)}`);
}

describe('the hotlist in memory', () => {
  it('is what was imported, and says how old it is', async () => {
    await importList(
      'stolen',
      [entryOf('AB12CDE'), entryOf('AB12CDE', { action: 'SILENT' })],
      Date.now() - 5_000,
    );
    await importList('insurance', [entryOf('AB12CDE')]);
    await hotlist.start();
    expect(matched('AB12 CDE')).toEqual(['insurance 1: AB12CDE', 'stolen 1: AB12CDE', 'stolen 1: AB12CDE']);
    const { state, markCount, lists } = hotlist.snapshot();
    expect({ state, markCount }).toEqual({ state: 'loaded', markCount: 1 });
    expect(lists.map(({ id, revision, entryCount }) => ({ id, revision, entryCount }))).toEqual([
      { id: 'insurance', revision: 1, entryCount: 1 },
      { id: 'stolen', revision: 1, entryCount: 2 },
    ]);
    expect(lists[1]?.ageMs).toBeGreaterThanOrEqual(5_000);
  });

  it('holds 100,000 marks and finds each', async () => {
    await importList('big', marks(100_000));
    await hotlist.start();
    expect(hotlist.snapshot().lists).toMatchObject([{ id: 'big', entryCount: 100_000 }]);
    // Spellings that print alike are one mark to match.
    const keys = new Set([...marks(100_000)].map(({ vrm }) => foldVrm(vrm)));
    expect(hotlist.snapshot().markCount).toBe(keys.size);
    for (const index of [0, 1, 777, 50_000, 99_999]) {
      const mark = index.toString(36).toUpperCase();
      expect(matched(mark)).toContain(`big 1: ${mark}`);
    }
    expect(matched('ZZ99ZZZ')).toEqual([]);
  });

  it('follows an import by another connection, and sees the old list or the new, never both', async () => {
    await importList('stolen', marks(3_000, 'A'));
    await hotlist.start();
    const importing = importList('stolen', marks(3_000, 'N'));
    const seen = new Set<string>();
    await until(() => {
      const [old, fresh] = [matched('A5').length, matched('N2BB').length];
      seen.add(`${old} ${fresh}`);
      return old === 0;
    });
    await importing;
    expect([...seen]).toEqual(['1 0', '0 1']);
    expect(hotlist.snapshot().lists).toMatchObject([{ id: 'stolen', revision: 2 }]);
  });

  it('leaves other lists alone when one is replaced', async () => {
    await importList('stolen', [entryOf('AB12CDE')]);
    await importList('other', [entryOf('CD34EFG')]);
    await importList('other', [entryOf('EF56GHJ')]);
    await hotlist.start();
    expect(matched('AB12CDE')).toEqual(['stolen 1: AB12CDE']);
    expect(matched('CD34EFG')).toEqual([]);
    expect(matched('EF56GHJ')).toEqual(['other 2: EF56GHJ']);
  });
});

describe('a hotlist that cannot be followed', () => {
  it('is a named state while there is none, and is taken up when it comes', async () => {
    await hotlist.start();
    expect(hotlist.snapshot()).toMatchObject({ state: 'missing', markCount: 0 });
    await importList('stolen', [entryOf('AB12CDE')]);
    await until(() => hotlist.snapshot().state === 'loaded');
    expect(matched('AB12CDE')).toHaveLength(1);
  });

  it('costs nothing that is in memory when it goes missing or bad, and heals', async () => {
    await importList('stolen', [entryOf('AB12CDE')]);
    await hotlist.start();
    copyFileSync(path, `${path}.good`);
    rmSync(path);
    await until(() => hotlist.snapshot().state === 'missing');
    expect(matched('AB12CDE')).toHaveLength(1);
    writeFileSync(path, 'this is no database, but long enough to be read as if it were one');
    await until(() => hotlist.snapshot().state === 'unreadable');
    expect(hotlist.snapshot().detail).toContain('anprctl hotlist import');
    expect(matched('AB12CDE')).toHaveLength(1);
    renameSync(`${path}.good`, path);
    await until(() => hotlist.snapshot().state === 'loaded');
    expect(matched('AB12CDE')).toHaveLength(1);
  });
});

describe('an import', () => {
  it('that breaks half-way leaves the old list whole', async () => {
    await importList('stolen', [entryOf('AB12CDE')]);
    async function* broken() {
      yield* rows(marks(5_000));
      throw new Error('the stick was pulled out');
    }
    const store = new VoiStore({ path });
    store.open();
    await expect(store.replaceList('stolen', broken(), 1)).rejects.toThrow('the stick was pulled out');
    expect(store.lists()).toMatchObject([{ id: 'stolen', revision: 1, entryCount: 1 }]);
    expect(store.find(foldVrm(vrmOf('AB12CDE')))).toHaveLength(1);
    // And the next one works on the same connection.
    expect(await store.replaceList('stolen', rows([entryOf('CD34EFG')]), 1)).toMatchObject({ revision: 2 });
    store.close();
  });

  it('without an entry changes nothing', async () => {
    await importList('stolen', [entryOf('AB12CDE')]);
    expect(await importList('stolen', [])).toBeUndefined();
    await hotlist.start();
    expect(matched('AB12CDE')).toEqual(['stolen 1: AB12CDE']);
  });

  it('into a folder that is not there is an error that says what to do', async () => {
    const store = new VoiStore({ path: join(folder, 'nowhere', 'hotlist.db') });
    expect(() => store.open()).toThrow(
      expect.objectContaining({ code: 'store.open-failed', hint: expect.stringContaining('folder') }),
    );
  });

  it('does not hold up another while its rows still come; the last one to finish stays', async () => {
    await importList('stolen', [entryOf('AB12CDE')]);
    const [first, second] = [new VoiStore({ path }), new VoiStore({ path })];
    first.open();
    second.open();
    // The first stops in the middle of its rows: it holds no lock, so the second goes through.
    const gate = new AbortController();
    async function* slow() {
      yield* rows([entryOf('CD34EFG')]);
      await once(gate.signal, 'abort');
      yield* rows([entryOf('EF56GHJ')]);
    }
    const slowly = first.replaceList('stolen', slow(), 1);
    expect(await second.replaceList('stolen', rows([entryOf('GH78JKL')]), 1)).toMatchObject({ revision: 2 });
    gate.abort();
    expect(await slowly).toMatchObject({ revision: 3, entryCount: 2 });
    first.close();
    second.close();
  });
});
