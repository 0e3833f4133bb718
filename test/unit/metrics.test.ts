import { describe, expect, it } from 'vitest';
import { renderMetrics } from '../../src/metrics.js';
import { deviceSnapshotOf, storeSnapshotOf, uplinkSnapshotOf } from '../support/snapshots.js';

const linesOf = async (snapshot = deviceSnapshotOf()) => (await renderMetrics(snapshot)).split('\n');

describe('the counters of a device', () => {
  it('stand in the text form of Prometheus, each with its type', async () => {
    const lines = await linesOf();
    expect(lines).toContain('# TYPE anprd_passages_total counter');
    expect(lines).toContain('anprd_passages_total{outcome="read"} 11');
    expect(lines).toContain('anprd_passages_total{outcome="unreadable"} 1');
    expect(lines).toContain('# TYPE anprd_waiting_messages gauge');
    expect(lines).toContain('anprd_connected 1');
    expect(lines).toContain('anprd_acknowledged_total{lane="hits"} 3');
  });

  it('tell how good the clock is, where that is known', async () => {
    const lines = await linesOf();
    expect(lines).toContain('anprd_clock_synchronised 1');
    expect(lines).toContain('anprd_clock_offset_seconds 0.0004');
    const unknown = await linesOf(deviceSnapshotOf({ clock: { source: 'unknown', jumps: 2 } }));
    expect(unknown).toContain('anprd_clock_synchronised 0');
    expect(unknown).toContain('anprd_clock_jumps_total 2');
    expect(unknown.some((line) => line.startsWith('anprd_clock_offset'))).toBe(false);
  });

  it('say which frames went unread: skipped for newer ones, or left out because of heat', async () => {
    const [camera] = deviceSnapshotOf().cameras;
    const cameras =
      camera === undefined ? [] : [{ ...camera, vision: { ...camera.vision, framesLimited: 7 } }];
    const lines = await linesOf(deviceSnapshotOf({ cameras }));
    expect(lines).toContain('anprd_frames_dropped_total{camera="cam-1"} 2');
    expect(lines).toContain('anprd_frames_limited_total{camera="cam-1"} 7');
  });

  it('are those of the moment: asked twice, nothing is added up', async () => {
    const snapshot = deviceSnapshotOf();
    expect(await renderMetrics(snapshot)).toBe(await renderMetrics(snapshot));
  });

  it('count what was dropped by lane and reason', async () => {
    const losses = [
      { lane: 'read-images', reason: 'budget', count: 40 },
      { lane: 'reads', reason: 'age', count: 2 },
    ] as const;
    const lines = await linesOf(deviceSnapshotOf({ store: storeSnapshotOf({ losses }) }));
    expect(lines).toContain('anprd_lost_total{lane="read-images",reason="budget"} 40');
    expect(lines).toContain('anprd_lost_total{lane="reads",reason="age"} 2');
  });

  it('say that the store cannot be read, and go on', async () => {
    const { store, ...without } = deviceSnapshotOf();
    const lines = await linesOf(without);
    expect(lines).toContain('anprd_store_readable 0');
    expect(lines.some((line) => line.startsWith('anprd_waiting_messages'))).toBe(false);
  });

  it('tell of receiver and machine what they know, and nothing of where', async () => {
    const lines = await linesOf();
    expect(lines).toContain('anprd_position_fixed 1');
    expect(lines).toContain('anprd_position_age_seconds 0.42');
    expect(lines).toContain('anprd_processor_celsius 51.2');
    expect(lines).toContain('anprd_disk_written_bytes_total 4096000');
    expect(lines.some((line) => /tamper|worn|illuminator|latitude|longitude/.test(line))).toBe(false);
  });

  it('tell when a certificate ends', async () => {
    const certificates = [{ of: 'device', notAfterMs: 1_800_000_000_000, expiring: false }] as const;
    const lines = await linesOf(deviceSnapshotOf({ uplink: uplinkSnapshotOf({}, { certificates }) }));
    expect(lines).toContain('anprd_certificate_expiry_seconds{of="device"} 1800000000');
  });
});
