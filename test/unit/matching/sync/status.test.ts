import { beforeEach, describe, expect, it } from 'vitest';
import { DeviceError } from '../../../../src/lib/errors.js';
import { MOST_TOLD_AN_HOUR, StatusBoard, type SyncFault } from '../../../../src/matching/sync/status.js';
import { ManualClock } from '../../../support/manual-clock.js';

const HOUR_MS = 3_600_000;

let clock: ManualClock;
let told: SyncFault[];
let board: StatusBoard;
beforeEach(() => {
  clock = new ManualClock();
  told = [];
  board = new StatusBoard('stolen', clock, (fault) => told.push(fault));
});

const forged = (by: string) =>
  new DeviceError('hotlist.signature-invalid', { message: `signed by ${by}`, hint: 'Check the key.' });

describe('what is refused', () => {
  it('is told once as long as it stays the same, and again after it was over', () => {
    for (let times = 0; times < 3; times++) board.fault('refused', forged('a'));
    expect(told).toMatchObject([{ listId: 'stolen', kind: 'refused', message: 'signed by a' }]);
    board.clear('refused');
    expect(board.status.refused).toBeUndefined();
    board.fault('refused', forged('a'));
    expect(told).toHaveLength(2);
  });

  it('is told some times an hour, however often it is something else: the status has the last', () => {
    for (let by = 0; by < 1_000; by++) {
      board.fault('refused', forged(String(by)));
      // Somebody plays the good one back in between.
      board.clear('refused');
    }
    board.fault('refused', forged('the last'));
    expect(told).toHaveLength(MOST_TOLD_AN_HOUR);
    expect(board.status.refused).toMatchObject({ message: 'signed by the last' });
    clock.advance(HOUR_MS);
    board.fault('refused', forged('another'));
    expect(told).toHaveLength(MOST_TOLD_AN_HOUR + 1);
  });
});

describe('what is no fault of lists or disks', () => {
  it('is thrown on: it is a fault of ours', () => {
    expect(() => board.fault('failing', new TypeError('a bug'))).toThrow('a bug');
    expect(told).toEqual([]);
  });
});
