import { beforeEach, describe, expect, it } from 'vitest';
import { MANIFEST_NAME } from '../../src/matching/sync/keeper.js';
import {
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
  reasonOf,
  restartKeeper,
  retained,
  startKeeper,
  status,
  store,
  wantedBlobs,
} from '../support/keepers.js';
import { listOwner } from '../support/list-owner.js';
import { repeatable } from '../support/repeatable.js';

describe('a list that is followed', () => {
  it('comes as a snapshot, then by what changed', async () => {
    owner.change(['AB12CDE', 'CD34EFG']);
    await publish();
    expectInStep();
    owner.change(['EF56GHJ', 'CD34EFG'], ['AB12CDE']);
    given.length = 0;
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
    given.length = 0;
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
    given.length = 0;
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
      faults.length = 0;
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
    given.length = 0;
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
    given.length = 0;
    await offer({ ...published, blobs: new Map([...strange.blobs, ...published.blobs]) });
    await deliver();
    expect(given.slice(0, 3)).toEqual(['delta/2-3/0', 'delta/2-3/1', 'snapshot/3/0']);
    expectInStep();
    expect(faults).toMatchObject([{ kind: 'failing', code: 'hotlist.gap' }]);
    expect(status()?.failing).toBeUndefined();
  });
});
