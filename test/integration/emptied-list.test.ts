import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { foldVrm } from '../../src/domain/vrm.js';
import { publicKeyText } from '../../src/lib/ed25519.js';
import { KeyIndex } from '../../src/matching/key-index.js';
import { ListStore } from '../../src/matching/list-store/list-store.js';
import { KEEPING } from '../../src/matching/publisher/keeping.js';
import { ListContent } from '../../src/matching/publisher/list-content.js';
import { PackageFolder } from '../../src/matching/publisher/package-folder.js';
import { publish } from '../../src/matching/publisher/publish.js';
import { Follower } from '../../src/matching/sync/follower.js';
import type { ListChange } from '../../src/matching/sync/protocol.js';
import { takePackage } from '../../src/matching/sync/take-package.js';
import { entryFromValues } from '../../src/matching/voi-entry.js';
import { rowOf } from '../support/groups.js';
import { ManualClock } from '../support/manual-clock.js';
import { vrmOf } from '../support/reports.js';
import { keyIn } from '../support/storage-key.js';

/** A list of which its owner takes every mark off, on its way from the publisher into what is matched. */

const owner = generateKeyPairSync('ed25519').privateKey;
const terms = { list: 'stolen', level: 'force', owner: 'a force', defaultAction: 'STOP' } as const;
const AB12CDE = foldVrm(vrmOf('AB12CDE'));

let path: string;
let clock: ManualClock;
let store: ListStore;
let follower: Follower;
/** What is matched, as the last change has left it. */
let index: KeyIndex | undefined;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'anprd-emptied-'));
  clock = new ManualClock(Date.UTC(2026, 10, 22));
  store = new ListStore({ path: join(path, 'hotlist.db'), key: keyIn(path), clock });
  store.open();
  follower = new Follower({ store, isMatched: () => true, held: [], rechecked: {} });
  index = undefined;
});
afterEach(() => {
  store.close();
  rmSync(path, { recursive: true, force: true });
});

async function publishAndTake(marks: readonly string[], rules = KEEPING) {
  const folder = new PackageFolder(join(path, 'package'));
  const content = new ListContent();
  for (const mark of marks) content.add(entryFromValues(rowOf(mark)));
  clock.advance(60_000);
  const { envelope } = await publish({
    ...{ folder, terms, content, privateKey: owner, nowMs: clock.nowMs(), mayShrink: true, rules },
  });
  const list = await takePackage({
    ...{ store, listId: 'stolen', publicKeys: [publicKeyText(owner)], envelope, clock },
    readBlob: (name) => folder.blob(name),
  });
  const kinds = [...follower.changes()].map((change) => taken(change));
  return { list, kinds };
}

function taken(change: ListChange): string {
  if (change.kind === 'loaded') index = KeyIndex.from(change.keys);
  if (change.kind === 'patched') index?.apply(change.added, change.removed);
  return change.kind;
}

const isMatched = () => [index?.has(AB12CDE), index?.count];

describe('a list that its owner empties', () => {
  it('matches nothing any more where that came as a delta, and goes on from there', async () => {
    await publishAndTake(['AB12CDE', 'CD34EFG']);
    expect(isMatched()).toEqual([true, 2]);
    const { list, kinds } = await publishAndTake([]);
    expect(list).toMatchObject({ revision: 2, markCount: 0, entryCount: 0 });
    expect(kinds).toContain('patched');
    expect(isMatched()).toEqual([false, 0]);
    expect(store.rows(list, AB12CDE)).toEqual([]);
    // Confirmed, then filled again.
    const { issuedAtMs } = (await publishAndTake([])).list;
    expect(issuedAtMs).toBe(clock.nowMs());
    expect((await publishAndTake(['AB12CDE'])).list).toMatchObject({ revision: 3, markCount: 1 });
    expect(isMatched()).toEqual([true, 1]);
  });

  it('matches nothing any more where that came as a snapshot', async () => {
    const rules = { ...KEEPING, chainShare: 0, deltaShare: 0 };
    await publishAndTake(['AB12CDE', 'CD34EFG'], rules);
    const { list, kinds } = await publishAndTake([], rules);
    expect(list).toMatchObject({ revision: 2, markCount: 0, entryCount: 0 });
    expect(kinds).toContain('loaded');
    expect(isMatched()).toEqual([false, 0]);
    expect(store.rows(list, AB12CDE)).toEqual([]);
  });

  it('may be empty from the first revision on', async () => {
    expect((await publishAndTake([])).list).toMatchObject({ revision: 1, markCount: 0, entryCount: 0 });
    expect(isMatched()).toEqual([false, 0]);
  });
});
