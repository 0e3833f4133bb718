import { describe, expect, it } from 'vitest';
import { MANIFEST_NAME } from '../../src/matching/sync/keeper.js';
import { takePackage } from '../../src/matching/sync/take-package.js';
import {
  clock,
  deliver,
  expectInStep,
  faults,
  given,
  keeper,
  list,
  manyMarks,
  offer,
  owner,
  publish,
  restartKeeper,
  retained,
  status,
  store,
  wantedBlobs,
} from '../support/keepers.js';
import { listOwner, type PublishedPackage } from '../support/list-owner.js';

/** What the keeper does with blobs that are not what they should be, with keys, and with a package that is here whole. */

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
    given.length = 0;
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
