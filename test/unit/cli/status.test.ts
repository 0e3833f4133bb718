import { describe, expect, it } from 'vitest';
import { renderStatus } from '../../../src/cli/status.js';
import { deviceSnapshotOf } from '../../support/snapshots.js';

describe('the status', () => {
  it('says on a good day that there is nothing to do', () => {
    expect(renderStatus(deviceSnapshotOf()).split('\n').slice(0, 3)).toEqual([
      'unit-1: up 62 s',
      'no warnings',
      '',
    ]);
  });

  it('begins with what is wrong: a stage that gets nothing done, then warnings with their remedies', () => {
    const warning = {
      code: 'camera-lost',
      subject: 'cam-1',
      title: 'Camera gives no frames',
      remedy: 'Check its power.',
      severity: 'high',
      detail: 'silent',
      sinceMs: 0,
      lastMs: 0,
    } as const;
    const snapshot = deviceSnapshotOf({ warnings: [warning], watchdog: { stalled: ['store'] } });
    expect(renderStatus(snapshot).split('\n').slice(1, 4)).toEqual([
      'STALLED store: the service manager will restart anprd',
      'HIGH Camera gives no frames [cam-1]: silent',
      '  Check its power.',
    ]);
  });
});
