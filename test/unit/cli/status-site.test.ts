import { describe, expect, it } from 'vitest';
import { renderOptics, renderSite } from '../../../src/cli/status-site.js';
import { deviceSnapshotOf } from '../../support/snapshots.js';

const rendered = (changes: Parameters<typeof deviceSnapshotOf>[0] = {}) =>
  renderSite(deviceSnapshotOf(changes));

describe('how plates look to a camera, in the status', () => {
  const [camera] = deviceSnapshotOf().cameras;
  if (camera === undefined) throw new Error('a device without a camera');

  it('is a line that an engineer aims and focuses by', () => {
    expect(renderOptics(camera)).toEqual([
      "  plates of the last 12 vehicles: 22 px high, brightness 148 of 255, contrast 0.70, blur 0.9 times a sharp one's; view learning",
    ]);
  });

  it('is left out on an empty road', () => {
    expect(renderOptics({ ...camera, optics: { vehicles: 0 } })).toEqual([]);
  });
});

describe('what surrounds the device, in the status', () => {
  it('is a line each of what there is', () => {
    expect(rendered()).toEqual([
      'position: fixed, newest fix 420 ms ago, 9 satellites, HDOP 0.9, 9600 baud, 1 sentences damaged',
      'machine: 51 °C, 9000 MB of disk free',
      'display: driver-moving, 1 screens, 1 of 2 hits not decided on',
    ]);
  });

  it('says what switches and lamps say, where there are lines', () => {
    const lines = {
      board: 'onoff',
      failures: 0,
      isIlluminatorOn: true,
      isTamperOpen: false,
      isIgnitionOn: true,
      lamp: 'warning',
      mutedForMs: 61_000,
    } as const;
    expect(rendered({ lines })).toContain(
      'lines (onoff): illuminator on, cabinet shut, ignition on, lamp shows warning, muted for 61 s',
    );
  });

  it('says what the machine suffers from', () => {
    const machine = { celsius: 84, isThrottled: true, isUnderVoltage: true, wornPercent: 90 };
    expect(rendered({ machine })).toContain('machine: 84 °C, throttled, supply too low, disk 90 % worn');
  });

  it('tells a receiver without a fix from a surveyed place and from none', () => {
    const counts = { sentences: 0, badSentences: 0, reopened: 0 };
    const first = (position: Parameters<typeof deviceSnapshotOf>[0] & object) => rendered(position)[0];
    expect(first({ position: { source: 'gpsd', state: 'silent', ...counts } })).toBe(
      'position: silent, no fix yet',
    );
    expect(first({ position: { source: 'surveyed', state: 'none', ...counts } })).toBe(
      'position: as surveyed',
    );
    expect(first({ position: { source: 'none', state: 'none', ...counts } })).toMatch(/^machine/);
  });
});
