import { describe, expect, it } from 'vitest';
import type { ClipTruth, VehicleTruth } from '../../../scripts/src/clip/render-clip.js';
import { parseDemoArguments } from '../../../scripts/src/demo/arguments.js';
import { demoHotlist } from '../../../scripts/src/demo/hotlist.js';
import type { ReceivedHit, ReceivedRead } from '../../../scripts/src/demo/receiver.js';
import { faults, summaryLines } from '../../../scripts/src/demo/report.js';
import { tally } from '../../../scripts/src/demo/tally.js';
import type { Vrm } from '../../../src/domain/vrm.js';

const vrms = (...texts: string[]) => texts as Vrm[];

function shown(vrm: string, firstVisibleS: number, lastVisibleS: number): VehicleTruth {
  return {
    vrm: vrm as Vrm,
    firstVisibleS,
    lastVisibleS,
    direction: 'towards',
    lines: 1,
    stops: false,
    widestPx: 130,
  };
}

const clip: ClipTruth = {
  seed: 's',
  rendererVersion: 1,
  widthPx: 1280,
  heightPx: 720,
  framesPerSecond: 25,
  frameCount: 500,
  vehicles: [shown('AB12CDE', 2, 3), shown('K156YPE', 6, 7), shown('OR17GEM', 10, 15)],
};

function read(recordId: string, vrm: string | undefined, fromS: number, toS: number): ReceivedRead {
  return {
    recordId,
    outcome: vrm === undefined ? 'unreadable' : 'read',
    vrm,
    probability: 0.99,
    direction: 'towards',
    capturedAt: '2026-01-01T00:00:00.000Z',
    frames: { first: fromS * 25, last: toS * 25, found: 10, read: 10 },
    plateCorners: [0, 1, 2, 3].map((x): [number, number] => [x, x]),
  };
}

function hit(hitId: string, vrm: string, of: ReceivedRead): ReceivedHit {
  return { hitId, entries: [{ entry: { vrm, action: 'STOP', reason: 'stolen' } }], read: of };
}

describe('the tally', () => {
  const reads = [read('1', 'AB12CDE', 2, 3), read('2', 'KI56YPE', 6.1, 7), read('3', '0RI7GEM', 10, 15)];

  it('finds everything right, with O as 0 and I as 1', () => {
    const found = tally(clip, vrms('K156YPE'), reads, [hit('h', 'K156YPE', reads[1] as ReceivedRead)]);
    expect(found.vehicles.map(({ right }) => right)).toEqual([true, true, true]);
    expect(found).toMatchObject({
      others: [],
      expectedHits: 1,
      deliveredOnce: 1,
      missing: [],
      doubled: [],
      wrong: [],
    });
    expect(faults(found)).toEqual([]);
  });

  it('knows a misread vehicle by when it was in view, and a sign by that it was not', () => {
    const found = tally(clip, [], [read('1', 'AB12CDF', 2.2, 3.2), read('9', 'BUSLANE', 0, 19)], []);
    expect(found.vehicles[0]).toMatchObject({ right: false, read: { vrm: 'AB12CDF' } });
    expect(found.vehicles[1]?.read).toBeUndefined();
    expect(found.others.map(({ vrm }) => vrm)).toEqual(['BUSLANE']);
  });

  it('counts a repeated message once, and two hits of one vehicle as a fault', () => {
    const [first] = reads as [ReceivedRead];
    const repeated = [hit('h', 'AB12CDE', first), hit('h', 'AB12CDE', first)];
    expect(tally(clip, vrms('AB12CDE'), [...reads, first], repeated)).toMatchObject({
      deliveredOnce: 1,
      others: [],
    });
    const doubled = tally(clip, vrms('AB12CDE'), reads, [...repeated, hit('h2', 'AB12CDE', first)]);
    expect(doubled.deliveredOnce).toBe(0);
    expect(faults(doubled)).toEqual(['AB12CDE hit more than once']);
  });

  it('names what did not come and what should not have', () => {
    const found = tally(clip, vrms('AB12CDE'), reads, [hit('h', 'XX11XXX', reads[0] as ReceivedRead)]);
    expect(faults(found)).toEqual(['the hit on AB12CDE did not come', 'XX11XXX hit, but is not in the clip']);
  });

  it('is told with every vehicle that went wrong', () => {
    const found = tally(clip, [], [read('1', 'AB12CDF', 2, 3), read('2', undefined, 6, 7)], []);
    const text = summaryLines({ tally: found, status: undefined, sheetPath: undefined }).join('\n');
    expect(text).toMatch(/vehicles shown +3\n/);
    expect(text).toMatch(/read right .* 0\n/);
    expect(text).toContain('AB12CDE was read as AB12CDF');
    expect(text).toContain('K156YPE was unreadable');
    expect(text).toContain('OR17GEM was not captured');
  });
});

describe('the hotlist', () => {
  const marks = vrms('AB12CDE', 'K156YPE', 'OR17GEM', 'V481EHY', 'MDJ475M');
  const list = demoHotlist(marks, { seed: 's', wanted: 2, lookalikes: 2, others: 50 });

  it('has what it says, each mark once', () => {
    const rows = list.csv.trimEnd().split('\r\n').slice(1);
    expect(rows).toHaveLength(54);
    expect(list.rowCount).toBe(54);
    const onList = rows.map((row) => row.split(',')[0] as Vrm);
    expect(new Set(onList).size).toBe(54);
    expect(onList.filter((vrm) => marks.includes(vrm)).sort()).toEqual([...list.wanted].sort());
  });

  it('has look-alikes one character away from a vehicle that is not wanted', () => {
    expect(list.lookalikes).toHaveLength(2);
    for (const lookalike of list.lookalikes) {
      const near = marks.filter(
        (mark) => [...mark].filter((character, i) => character !== lookalike[i]).length === 1,
      );
      expect(near).toHaveLength(1);
      expect(list.wanted).not.toContain(near[0]);
    }
  });

  it('is the same for the same seed', () => {
    expect(demoHotlist(marks, { seed: 's', wanted: 2, lookalikes: 2, others: 50 })).toEqual(list);
  });
});

describe('the arguments', () => {
  it('mean the clip by default', () => {
    expect(parseDemoArguments([])).toEqual({ kind: 'clip', seed: 'demo', vehicles: 16 });
    expect(parseDemoArguments(['--seed', 'x', '--vehicles', '3'])).toEqual({
      kind: 'clip',
      seed: 'x',
      vehicles: 3,
    });
  });

  it('name a camera or a stream', () => {
    expect(parseDemoArguments(['--live', '/dev/video0'])).toMatchObject({
      source: { kind: 'v4l2', device: '/dev/video0' },
    });
    expect(parseDemoArguments(['--live', 'rtsp://h/s'])).toMatchObject({
      source: { kind: 'rtsp', url: 'rtsp://h/s' },
    });
  });

  it.each([
    [['--live', 'camera']],
    [['--live']],
    [['--live', '/dev/video0', '--seed', 'x']],
    [['--hotlist', 'x.csv']],
    [['--seed', '../x']],
    [['--vehicles', '0']],
    [['--vehicles', 'many']],
    [['extra']],
  ])('are refused: %j', (argv) => {
    expect(parseDemoArguments(argv)).toMatchObject({ kind: 'wrong', problem: expect.stringMatching(/./) });
  });
});
