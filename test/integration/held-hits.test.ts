import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uuidv7 } from 'uuidv7';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CrewDecision } from '../../src/domain/held-hit.js';
import type { RecordStore } from '../../src/store/record-store.js';
import { ManualClock } from '../support/manual-clock.js';
import { recordStoreIn } from '../support/record-stores.js';
import { matchOf, passageOf, possibleOf } from '../support/reports.js';

/** What the crew's screen finds in the store after a restart. */

const CLOCK_QUALITY = { source: 'unknown' } as const;
const HOUR_MS = 3_600_000;

let folder: string;
let clock: ManualClock;
let store: RecordStore;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anprd-held-hits-'));
  clock = new ManualClock();
  store = recordStoreIn(folder, { clock });
  await store.start();
});
afterEach(async () => {
  await store.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  await store.stop();
  store = recordStoreIn(folder, { clock });
  await store.start();
}

/** @returns the hit's id. */
function commitHit(vrm: string, options: Parameters<typeof passageOf>[1] = {}): string {
  const { hit } = store.commit({
    passage: passageOf(vrm, options),
    match: matchOf(vrm, 'force'),
    clock: CLOCK_QUALITY,
  });
  if (hit === undefined) throw new Error('a match gives a hit');
  return hit.id;
}

function decide(hitId: string, kind: CrewDecision): void {
  store.commitEvent({ id: uuidv7(), kind, hitId, atMs: clock.nowMs(), clock: CLOCK_QUALITY });
}

const heldIds = (withinMs = 12 * HOUR_MS, limit = 100) =>
  store.heldHits(withinMs, limit).map(({ hit }) => hit.id);

describe('hits of an earlier run', () => {
  it('come back as they were issued, the oldest first, without pictures', async () => {
    const ids = [commitHit('AA11AAA'), commitHit('BB22BBB')];
    await restart();
    expect(heldIds()).toEqual(ids);
    const [first] = store.heldHits(HOUR_MS, 1);
    expect(first).toMatchObject({
      hit: { id: ids[1], match: { matchKey: 'BB22BBB', entries: [{ action: 'STOP' }] } },
      passage: { cameraId: 'cam-1', outcome: { read: { vrm: 'BB22BBB' } } },
      stands: true,
    });
    expect(first?.passage).not.toHaveProperty('platePatch');
    expect(first).not.toHaveProperty('decision');
  });

  it('bear the last decision of the crew, acknowledged by the broker or not', async () => {
    const [twice, once] = [commitHit('AA11AAA'), commitHit('BB22BBB')];
    decide(twice, 'hit-confirmed');
    decide(once, 'hit-confirmed');
    clock.advance(60_000);
    decide(twice, 'hit-rejected');
    store.outbox.ack(store.outbox.lease(1_000).map(({ id }) => id));
    await store.sweep();
    await restart();
    expect(store.heldHits(HOUR_MS, 100).map(({ decision }) => decision)).toEqual([
      'hit-rejected',
      'hit-confirmed',
    ]);
    expect(store.heldHits(HOUR_MS, 100)[0]?.decidedAtMs).toBe(clock.nowMs());
  });

  it('say whether they stand', () => {
    const passage = passageOf('AA11AAA', { phase: 'settled' });
    store.commit({ passage, match: matchOf('AA11AAA', 'force'), clock: CLOCK_QUALITY });
    store.commit({
      passage: passageOf('AA11AAB', { id: passage.id, phase: 'closed' }),
      clock: CLOCK_QUALITY,
    });
    expect(store.heldHits(HOUR_MS, 100)).toMatchObject([{ stands: false }]);
    expect(store.hitsOf(passage.id)).toMatchObject([{ stands: false }]);
  });

  it('are left out where they called no crew', () => {
    const passage = passageOf('AA11AAB');
    store.commit({ passage, match: possibleOf('AA11AAA', 'force'), clock: CLOCK_QUALITY });
    expect(heldIds()).toEqual([]);
  });

  it('are no more than asked for, the newest', () => {
    const ids = ['AA11AAA', 'BB22BBB', 'CC33CCC'].map((vrm) => commitHit(vrm));
    expect(heldIds(HOUR_MS, 2)).toEqual(ids.slice(1));
  });

  it('of long ago are left out, though not because the clock was set', async () => {
    const old = commitHit('AA11AAA');
    await store.sweep();
    clock.advance(20 * HOUR_MS);
    await store.sweep();
    const recent = commitHit('BB22BBB');
    expect(heldIds()).toEqual([recent]);
    expect(heldIds(48 * HOUR_MS)).toEqual([old, recent]);
    clock.set(clock.nowMs() + 1_000 * HOUR_MS);
    expect(heldIds()).toEqual([recent]);
  });
});

describe('a hit by its id', () => {
  it('is what was just issued, late ones too', () => {
    const passage = passageOf('AA11AAA');
    store.commit({ passage, clock: CLOCK_QUALITY });
    const late = store.commitLate(passage.id, matchOf('AA11AAA', 'force'), clock.nowMs());
    expect(store.heldHit(late?.id ?? '')).toMatchObject({ hit: late, passage: { id: passage.id } });
    expect(store.heldHit(uuidv7())).toBeUndefined();
  });
});
