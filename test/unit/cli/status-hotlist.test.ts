import { describe, expect, it } from 'vitest';
import { renderHotlist } from '../../../src/cli/status-hotlist.js';
import type { DeviceSnapshot } from '../../../src/device-snapshot.js';
import { describeList, type ListSnapshot } from '../../../src/matching/hotlist-snapshot.js';
import { listOf } from '../../support/reports.js';

const NOW_MS = listOf('a').issuedAtMs + 3_600_000;

function inForce(
  options: Parameters<typeof listOf>[1] = {},
  isMatched = true,
): ListSnapshot['inForce'] & object {
  return describeList(listOf('a', options), { nowMs: NOW_MS, maximumAgeMs: 1_800_000, isMatched });
}

function rendered(
  lists: readonly ListSnapshot[],
  recheck: DeviceSnapshot['recheck'] = { pending: [], lateHits: 0 },
) {
  const hotlist = {
    state: 'loaded',
    detail: '',
    markCount: 7,
    clock: 'credible',
    keeperRestarts: 0,
    lists,
  } as const;
  return renderHotlist({ hotlist, recheck } as unknown as DeviceSnapshot, NOW_MS);
}

describe('the lists in the status', () => {
  it('are told with revision, age and how they came', () => {
    expect(
      rendered([
        { id: 'local', inForce: inForce({ origin: 'local', level: 'local', issuedAtMs: NOW_MS - 5_000 }) },
        {
          id: 'stolen',
          inForce: inForce({ revision: 12 }),
          sync: { state: 'current', sinceMs: NOW_MS - 600_000 },
        },
      ]),
    ).toEqual([
      'hotlist loaded: 7 marks',
      '  local: revision 1, 1 entries, local, imported here, 5 s old',
      '  stolen: revision 12, 1 entries, force, 60 min old (over age); current for 10 min',
    ]);
  });

  it('say what is on its way, and what holds it up', () => {
    const fault = { listId: 'a', code: 'hotlist.gap', hint: '', atMs: 0 } as const;
    const texts = rendered([
      { id: 'a', sync: { state: 'silent', sinceMs: 0 } },
      { id: 'b', sync: { state: 'fetching', sinceMs: 0, revision: 3, haveBlobs: 4, ofBlobs: 9 } },
      { id: 'c', sync: { state: 'applying', sinceMs: 0, revision: 3 } },
      {
        id: 'd',
        inForce: inForce({ issuedAtMs: NOW_MS - 5_000 }),
        sync: {
          state: 'held-up',
          sinceMs: 0,
          revision: 3,
          haveBlobs: 1,
          ofBlobs: 2,
          refused: { ...fault, kind: 'refused', message: 'not signed' },
          failing: { ...fault, kind: 'failing', message: 'it has not come' },
        },
      },
    ]);
    expect(texts.slice(1)).toEqual([
      '  a: none in force; no manifest has come since the start',
      '  b: none in force; fetching revision 3: 4 of 9 blobs',
      '  c: none in force; taking revision 3 over',
      '  d: revision 1, 1 entries, force, 5 s old; revision 3 is held up at 1 of 2 blobs; refused: not signed; failing: it has not come',
    ]);
  });

  it('say what is not matched, and what becomes of held reads', () => {
    const texts = rendered(
      [
        { id: 'gone', inForce: inForce({ issuedAtMs: NOW_MS - 5_000 }, false) },
        { id: 'old', inForce: inForce({ issuedAtMs: NOW_MS - 5_000, expiresAtMs: NOW_MS }) },
      ],
      { pending: ['old'], lateHits: 2 },
    );
    expect(texts.slice(1)).toEqual([
      '  gone: revision 1, 1 entries, force, 5 s old, NOT MATCHED: it is not in the configuration any more',
      '  old: revision 1, 1 entries, force, 5 s old, EXPIRED: not matched',
      '  held reads are being checked for what came onto: old',
      '  2 late hits on held reads since the start',
    ]);
  });
});
