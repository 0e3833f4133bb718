import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MatchKey } from '../../src/domain/vrm.js';
import { ListStore } from '../../src/matching/list-store/list-store.js';
import type { RevisionRef } from '../../src/matching/list-store/reading.js';
import type { MarkGroup } from '../../src/matching/mark-group.js';
import { ManualClock } from '../support/manual-clock.js';
import { groupOf, metaOf, TEST_KEY } from '../support/mark-groups.js';

let folder: string;
let clock: ManualClock;
let store: ListStore;
const opened: ListStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-list-store-'));
  clock = new ManualClock();
  store = openStore();
});
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
  rmSync(folder, { recursive: true, force: true });
});

function openStore(readonly = false): ListStore {
  const each = new ListStore({ path: join(folder, 'hotlist.db'), key: TEST_KEY, clock, readonly });
  each.open();
  opened.push(each);
  return each;
}

/** What a list says, mark by mark: {AB12CDE: ['stolen']}. */
function contents(list: RevisionRef, from: ListStore = store): Record<string, string[]> {
  const keys = [...from.keyPages(list)].flat();
  return Object.fromEntries(keys.map((key) => [key, reasons(list, key, from)]));
}

function reasons(list: RevisionRef, key: string, from: ListStore = store): string[] {
  return from.rows(list, key as MatchKey).map((entry) => entry.reason);
}

/** Ascending marks M000001, M000002, ... each with one row of this reason. */
function* numbered(count: number, reason: string): Generator<MarkGroup> {
  for (let index = 1; index <= count; index++) yield groupOf(`M${String(index).padStart(6, '0')}`, reason);
}

describe('a snapshot', () => {
  it('is the list from then on, whole and as it was described', async () => {
    const meta = metaOf('kent', 7, { expiresAtMs: Date.UTC(2027, 0, 1) });
    const list = await store.replaceList(meta, [groupOf('AB12CDE', 'stolen', 'no insurance'), groupOf('M1', 'wanted')]);
    expect(list).toEqual({ ...meta, generation: list.generation, markCount: 2, entryCount: 3 });
    expect(store.lists()).toEqual([list]);
    expect(contents(list)).toEqual({ AB12CDE: ['stolen', 'no insurance'], M1: ['wanted'] });
    expect(reasons(list, 'AB12CDF')).toEqual([]);
  });

  it('says how far it has come', async () => {
    const told: number[] = [];
    await store.replaceList(metaOf('kent', 1), numbered(45_000, 'stolen'), { onProgress: (marks) => told.push(marks) });
    expect(told).toEqual([20_000, 40_000, 45_000]);
  });
});
