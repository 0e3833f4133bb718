import { describe, expect, it } from 'vitest';
import { renderDelivery } from '../../../src/cli/status-delivery.js';
import { deviceSnapshotOf, storeSnapshotOf, uplinkSnapshotOf } from '../../support/snapshots.js';

const NOW_MS = Date.UTC(2026, 10, 22);
const rendered = (changes: Parameters<typeof deviceSnapshotOf>[0] = {}) =>
  renderDelivery(deviceSnapshotOf(changes), NOW_MS).join('\n');

describe('delivery in the status', () => {
  it('is short on a good day', () => {
    expect(rendered()).toContain('store: 12 records, 4.0 of 2000.0 MB');
    expect(rendered()).toContain('nothing waits for the broker');
    expect(rendered()).toContain('dropped undelivered: nothing; no hit is, to make room');
    expect(rendered()).toContain('broker mqtts://broker.example:8883: connected over wwan0, MQTT 5');
    expect(rendered()).not.toContain('meter');
  });

  it('says what waits in which lane, how much and since when', () => {
    const { lanes } = storeSnapshotOf();
    const reads = { items: 1_200, bytes: 1_100_000, oldestMs: 7_200_000 };
    const text = rendered({ store: storeSnapshotOf({ lanes: { ...lanes, reads } }) });
    expect(text).toMatch(/reads: 1200 \(1\.1 MB\), the oldest for 2 h/);
    expect(text).not.toContain('hit images: 0');
  });

  it('names every loss with its reason', () => {
    const losses = [{ lane: 'read-images', reason: 'budget', count: 40 }] as const;
    expect(rendered({ store: storeSnapshotOf({ losses }) })).toContain('40 read images (budget)');
  });

  it('says when the next attempt is made', () => {
    const uplink = uplinkSnapshotOf({}, { state: 'waiting', retriesAtMs: NOW_MS + 12_000 });
    expect(rendered({ uplink })).toMatch(/: waiting over wwan0, MQTT 5, again in 12/);
  });

  it('shows the meter where something is limited', () => {
    const { meter } = uplinkSnapshotOf();
    const limited = { ...meter, limitBytes: { total: 2_000_000, 'read-images': 0 }, shut: ['read-images'] };
    const uplink = uplinkSnapshotOf({ meter: { ...limited, shut: ['read-images'] } });
    expect(rendered({ uplink })).toContain(
      'meter, this hour: all 1 of 2000 kB, read images 0 of 0 kB; waiting: read images',
    );
  });

  it('shouts when records are in memory only, and says that a store cannot be read', () => {
    expect(rendered({ store: storeSnapshotOf({ medium: 'memory' }) })).toContain('IN MEMORY ONLY');
    const { store, ...without } = deviceSnapshotOf();
    expect(renderDelivery(without, NOW_MS)[0]).toBe('store: cannot be read');
  });
});
