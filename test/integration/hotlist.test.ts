import { beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/lib/clock.js';
import {
  broker,
  faults,
  isCurrent,
  listOfUnit,
  manyMarks,
  matched,
  owner,
  readOf,
  retain,
  startUnit,
  undo,
  until,
} from '../support/hotlist-units.js';
import { listOwner } from '../support/list-owner.js';
import { startRelay } from '../support/relay.js';

/** A list from its owner's hand, over a real broker, to the keeper in its thread and to matching. */

describe('a list that its owner publishes', () => {
  it('comes by itself, then by what changed, and is matched', async () => {
    owner.change(['AB12CDE', ...manyMarks(8_000)]);
    await retain(owner.publish());
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    expect(matched(unit, 'AB12CDE')).toEqual(['stolen 1: revision 1']);
    const { bytes } = unit.uplink.snapshot().inbound;

    owner.change(['CD34EFG'], ['AB12CDE']);
    const second = owner.publish({ snapshotAt: 1 });
    await retain(second);
    await until(unit, () => isCurrent(unit, 2));
    expect(matched(unit, 'AB12CDE')).toEqual([]);
    expect(matched(unit, 'CD34EFG')).toEqual(['stolen 2: revision 2']);
    // What came is the manifest and the change: in proportion to it, not to the list.
    const change = second.envelope.length + (second.manifest.deltas[0]?.bytes ?? 0);
    expect(unit.uplink.snapshot().inbound.bytes - bytes).toBe(change);
    expect(change).toBeLessThan(bytes / 30);
    expect(listOfUnit(unit)).toMatchObject({
      inForce: { owner: 'a force', level: 'force', origin: 'signed', isMatched: true, isOverAge: false },
      sync: { state: 'current' },
    });
    expect(faults).toEqual([]);
  });

  it('is confirmed by a heartbeat: its age counts from there, and nothing of it is fetched', async () => {
    owner.change(['AB12CDE']);
    await retain(owner.publish({ issuedAtMs: Date.now() - 60_000 }));
    const unit = await startUnit({ maximumAgeHours: 0.01 });
    await until(unit, () => isCurrent(unit, 1));
    expect(listOfUnit(unit)?.inForce).toMatchObject({ isOverAge: true });
    expect(unit.hotlist.match(readOf('AB12CDE'), Date.now())?.lists).toMatchObject([{ isOverAge: true }]);
    const { messages } = unit.uplink.snapshot().inbound;
    await retain({ ...owner.publish({ issuedAtMs: Date.now() }), blobs: new Map() });
    await until(unit, () => listOfUnit(unit)?.inForce?.isOverAge === false);
    expect(unit.uplink.snapshot().inbound.messages).toBe(messages + 1);
  });

  it('is caught up with after a week without a link, by what changed alone', async () => {
    owner.change(['AB12CDE', ...manyMarks(8_000)]);
    await retain(owner.publish());
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    await unit.stop();
    for (let hour = 0; hour < 100; hour++) owner.change([`A${hour}`], hour > 5 ? [`A${hour - 5}`] : []);
    await retain(owner.publish({ snapshotAt: 1 }));
    const back = await startUnit();
    // Until it has caught up it matches what it has.
    expect(matched(back, 'AB12CDE')).toEqual(['stolen 1: revision 1']);
    await until(back, () => isCurrent(back, 101));
    expect(matched(back, 'A99')).toEqual(['stolen 101: revision 101']);
    expect(matched(back, 'A20')).toEqual([]);
    // The manifest, and of each hour a table and a blob.
    expect(back.uplink.snapshot().inbound.messages).toBe(201);
    expect(faults).toEqual([]);
  });

  it('is fetched whole by itself where the deltas do not reach back', async () => {
    owner.change(['AB12CDE']);
    await retain(owner.publish());
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    await unit.stop();
    for (let hour = 0; hour < 5; hour++) owner.change([`A${hour}`]);
    await retain(owner.publish({ snapshotAt: 4 }));
    const back = await startUnit();
    await until(back, () => isCurrent(back, 6));
    expect(matched(back, 'AB12CDE')).toEqual(['stolen 6: revision 1']);
  });
});

describe('a fetch that is cut short', () => {
  it('goes on after a restart with what is missing, and asks for nothing twice', async () => {
    owner.change(manyMarks(40_000));
    const published = owner.publish();
    const blobs = [...published.blobs];
    const half = Math.floor(blobs.length / 2);
    // Half of the blobs is there; then the device is stopped, and the others come.
    const some = blobs.filter(([name], index) => index < half || name.endsWith('/0'));
    await retain({ ...published, blobs: new Map(some) });
    const unit = await startUnit();
    await until(unit, () => listOfUnit(unit)?.sync?.haveBlobs === some.length);
    await unit.stop();
    await retain(published);
    const back = await startUnit();
    await until(back, () => isCurrent(back, 1));
    expect(back.uplink.snapshot().inbound.messages).toBe(1 + blobs.length - some.length);
  });

  it('goes on when the link breaks again and again', async () => {
    const relay = await startRelay(broker.port);
    undo.push(() => relay.close());
    owner.change(manyMarks(40_000));
    await retain(owner.publish());
    const unit = await startUnit({ url: relay.url });
    const cutting = setInterval(() => relay.cut(), 100);
    await systemClock.sleep(500);
    clearInterval(cutting);
    await until(unit, () => isCurrent(unit, 1));
    expect(unit.uplink.snapshot().link.connections).toBeGreaterThan(1);
    expect(faults).toEqual([]);
  });
});

describe('what a broker should not have', () => {
  beforeEach(async () => {
    owner.change(['AB12CDE']);
    await retain(owner.publish());
  });

  it.each([
    [
      'a manifest of another key',
      async () => {
        const stranger = listOwner('stolen');
        for (const mark of ['XX11XXX', 'XX12XXX']) stranger.change([mark]);
        await retain(stranger.publish());
      },
      'hotlist.signature-invalid',
    ],
    [
      'garbage for a manifest',
      () => retain({ ...owner.publish(), envelope: Buffer.from('garbage') }),
      'hotlist.package-invalid',
    ],
    [
      'an older revision, played back',
      async () => {
        const old = owner.publish();
        owner.change(['CD34EFG']);
        await retain(owner.publish());
        await systemClock.sleep(300);
        await retain(old);
      },
      'hotlist.replayed',
    ],
  ] as const)('is refused, said, and the list stays in force: %s', async (_, spoil, code) => {
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    await spoil();
    await until(unit, () => listOfUnit(unit)?.sync?.refused !== undefined);
    expect(listOfUnit(unit)?.sync?.refused).toMatchObject({
      code,
      hint: expect.stringContaining('in force'),
    });
    expect(matched(unit, 'AB12CDE')).toEqual([`stolen ${owner.revision}: revision 1`]);
    expect(JSON.stringify(faults)).not.toMatch(/AB12CDE|XX11XXX/);
  });

  it('does not come into force when it is blobs, does not spin, and heals', async () => {
    const unit = await startUnit();
    await until(unit, () => isCurrent(unit, 1));
    owner.change(manyMarks(3_000));
    const published = owner.publish();
    const spoiled = new Map([...published.blobs].map(([name]) => [name, Buffer.from(`garbage ${name}`)]));
    await retain({ ...published, blobs: spoiled });
    await until(unit, () => listOfUnit(unit)?.sync?.state === 'held-up');
    const { messages } = unit.uplink.snapshot().inbound;
    await systemClock.sleep(1_500);
    expect(unit.uplink.snapshot().inbound.messages - messages).toBeLessThan(12);
    expect(matched(unit, 'AB12CDE')).toEqual(['stolen 1: revision 1']);
    await retain(published);
    await until(unit, () => isCurrent(unit, 2));
    expect(listOfUnit(unit)?.sync).toMatchObject({ state: 'current' });
    expect(listOfUnit(unit)?.sync?.failing).toBeUndefined();
  });
});
