import { describe, expect, it } from 'vitest';
import { FleetLedger } from '../../../scripts/src/fleet/ledger.js';

/** What scripts/fleet counts as lost, as come twice, and as time taken. */

const arrival = (unit: number, id: string, receivedAtMs: number, deliveries = 1) => ({
  source: `urn:anprd:unit-${unit}`,
  id,
  receivedAtMs,
  deliveries,
});

function ledgerOf(...events: readonly (readonly [unit: number, id: string, atMs: number])[]): FleetLedger {
  const ledger = new FleetLedger();
  for (const [unit, id, atMs] of events) ledger.committed(`unit-${unit}`, { id, lane: 'reads', atMs });
  return ledger;
}

function reads(ledger: FleetLedger, ...arrivals: readonly ReturnType<typeof arrival>[]) {
  return ledger.settle(arrivals).lanes.find(({ lane }) => lane === 'reads');
}

describe('an event', () => {
  it('that did not arrive is lost', () => {
    const result = ledgerOf([1, 'a', 0], [1, 'b', 0]).settle([arrival(1, 'a', 5)]);
    expect(result).toMatchObject({ committed: 2, lost: 1, lostIds: { 'unit-1': ['b'] } });
    expect(result.lanes.find(({ lane }) => lane === 'reads')).toMatchObject({ committed: 2, lost: 1 });
  });

  it('of another unit is another event, though its id is the same', () => {
    expect(ledgerOf([1, 'a', 0]).settle([arrival(2, 'a', 5)])).toMatchObject({ lost: 1 });
  });

  it('that was delivered again is counted, and is not taken in twice', () => {
    const result = ledgerOf([1, 'a', 0]).settle([arrival(1, 'a', 5, 3)]);
    expect(result).toMatchObject({ lost: 0, duplicated: 2, takenTwice: 0 });
  });

  it('that has two rows was taken in twice', () => {
    const rows = [arrival(1, 'a', 5), arrival(1, 'a', 9)];
    expect(ledgerOf([1, 'a', 0]).settle(rows)).toMatchObject({ takenTwice: 1 });
  });
});

describe('the time taken', () => {
  it('is from commit to commit', () => {
    const ledger = ledgerOf([1, 'a', 100], [1, 'b', 100], [1, 'c', 100]);
    const lane = reads(ledger, arrival(1, 'a', 110), arrival(1, 'b', 120), arrival(1, 'c', 400));
    expect(lane).toMatchObject({ p50Ms: 20, p99Ms: 300, soundP50Ms: 20, soundP99Ms: 300 });
  });

  it('counts as sound only where its unit was connected all the way', () => {
    const ledger = ledgerOf(
      [1, 'before', 100],
      [1, 'within', 1_500],
      [1, 'after', 3_000],
      [2, 'other', 1_500],
    );
    ledger.observe('unit-1', true, 1_000);
    ledger.observe('unit-1', false, 1_250);
    ledger.observe('unit-1', false, 1_500);
    ledger.observe('unit-1', true, 2_000);
    const lane = reads(
      ledger,
      arrival(1, 'before', 110),
      arrival(1, 'within', 2_100),
      arrival(1, 'after', 3_020),
      arrival(2, 'other', 1_530),
    );
    expect(lane).toMatchObject({ p99Ms: 600, soundP50Ms: 20, soundP99Ms: 30 });
  });

  it('is not sound while an outage has not ended', () => {
    const ledger = ledgerOf([1, 'a', 1_100]);
    ledger.observe('unit-1', true, 1_000);
    ledger.observe('unit-1', false, 1_250);
    expect(reads(ledger, arrival(1, 'a', 1_400))).toMatchObject({ p50Ms: 300, soundP50Ms: Number.NaN });
  });
});
