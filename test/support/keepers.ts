import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import type { MatchKey } from '../../src/domain/vrm.js';
import { ListStore } from '../../src/matching/list-store/list-store.js';
import { Keeper, MANIFEST_NAME } from '../../src/matching/sync/keeper.js';
import type { SyncFault } from '../../src/matching/sync/status.js';
import { type ListOwner, listOwner, type PublishedPackage } from './list-owner.js';
import { ManualClock } from './manual-clock.js';
import { keyIn } from './storage-key.js';

/** The keeper on real lists, with what a broker retains in a map: each test says what becomes of it. */

export let folder: string;
export let clock: ManualClock;
export let store: ListStore;
export let keeper: Keeper;
export let owner: ListOwner;
export let faults: SyncFault[];
/** What would be retained, by name; a test spoils it. */
export let retained: Map<string, Uint8Array>;
/** Names in the order in which they were asked for and given. */
export let given: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-keeper-'));
  clock = new ManualClock(Date.UTC(2026, 10, 22, 9));
  owner = listOwner('stolen');
  faults = [];
  retained = new Map();
  given = [];
  startKeeper();
});

afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

export function startKeeper(publicKeys = [owner.publicKey], diskReserveBytes = 0): void {
  store = new ListStore({ path: join(folder, 'hotlist.db'), key: keyIn(folder), clock, diskReserveBytes });
  store.open();
  keeper = new Keeper({
    store,
    lists: [{ id: 'stolen', publicKeys }],
    clock,
    onTakenOver: () => undefined,
    onFault: (fault) => faults.push(fault),
  });
}

/** As after a power cut: nothing is said to the one before. */
export async function restartKeeper(publicKeys?: string[]): Promise<void> {
  store.close();
  startKeeper(publicKeys);
  await keeper.resume();
}

export function retain({ envelope, blobs }: PublishedPackage): void {
  retained = new Map<string, Uint8Array>([...blobs, [MANIFEST_NAME, envelope]]);
}

export async function offer(published: PublishedPackage): Promise<void> {
  retain(published);
  await keeper.linkChanged(true);
  await keeper.take({ listId: 'stolen', name: MANIFEST_NAME }, published.envelope);
}

export const wantedBlobs = () =>
  keeper
    .wanted()
    .map(({ name }) => name)
    .filter((name) => name !== MANIFEST_NAME);

/** Gives what is asked for until nothing is, or `most` blobs were given. */
export async function deliver(most = Number.POSITIVE_INFINITY): Promise<void> {
  for (let count = 0; count < most; count++) {
    const name = wantedBlobs().find((wanted) => retained.has(wanted));
    if (name === undefined) return;
    given.push(name);
    await keeper.take({ listId: 'stolen', name }, retained.get(name) as Uint8Array);
  }
}

export async function publish(options?: Parameters<ListOwner['publish']>[0]): Promise<PublishedPackage> {
  const published = owner.publish(options);
  await offer(published);
  await deliver();
  return published;
}

export const status = () => keeper.statuses().get('stolen');
export const list = () => store.lists()[0];
export const reasonOf = (mark: string) => {
  const held = list();
  return held && store.rows(held, mark as MatchKey)[0]?.reason;
};

/** What is in force is exactly what the owner has. */
export function expectInStep(): void {
  const held = list();
  if (held === undefined) throw new Error('no list is in force');
  expect(held).toMatchObject({ revision: owner.revision, markCount: owner.marks.size, origin: 'signed' });
  expect([...store.keyPages(held)].flat()).toEqual([...owner.marks.keys()].sort());
  for (const [key, reason] of owner.marks) expect(store.rows(held, key)[0]?.reason).toBe(reason);
  expect(store.stagedNames('stolen').size).toBe(0);
  expect(status()).toMatchObject({ state: 'current' });
}

/** Enough marks for several blobs. */
export const manyMarks = (count: number, prefix = 'M') =>
  Array.from({ length: count }, (_, index) => `${prefix}${index.toString(36).toUpperCase()}`);
