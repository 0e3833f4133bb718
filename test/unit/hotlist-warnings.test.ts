import { beforeEach, describe, expect, it } from 'vitest';
import { Warnings } from '../../src/health/warnings.js';
import { HotlistWarnings } from '../../src/hotlist-warnings.js';
import { createLogger } from '../../src/lib/log.js';
import {
  describeList,
  type HotlistSnapshot,
  type ListSnapshot,
} from '../../src/matching/hotlist-snapshot.js';
import type { SyncStatus } from '../../src/matching/sync/status.js';
import { ManualClock } from '../support/manual-clock.js';
import { listOf } from '../support/reports.js';

let clock: ManualClock;
let warnings: Warnings;
let hotlist: HotlistWarnings;

beforeEach(() => {
  clock = new ManualClock(1_789_999_100_000);
  warnings = new Warnings({ clock, log: createLogger('silent') });
  hotlist = new HotlistWarnings(warnings);
});

const fault = (kind: 'refused' | 'failing', message: string) => ({
  listId: 'stolen',
  kind,
  code: 'hotlist.package-invalid' as const,
  message,
  hint: 'Do this.',
  atMs: 0,
});
const current: SyncStatus = { state: 'current', sinceMs: 0 };

function listAged(hours: number, options: Parameters<typeof listOf>[1] = {}, isMatched = true): ListSnapshot {
  const nowMs = listOf('stolen').issuedAtMs + hours * 3_600_000;
  const list = listOf('stolen', options);
  return {
    id: 'stolen',
    inForce: describeList(list, { nowMs, maximumAgeMs: 24 * 3_600_000, isMatched }),
    sync: current,
  };
}

/** What is shown half a minute later, when what mends itself has had its time. */
function shown(
  lists: readonly ListSnapshot[],
  more: Partial<HotlistSnapshot> = {},
  link: Parameters<HotlistWarnings['look']>[1] = { isConnected: true },
) {
  const state = lists.some(({ inForce }) => inForce?.isMatched) ? 'loaded' : 'missing';
  const snapshot = {
    state,
    detail: 'why',
    markCount: 1,
    clock: 'credible',
    keeperRestarts: 0,
    lists,
    ...more,
  } as const;
  hotlist.look(snapshot, link);
  clock.advance(31_000);
  hotlist.look(snapshot, link);
  return warnings.visible().map(({ code, subject, detail }) => `${code} [${subject}] ${detail}`);
}

describe('warnings of lists', () => {
  it('are none where all is well', () => {
    expect(shown([listAged(1)])).toEqual([]);
  });

  it('name the list that is too old or expired, and since when', () => {
    expect(shown([listAged(25)])).toEqual([
      'hotlist-over-age [stolen] revision 1 was confirmed last at 2026-09-21T13:56:40.000Z',
    ]);
    expect(shown([listAged(2, { expiresAtMs: listOf('stolen').issuedAtMs + 3_600_000 })])).toEqual([
      'hotlist-expired [stolen] revision 1 was valid until 2026-09-21T14:56:40.000Z',
    ]);
  });

  it('say why a revision was refused or cannot be taken over, and what to do', () => {
    const sync = {
      ...current,
      refused: fault('refused', 'not signed'),
      failing: fault('failing', 'a blob is missing'),
    };
    expect(shown([{ ...listAged(1), sync }])).toEqual([
      'hotlist-refused [stolen] not signed. Do this.',
      'hotlist-failing [stolen] a blob is missing. Do this.',
    ]);
    expect(shown([listAged(1)])).toEqual([]);
  });

  it('say that a list which is not in force has not been heard of, where there is a connection', () => {
    const silent: ListSnapshot = { id: 'stolen', sync: { state: 'silent', sinceMs: 0 } };
    expect(shown([silent], { markCount: 0 })).toEqual([
      'hotlist-missing [] why',
      expect.stringContaining('hotlist-failing [stolen] no manifest of it has come'),
    ]);
    expect(shown([silent], { markCount: 0 }, { isConnected: false })).toEqual(['hotlist-missing [] why']);
  });

  it('say that nothing is matched, or that the file fails under lists that are matched', () => {
    expect(shown([], { state: 'unreadable', markCount: 0 })).toEqual(['hotlist-missing [] why']);
    expect(shown([listAged(1)], { state: 'unreadable' })).toEqual(['hotlist-failing [] why']);
    expect(shown([listAged(30, {}, false)], { markCount: 0 })).toEqual(['hotlist-missing [] why']);
    expect(shown([], { state: 'starting', markCount: 0 })).toEqual([]);
  });

  it('say what the broker refuses to send', () => {
    expect(
      shown([listAged(1)], {}, { isConnected: true, problem: 'it does not let this client read' }),
    ).toEqual(['hotlist-failing [] it does not let this client read']);
  });

  it('say which way the clock must be wrong', () => {
    expect(shown([listAged(1)], { clock: 'behind' })).toEqual([
      expect.stringMatching(
        /^clock-doubtful \[\] it is earlier than the list stolen was issued \(20.*Z\), unless/,
      ),
    ]);
    expect(shown([listAged(1)], { clock: 'ahead' })).toEqual([
      'clock-doubtful [] it is over a year after every list was issued',
    ]);
  });

  it('end with their list', () => {
    expect(shown([listAged(25), { ...listAged(25), id: 'other' }])).toHaveLength(2);
    expect(shown([listAged(1)])).toEqual([]);
  });
});
