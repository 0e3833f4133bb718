import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MatchKey } from '../../src/domain/vrm.js';
import { ListStore } from '../../src/matching/list-store/list-store.js';
import { Keeper, MANIFEST_NAME } from '../../src/matching/sync/keeper.js';
import type { SyncFault } from '../../src/matching/sync/status.js';
import { takePackage } from '../../src/matching/sync/take-package.js';
import { type ListOwner, listOwner, type PublishedPackage } from '../support/list-owner.js';
import { ManualClock } from '../support/manual-clock.js';
import { repeatable } from '../support/repeatable.js';
import { keyIn } from '../support/storage-key.js';

/** The keeper on real lists, with what a broker retains in a map: each test says what becomes of it. */

let folder: string;
let clock: ManualClock;
let store: ListStore;
let keeper: Keeper;
let owner: ListOwner;
let faults: SyncFault[];
/** What would be retained, by name; a test spoils it. */
let retained: Map<string, Uint8Array>;
/** Names in the order in which they were asked for and given. */
let given: string[];

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

function startKeeper(publicKeys = [owner.publicKey], diskReserveBytes = 0): void {
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
async function restartKeeper(publicKeys?: string[]): Promise<void> {
  store.close();
  startKeeper(publicKeys);
  await keeper.resume();
}

function retain({ envelope, blobs }: PublishedPackage): void {
  retained = new Map<string, Uint8Array>([...blobs, [MANIFEST_NAME, envelope]]);
}

async function offer(published: PublishedPackage): Promise<void> {
  retain(published);
  await keeper.linkChanged(true);
  await keeper.take({ listId: 'stolen', name: MANIFEST_NAME }, published.envelope);
}

const wantedBlobs = () =>
  keeper
    .wanted()
    .map(({ name }) => name)
    .filter((name) => name !== MANIFEST_NAME);

/** Gives what is asked for until nothing is, or `most` blobs were given. */
async function deliver(most = Number.POSITIVE_INFINITY): Promise<void> {
  for (let count = 0; count < most; count++) {
    const name = wantedBlobs().find((wanted) => retained.has(wanted));
    if (name === undefined) return;
    given.push(name);
    await keeper.take({ listId: 'stolen', name }, retained.get(name) as Uint8Array);
  }
}

async function publish(options?: Parameters<ListOwner['publish']>[0]): Promise<PublishedPackage> {
  const published = owner.publish(options);
  await offer(published);
  await deliver();
  return published;
}

const status = () => keeper.statuses().get('stolen');
const list = () => store.lists()[0];
const reasonOf = (mark: string) => {
  const held = list();
  return held && store.rows(held, mark as MatchKey)[0]?.reason;
};

/** What is in force is exactly what the owner has. */
function expectInStep(): void {
  const held = list();
  if (held === undefined) throw new Error('no list is in force');
  expect(held).toMatchObject({ revision: owner.revision, markCount: owner.marks.size, origin: 'signed' });
  expect([...store.keyPages(held)].flat()).toEqual([...owner.marks.keys()].sort());
  for (const [key, reason] of owner.marks) expect(store.rows(held, key)[0]?.reason).toBe(reason);
  expect(store.stagedNames('stolen').size).toBe(0);
  expect(status()).toMatchObject({ state: 'current' });
}

/** Enough marks for several blobs. */
const manyMarks = (count: number, prefix = 'M') =>
  Array.from({ length: count }, (_, index) => `${prefix}${index.toString(36).toUpperCase()}`);

describe('a list that is followed', () => {
  it('comes as a snapshot, then by what changed', async () => {
    owner.change(['AB12CDE', 'CD34EFG']);
    await publish();
    expectInStep();
    owner.change(['EF56GHJ', 'CD34EFG'], ['AB12CDE']);
    given = [];
    await publish({ snapshotAt: 1 });
    expect(given).toEqual(['delta/1-2/0', 'delta/1-2/1']);
    expectInStep();
    expect(reasonOf('CD34EFG')).toBe('revision 2');
    expect(reasonOf('AB12CDE')).toBeUndefined();
    expect(faults).toEqual([]);
  });

  it('catches up over many revisions in one step, and sees none in between', async () => {
    owner.change(['AB12CDE', 'CD34EFG']);
    await publish();
    for (let day = 0; day < 40; day++) owner.change([`A${day}`], day > 0 ? [`A${day - 1}`] : []);
    await publish({ snapshotAt: 1 });
    expectInStep();
    const held = list();
    expect(held && store.touchedSince(held, 1)?.map(({ key }) => key)).toContain('A39');
  });

  it('is fetched whole where the deltas do not reach back, snapshot and what came after it in one', async () => {
    owner.change(['AB12CDE']);
    await publish();
    for (let day = 0; day < 4; day++) owner.change([`A${day}`], day > 1 ? [`A${day - 2}`] : []);
    await publish({ snapshotAt: 4 });
    expectInStep();
    expect(list()?.generation).toBe(2);
  });

  it('is confirmed by a newer word of its owner, without a byte of its marks', async () => {
    owner.change(['AB12CDE']);
    await publish();
    given = [];
    const { manifest } = await publish();
    expect(given).toEqual([]);
    expect(list()?.issuedAtMs).toBe(manifest.issuedAtMs);
    expect(faults).toEqual([]);
  });

  it('ends where its owner is, whatever was missed, in random histories', async () => {
    const random = repeatable(11);
    const upTo = (most: number) => 1 + Math.floor(random() * most);
    owner.change(['START1']);
    await publish();
    for (let round = 0; round < 25; round++) {
      const from = owner.revision;
      for (let changes = upTo(6); changes > 0; changes--) {
        const gone = [...owner.marks.keys()].filter(() => random() < 0.2);
        owner.change(
          Array.from({ length: upTo(5) }, () => `R${upTo(60)}`),
          gone,
        );
      }
      const snapshotAt = from + upTo(owner.revision - from);
      await offer(owner.publish({ snapshotAt, since: Math.max(1, snapshotAt - upTo(12)) }));
      await deliver(random() < 0.5 ? upTo(3) : Number.POSITIVE_INFINITY);
      if (random() < 0.3) await restartKeeper();
      await deliver();
      expectInStep();
    }
    expect(faults).toEqual([]);
  });
});

describe('a fetch that is cut short', () => {
  it('goes on after a restart with what is missing', async () => {
    owner.change(manyMarks(12_000));
    await offer(owner.publish());
    await deliver(3);
    const before = [...given];
    given = [];
    await restartKeeper();
    await deliver();
    expectInStep();
    expect(before).toHaveLength(3);
    expect(given.filter((name) => before.includes(name))).toEqual([]);
  });

  it('takes up what its owner published meanwhile, and keeps nothing that is of no use', async () => {
    owner.change(manyMarks(12_000));
    await offer(owner.publish());
    await deliver(2);
    owner.change(['NEW1']);
    await publish({ snapshotAt: 1 });
    // The snapshot is the same one, so what came of it was of use.
    expect(given.filter((name) => name === 'snapshot/1/0')).toHaveLength(1);
    expectInStep();
  });

  it('is not begun where the disk has no room for what would come, and is as soon as it has', async () => {
    store.close();
    startKeeper(undefined, 2 ** 60);
    owner.change(['AB12CDE']);
    await offer(owner.publish());
    expect(wantedBlobs()).toEqual([]);
    expect(faults).toMatchObject([{ kind: 'failing', code: 'hotlist.store-failed' }]);
    await restartKeeper();
    await deliver();
    expectInStep();
  });

  it('asks for few blobs at a time', async () => {
    owner.change(manyMarks(30_000));
    await offer(owner.publish());
    await deliver(1);
    expect(wantedBlobs()).toEqual(['snapshot/1/1', 'snapshot/1/2', 'snapshot/1/3', 'snapshot/1/4']);
  });
});

describe('what must not come into force', () => {
  beforeEach(async () => {
    owner.change(['AB12CDE']);
    await publish();
  });

  const refused = () => status()?.refused;

  function expectAsBefore(): void {
    expect(list()).toMatchObject({ revision: 1, markCount: 1 });
    expect(reasonOf('AB12CDE')).toBe('revision 1');
    expect(wantedBlobs()).toEqual([]);
  }

  it('is a manifest that another key signed, or none, or that is no manifest', async () => {
    const stranger = listOwner('stolen');
    stranger.change(['XX99XXX']);
    stranger.change(['XX98XXX']);
    const forged = stranger.publish();
    const wrong: [Uint8Array, string][] = [
      [forged.envelope, 'hotlist.signature-invalid'],
      [Buffer.from('garbage'), 'hotlist.package-invalid'],
      [forged.envelope.subarray(0, 100), 'hotlist.package-invalid'],
      [Buffer.alloc(1_000_000, 0x20), 'hotlist.package-invalid'],
      [new Uint8Array(0), 'hotlist.package-invalid'],
    ];
    for (const [envelope, code] of wrong) {
      faults = [];
      await keeper.take({ listId: 'stolen', name: MANIFEST_NAME }, envelope);
      expect(faults).toMatchObject([{ listId: 'stolen', kind: 'refused', code }]);
      expect(faults[0]?.hint).toContain('stays in force');
      expectAsBefore();
      // The owner's next word ends it.
      await publish();
      expect(refused()).toBeUndefined();
    }
  });

  it('is a manifest of another list, though the same owner signed it', async () => {
    const keys = owner.publish({ list: 'other' });
    await offer(keys);
    expect(refused()).toMatchObject({ code: 'hotlist.signature-invalid' });
    expectAsBefore();
  });

  it('is an older revision played back, also one older than what was only announced', async () => {
    const old = owner.publish();
    owner.change(['CD34EFG']);
    const newer = owner.publish();
    owner.change(['EF56GHJ']);
    retained.clear();
    await keeper.take({ listId: 'stolen', name: MANIFEST_NAME }, owner.publish().envelope);
    for (const replay of [old, newer]) {
      await keeper.take({ listId: 'stolen', name: MANIFEST_NAME }, replay.envelope);
      expect(refused()).toMatchObject({ code: 'hotlist.replayed' });
    }
    expect(list()?.revision).toBe(1);
  });

  it('is an older revision of a list that was removed here', async () => {
    const first = owner.publish();
    owner.change(['CD34EFG']);
    await publish();
    store.removeList('stolen');
    await restartKeeper();
    await offer(first);
    expect(refused()).toMatchObject({ code: 'hotlist.replayed' });
    expect(wantedBlobs()).toEqual([]);
    // As it was last, it may come back.
    await publish();
    expectInStep();
  });

  it('is told once, however often it comes', async () => {
    for (let times = 0; times < 5; times++) {
      await keeper.take({ listId: 'stolen', name: MANIFEST_NAME }, Buffer.from('garbage'));
    }
    expect(faults).toHaveLength(1);
  });

  it('is a list whose contents are not what its owner signed for, and it is not fetched for ever', async () => {
    owner.change(['CD34EFG']);
    const { markCount, entryCount } = { markCount: 7, entryCount: 7 };
    const honest = owner.publish();
    const wrong = { markCount, entryCount, snapshot: { ...honest.manifest.snapshot, markCount, entryCount } };
    await publish(wrong);
    expect(refused()).toMatchObject({ code: 'hotlist.package-invalid' });
    expectAsBefore();
    given = [];
    // The same with a newer date: nothing of it is fetched.
    await publish(wrong);
    expect(given).toEqual([]);
    expect(refused()).toMatchObject({ code: 'hotlist.package-invalid' });
    // What the owner publishes then is taken.
    owner.change(['EF56GHJ']);
    await publish();
    expectInStep();
  });

  it('is a chain of deltas that does not make the list: the whole list does', async () => {
    owner.change(manyMarks(3_000));
    await publish();
    owner.change(['CD34EFG']);
    // A delta between the same revisions, of a list that was another one.
    const other = listOwner('stolen');
    for (const marks of [['AB12CDE'], ['A1'], ['ZZ99ZZZ', 'ZZ98ZZZ']]) other.change(marks);
    const strange = other.publish({ snapshotAt: 2 });
    const published = owner.publish({ deltas: strange.manifest.deltas });
    given = [];
    await offer({ ...published, blobs: new Map([...strange.blobs, ...published.blobs]) });
    await deliver();
    expect(given.slice(0, 3)).toEqual(['delta/2-3/0', 'delta/2-3/1', 'snapshot/3/0']);
    expectInStep();
    expect(faults).toMatchObject([{ kind: 'failing', code: 'hotlist.gap' }]);
    expect(status()?.failing).toBeUndefined();
  });
});

describe('a blob that is not what it should be', () => {
  const SPOILED: [string, (bytes: Uint8Array) => Uint8Array][] = [
    ['garbage', () => Buffer.from('garbage')],
    ['cut off', (bytes) => bytes.subarray(0, bytes.length - 1)],
    ['longer than it should be', (bytes) => Buffer.concat([bytes, Buffer.from([0])])],
    ['another one of the list', () => retained.get('snapshot/1/2') as Uint8Array],
    ['far too large', () => Buffer.alloc(7_000_000)],
  ];

  it.each(SPOILED)('%s: is dropped, asked for again a few times, then ever more rarely', async (_, spoil) => {
    owner.change(manyMarks(12_000));
    await offer(owner.publish());
    const name = 'snapshot/1/1';
    const honest = retained.get(name) as Uint8Array;
    retained.set(name, spoil(honest));
    const tries = () => given.filter((one) => one === name).length;
    await deliver();
    expect(tries()).toBe(1);
    expect(store.stagedNames('stolen').has(name)).toBe(false);
    expect(faults).toMatchObject([{ kind: 'failing', code: 'hotlist.package-invalid' }]);
    for (let seconds = 0; seconds < 20; seconds++) await tickAndDeliver(1_000);
    expect(tries()).toBe(4);
    expect(status()).toMatchObject({ state: 'held-up', failing: { code: 'hotlist.package-invalid' } });
    for (let minutes = 0; minutes < 600; minutes++) await tickAndDeliver(60_000);
    expect(tries()).toBeLessThan(40);
    // Nothing else was fetched twice meanwhile, and nothing of it is kept.
    expect(given.filter((one) => one !== name)).toHaveLength(new Set(given).size - 1);
    retained.set(name, honest);
    for (let minutes = 0; minutes < 70; minutes++) await tickAndDeliver(60_000);
    expectInStep();
    expect(status()?.failing).toBeUndefined();
  });

  async function tickAndDeliver(ms: number): Promise<void> {
    clock.advance(ms);
    await keeper.tick();
    await deliver();
  }

  it('costs nothing when it was not asked for, comes twice, or in another order', async () => {
    owner.change(manyMarks(12_000));
    await offer(owner.publish());
    const take = (name: string) =>
      keeper.take({ listId: 'stolen', name }, retained.get(name) ?? Buffer.from('never asked for'));
    await take('snapshot/1/1');
    await take('snapshot/9/1');
    await take('delta/1-2/0');
    await keeper.take({ listId: 'unknown', name: MANIFEST_NAME }, Buffer.from('garbage'));
    expect(store.stagedNames('stolen').size).toBe(0);
    await take('snapshot/1/0');
    for (const name of [...wantedBlobs()].reverse()) {
      await take(name);
      await take(name);
    }
    await deliver();
    expectInStep();
    expect(faults).toEqual([]);
  });

  it('that never comes gives place to the other way, and is said', async () => {
    owner.change(manyMarks(3_000));
    await publish();
    owner.change(['NEW1']);
    const published = owner.publish({ snapshotAt: 2, since: 1 });
    given = [];
    await offer(published);
    retained.delete('delta/1-2/1');
    await deliver();
    expect(given).toEqual(['delta/1-2/0']);
    clock.advance(31_000);
    await keeper.tick();
    await deliver();
    expectInStep();
    expect(given).toContain('snapshot/2/0');
    expect(faults).toMatchObject([{ message: expect.stringContaining('delta/1-2/1 has not come') }]);
  });

  it('is not waited for while there is no link', async () => {
    owner.change(['AB12CDE']);
    await offer(owner.publish());
    await keeper.linkChanged(false);
    clock.advance(3_600_000);
    await keeper.tick();
    expect(faults).toEqual([]);
    await keeper.linkChanged(true);
    clock.advance(10_000);
    await keeper.tick();
    expect(faults).toEqual([]);
    await deliver();
    expectInStep();
  });
});

describe('keys', () => {
  it('may be two at a time, so that an owner can change theirs without a gap', async () => {
    const next = listOwner('stolen');
    owner.change(['AB12CDE']);
    next.change(['AB12CDE']);
    next.change(['AB12CDE', 'CD34EFG']);
    await restartKeeper([owner.publicKey, next.publicKey]);
    await publish();
    expect(list()?.revision).toBe(1);
    await offer(next.publish());
    await deliver();
    expect(list()?.revision).toBe(2);
    // The old key is taken out: what it signs is refused from then on.
    await restartKeeper([next.publicKey]);
    owner.change([]);
    owner.change([]);
    await offer(owner.publish());
    expect(status()?.refused).toMatchObject({ code: 'hotlist.signature-invalid' });
    expect(list()?.revision).toBe(2);
  });

  it('that were taken out do not vouch for what was half fetched', async () => {
    owner.change(manyMarks(12_000));
    await offer(owner.publish());
    await deliver(2);
    await restartKeeper([listOwner('stolen').publicKey]);
    expect(wantedBlobs()).toEqual([]);
    expect(store.stagedNames('stolen').size).toBe(0);
    expect(store.offer('stolen')).toBeUndefined();
  });
});

describe('a package that is here whole', () => {
  const take = ({ envelope, blobs }: PublishedPackage) =>
    takePackage({
      store,
      listId: 'stolen',
      publicKeys: [owner.publicKey],
      envelope,
      readBlob: (name) => blobs.get(name),
      clock,
    });

  it('is taken over by the same rules', async () => {
    owner.change(manyMarks(9_000));
    expect(await take(owner.publish())).toMatchObject({ revision: 1, markCount: owner.marks.size });
    owner.change(['NEW1']);
    const second = owner.publish({ snapshotAt: 1 });
    // Only what is needed has to be there.
    second.blobs.forEach((_, name) => {
      if (name.startsWith('snapshot')) (second.blobs as Map<string, Buffer>).delete(name);
    });
    expect(await take(second)).toMatchObject({ revision: 2, markCount: owner.marks.size });
    expect(await take(owner.publish())).toMatchObject({ revision: 2 });
  });

  it('is refused with a reason, and leaves the list as it was', async () => {
    owner.change(['AB12CDE']);
    const first = owner.publish();
    owner.change(['CD34EFG']);
    await take(owner.publish());
    await expect(take(first)).rejects.toMatchObject({ code: 'hotlist.replayed' });
    owner.change(['EF56GHJ']);
    const third = owner.publish();
    const spoiled = new Map([...third.blobs, ['snapshot/3/1', Buffer.from('garbage')]]);
    await expect(take({ ...third, blobs: spoiled })).rejects.toMatchObject({
      code: 'hotlist.package-invalid',
    });
    const lacking = new Map([...third.blobs].filter(([name]) => name !== 'snapshot/3/1'));
    await expect(take({ ...third, blobs: lacking })).rejects.toThrow('snapshot/3/1 is not in the package');
    expect(list()?.revision).toBe(2);
    expect(await take(third)).toMatchObject({ revision: 3 });
  });

  it('is taken though a broker has announced a later one that does not come', async () => {
    owner.change(manyMarks(3_000));
    await publish();
    owner.change(['CD34EFG']);
    const stick = owner.publish({ snapshotAt: 1 });
    owner.change(['EF56GHJ']);
    await offer(owner.publish({ snapshotAt: 1 }));
    expect(wantedBlobs()).not.toEqual([]);
    expect(await take(stick)).toMatchObject({ revision: 2 });
    // The keeper goes on from there.
    await keeper.tick();
    await deliver();
    expectInStep();
  });

  it('is not disturbed by a keeper who looks after the list meanwhile', async () => {
    owner.change(manyMarks(12_000));
    await publish();
    owner.change(manyMarks(12_000, 'N'));
    const { envelope, blobs } = owner.publish();
    const ticks: Promise<void>[] = [];
    const taken = await takePackage({
      store,
      listId: 'stolen',
      publicKeys: [owner.publicKey],
      envelope,
      readBlob: (name) => {
        ticks.push(keeper.tick());
        given.push(name);
        return blobs.get(name);
      },
      clock,
    });
    await Promise.all(ticks);
    expect(taken).toMatchObject({ revision: 2 });
    const ofPackage = given.filter((name) => name.startsWith('snapshot/2/'));
    expect(ofPackage).toHaveLength(new Set(ofPackage).size);
  });
});
