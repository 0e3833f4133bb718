import { describe, expect, it } from 'vitest';
import { healthReport as declaration } from '../../src/contract/unit.js';
import { healthReport } from '../../src/health-report.js';
import { deviceSnapshotOf, storeSnapshotOf, uplinkSnapshotOf } from '../support/snapshots.js';

const NOW_MS = Date.UTC(2026, 10, 22, 10);
const told = (snapshot = deviceSnapshotOf(), store = storeSnapshotOf()) =>
  declaration.parse(JSON.parse(healthReport(snapshot, store, NOW_MS)));

describe('what a unit tells of itself', () => {
  it('is what the contract declares, no field more', () => {
    expect(told()).toMatchObject({ unitId: 'unit-1', at: '2026-11-22T10:00:00.000Z', uptimeSeconds: 61 });
  });

  it('names the end of the chain, so that a tail that never came is seen', () => {
    const head = { chain: '01930000-0000-7000-8000-000000000009', sequence: 99, digest: 'B'.repeat(43) };
    expect(told(deviceSnapshotOf(), storeSnapshotOf({ head })).chain).toEqual(head);
  });

  it('says what waits, since when, and what was lost for which reason', () => {
    const { lanes } = storeSnapshotOf();
    const losses = [{ lane: 'read-images', reason: 'budget', count: 40 }] as const;
    const store = storeSnapshotOf({
      lanes: { ...lanes, reads: { items: 7, bytes: 7_000, oldestMs: 90_500 } },
      losses,
    });
    expect(told(deviceSnapshotOf(), store)).toMatchObject({
      lanes: { hits: { items: 0 }, reads: { items: 7, bytes: 7_000, oldestSeconds: 90 } },
      losses,
    });
  });

  it('carries warnings without their details, which may name files and addresses', () => {
    const warning = {
      code: 'broker-away',
      subject: '',
      title: 't',
      remedy: 'r',
      severity: 'medium',
      detail: 'no connection to mqtt://10.0.0.1',
      sinceMs: NOW_MS - 60_000,
      lastMs: NOW_MS,
    } as const;
    const text = healthReport(deviceSnapshotOf({ warnings: [warning] }), storeSnapshotOf(), NOW_MS);
    expect(text).not.toContain('10.0.0.1');
    expect(JSON.parse(text).warnings).toEqual([
      { code: 'broker-away', subject: '', severity: 'medium', since: '2026-11-22T09:59:00.000Z' },
    ]);
  });

  it('says how receiver, lines and machine do; when the illuminator is on would tell of the place', () => {
    const lines = { board: 'onoff', failures: 0, isIlluminatorOn: true, isTamperOpen: true } as const;
    const report = told(deviceSnapshotOf({ lines }));
    expect(report.position).toEqual({
      source: 'serial',
      state: 'fixed',
      ageSeconds: 0,
      hdop: 0.9,
      satellites: 9,
    });
    expect(report.lines).toEqual({ board: 'onoff', tamperOpen: true });
    expect(report.machine).toMatchObject({ celsius: 51, throttled: false });
  });

  it('adds up what the metered link has carried in this hour', () => {
    const { meter } = uplinkSnapshotOf();
    const spentBytes = { ...meter.spentBytes, hits: 500 };
    const uplink = uplinkSnapshotOf({ meter: { ...meter, spentBytes } });
    expect(told(deviceSnapshotOf({ uplink })).link.meteredBytes).toBe(900);
  });
});
