import { describe, expect, it } from 'vitest';
import type { DeltaPart, SnapshotPart } from '../../../../src/matching/package/parts.js';
import {
  KEEPING,
  mergeAt,
  needsSnapshot,
  withoutTooOld,
} from '../../../../src/matching/publisher/keeping.js';

const SNAPSHOT_BYTES = 26_000_000;
const CHANGE_BYTES = 5_000;
/** Of a revision every five minutes. */
const WEEK = 2_016;

const snapshotAt = (revision: number): SnapshotPart => ({
  ...{ revision, bytes: SNAPSHOT_BYTES, blobs: 300, sha256: '', markCount: 0, entryCount: 0 },
});
const delta = (from: number, to: number, bytes: number): DeltaPart => ({
  from,
  to,
  bytes,
  blobs: 2,
  sha256: '',
});

/** What a publisher keeps after so many revisions of like size; merged, changes take as much as apart. */
function after(revisions: number): {
  snapshot: SnapshotPart;
  deltas: readonly DeltaPart[];
  snapshots: number;
} {
  let snapshot = snapshotAt(1);
  let deltas: readonly DeltaPart[] = [];
  let snapshots = 1;
  for (let revision = 2; revision <= revisions; revision++) {
    deltas = [...deltas, delta(revision - 1, revision, CHANGE_BYTES)];
    if (needsSnapshot(snapshot, deltas, KEEPING)) {
      snapshot = snapshotAt(revision);
      snapshots++;
    }
    deltas = withoutTooOld(snapshot, deltas, KEEPING);
    for (
      let at = mergeAt(snapshot, deltas, KEEPING);
      at !== undefined;
      at = mergeAt(snapshot, deltas, KEEPING)
    ) {
      const [one, other] = deltas.slice(at, at + 2) as [DeltaPart, DeltaPart];
      deltas = deltas.toSpliced(at, 2, delta(one.from, other.to, one.bytes + other.bytes));
    }
  }
  return { snapshot, deltas, snapshots };
}

describe('what a package keeps after weeks of changes every five minutes', () => {
  const { snapshot, deltas, snapshots } = after(3 * WEEK);

  it('is a few deltas, each from where the one before it ends, and one begins at the snapshot', () => {
    expect(deltas.length).toBeLessThanOrEqual(KEEPING.mostDeltas);
    for (const [index, { from }] of deltas.slice(1).entries()) expect(from).toBe(deltas[index]?.to);
    expect(deltas.at(-1)?.to).toBe(3 * WEEK);
    expect(deltas.some(({ from }) => from === snapshot.revision)).toBe(true);
  });

  it('costs a device at most half more than what it missed, however long it was away within a week', () => {
    for (let missed = 1; missed <= WEEK; missed++) {
      const revision = 3 * WEEK - missed;
      const bytes = deltas.filter(({ to }) => to > revision).reduce((sum, part) => sum + part.bytes, 0);
      expect(bytes, `away for ${missed} revisions`).toBeLessThanOrEqual(1.5 * missed * CHANGE_BYTES);
    }
  });

  it('is no more than half of a snapshot, beyond which the snapshot is the cheaper way', () => {
    const bytes = deltas.reduce((sum, part) => sum + part.bytes, 0);
    expect(bytes).toBeLessThanOrEqual(SNAPSHOT_BYTES * KEEPING.deltaShare);
    expect(deltas[0]?.from).toBeLessThan(2 * WEEK);
  });

  it('needs a new snapshot a few times a month', () => {
    expect(snapshots).toBeGreaterThan(2);
    expect(snapshots).toBeLessThan(8);
  });
});

describe('a list of a few marks', () => {
  it('does not get a new snapshot with every change, though that would be as small', () => {
    const tiny = { ...snapshotAt(1), bytes: 300 };
    expect(needsSnapshot(tiny, [delta(1, 2, 300)], KEEPING)).toBe(false);
    expect(needsSnapshot(tiny, [delta(1, 2, 40_000)], KEEPING)).toBe(true);
  });
});
