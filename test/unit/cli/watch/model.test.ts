import { describe, expect, it } from 'vitest';
import { WatchModel } from '../../../../src/cli/watch/model.js';
import type { DisplayMessage } from '../../../../src/display/messages.js';
import type { ShownHit } from '../../../../src/display/profiles.js';
import { bareHit, snapshotMessage } from '../../../support/shown-hits.js';

/** What keys decide on, and when the bell rings. Times are monotonic milliseconds. */

function modelWith(
  hits: readonly ShownHit[],
  options: Parameters<typeof snapshotMessage>[1] = {},
): WatchModel {
  const model = new WatchModel();
  model.apply(snapshotMessage(hits, options), 0);
  return model;
}

const told = (hit: ShownHit): DisplayMessage => ({ kind: 'hit', hit });
const [STOP, OTHER, SILENT] = [bareHit('stop', 1), bareHit('action', 2), bareHit('silent', 3)];

describe('the hit that keys are for', () => {
  it('is the most urgent that waits, once it could be seen', () => {
    const model = modelWith([SILENT, STOP]);
    expect(model.takeDecision(300)).toBeUndefined();
    expect(model.takeDecision(1_000)).toEqual(STOP);
  });

  it('is not changed by a hit that comes, however urgent', () => {
    const model = modelWith([OTHER]);
    model.apply(told(STOP), 900);
    expect(model.hits[0]).toEqual(STOP);
    expect(model.takeDecision(1_000)).toEqual(OTHER);
  });

  it('is the next that waits when it is decided, and a bouncing key does not decide on that as well', () => {
    const model = modelWith([STOP, OTHER]);
    expect(model.takeDecision(1_000)).toEqual(STOP);
    model.apply(told({ ...STOP, state: 'confirmed' }), 1_050);
    expect(model.chosen).toEqual(OTHER);
    expect(model.takeDecision(1_100)).toBeUndefined();
    expect(model.takeDecision(1_700)).toEqual(OTHER);
  });

  it('is decided on once by a key that is held down', () => {
    const model = modelWith([STOP, OTHER]);
    const obeyed: unknown[] = [];
    for (let atMono = 1_000; atMono < 4_000; atMono += 33) {
      const hit = model.takeDecision(atMono);
      if (hit === undefined) continue;
      obeyed.push(hit);
      model.apply(told({ ...hit, state: 'rejected' }), atMono + 5);
    }
    expect(obeyed).toEqual([STOP]);
  });

  it('is another by hand, around both ends, and stays there', () => {
    const model = modelWith([STOP, OTHER, { ...SILENT, state: 'confirmed' }]);
    model.move(-1, 0);
    expect(model.chosen).toMatchObject({ category: 'silent', state: 'confirmed' });
    model.apply(told(bareHit('stop', 9)), 500);
    expect(model.takeDecision(1_000)).toMatchObject({ category: 'silent' });
    model.move(1, 2_000);
    expect(model.chosen).toMatchObject({ arrival: 9 });
  });

  it('is the most urgent again at a key, which then takes its time as well', () => {
    const model = modelWith([OTHER]);
    model.apply(told(STOP), 900);
    model.moveToTop(1_000);
    expect(model.takeDecision(1_100)).toBeUndefined();
    expect(model.takeDecision(1_700)).toEqual(STOP);
  });

  it('is none where all are decided, until one comes', () => {
    const model = modelWith([{ ...STOP, state: 'rejected' }]);
    expect(model.takeDecision(1_000)).toBeUndefined();
    model.apply(told(OTHER), 2_000);
    expect(model.takeDecision(2_500)).toBeUndefined();
    expect(model.takeDecision(3_000)).toEqual(OTHER);
  });

  it('is none while the driver may look', () => {
    expect(modelWith([STOP], { profile: 'driver-moving' }).takeDecision(1_000)).toBeUndefined();
  });

  it('could not be seen before the profile showed it', () => {
    const model = modelWith([STOP], { profile: 'driver-moving' });
    model.apply(snapshotMessage([STOP], { profile: 'stationary' }), 5_000);
    expect(model.takeDecision(5_100)).toBeUndefined();
    expect(model.takeDecision(5_700)).toEqual(STOP);
  });

  it('is another when it has gone from the board', () => {
    const model = modelWith([STOP, OTHER]);
    model.apply({ kind: 'gone', id: STOP.id }, 500);
    expect(model.chosen).toEqual(OTHER);
  });
});

describe('a lost daemon', () => {
  it('takes all hits from the screen, and counts from the first moment', () => {
    const model = modelWith([STOP]);
    model.disconnect('it has ended', 1_000);
    model.disconnect('nobody answers', 2_000);
    expect([model.hits, model.equipment, model.chosen]).toEqual([[], undefined, undefined]);
    expect(model.lost).toEqual({ sinceMono: 1_000, why: 'nobody answers' });
    model.apply(snapshotMessage([STOP]), 3_000);
    expect(model.lost).toBeUndefined();
    expect(model.hits).toEqual([STOP]);
  });
});

describe('the bell', () => {
  it('rings for a hit that waits, once, in the sound of the most urgent', () => {
    const model = new WatchModel();
    expect(model.apply(snapshotMessage([SILENT, OTHER]), 0)).toBe('action');
    expect(model.apply(told(STOP), 1)).toBe('stop');
    expect(model.apply(told(STOP), 2)).toBeUndefined();
    model.disconnect('restart', 3);
    expect(model.apply(snapshotMessage([SILENT, OTHER, STOP]), 4)).toBeUndefined();
    expect(model.apply(told(bareHit('information', 4)), 5)).toBe('information');
  });

  it('keeps still while muted, and does not make up for it', () => {
    const model = modelWith([], { mutedMs: 60_000 });
    expect(model.apply(told(STOP), 1_000)).toBeUndefined();
    expect(model.mutedMs(1_000)).toBe(59_000);
    expect(model.apply(told(OTHER), 61_000)).toBe('action');
  });

  it('keeps still for what is late, or decided', () => {
    const model = modelWith([]);
    expect(model.apply(told({ ...STOP, state: 'late' }), 1)).toBeUndefined();
    expect(model.apply(told({ ...OTHER, state: 'confirmed' }), 2)).toBeUndefined();
  });
});
