import type { DeltaPart, SnapshotPart } from '../package/parts.js';

/** What a package keeps at hand, decided by sizes alone; pure. */
export interface KeepingRules {
  /** The deltas since the snapshot may have this share of its bytes; then a new snapshot is made. */
  readonly chainShare: number;
  /** All deltas together may have this share of its bytes: further back, the snapshot is the cheaper way. */
  readonly deltaShare: number;
  /** The shares count from so many bytes on: below, whatever is fetched costs next to nothing. */
  readonly leastBytes: number;
  /** Each delta is a few retained messages, for which a broker has memory. */
  readonly mostDeltas: number;
  /** So many of the newest, at least one, are not merged: a device that was away for a moment fetches no more than it missed. */
  readonly apart: number;
}

/**
 * A week of changes every five minutes is 2,000 revisions: merged, they are 30 deltas that name each
 * mark once.
 */
export const KEEPING: KeepingRules = {
  chainShare: 0.25,
  deltaShare: 0.5,
  leastBytes: 128 * 1024,
  mostDeltas: 30,
  apart: 5,
};

/** @param deltas of the manifest to come, the newest included. */
export function needsSnapshot(
  snapshot: SnapshotPart,
  deltas: readonly DeltaPart[],
  rules: KeepingRules,
): boolean {
  const since = deltas.filter(({ from }) => from >= snapshot.revision);
  return bytesOf(since) > rules.chainShare * Math.max(snapshot.bytes, rules.leastBytes);
}

/** The deltas without the oldest ones, as far as these are not worth their bytes. */
export function withoutTooOld(
  snapshot: SnapshotPart,
  deltas: readonly DeltaPart[],
  rules: KeepingRules,
): readonly DeltaPart[] {
  const most = rules.deltaShare * Math.max(snapshot.bytes, rules.leastBytes);
  let kept = deltas;
  while (bytesOf(kept) > most && (kept[0]?.to ?? Number.POSITIVE_INFINITY) <= snapshot.revision) {
    kept = kept.slice(1);
  }
  return kept;
}

/**
 * Which delta to merge with the one after it, where there are too many: the two neighbours that
 * together are the smallest part of what came after them. So spans grow with their age, and what a
 * device fetches for nothing of the first one is a small part of what it missed. Never over the
 * snapshot's revision, from which a device without the list goes on.
 * @returns index of the first of the two; undefined where nothing need be merged.
 */
export function mergeAt(
  snapshot: SnapshotPart,
  deltas: readonly DeltaPart[],
  rules: KeepingRules,
): number | undefined {
  if (deltas.length <= rules.mostDeltas) return undefined;
  let best: { readonly index: number; readonly share: number } | undefined;
  let newerBytes = bytesOf(deltas.slice(-rules.apart));
  for (let index = deltas.length - rules.apart - 2; index >= 0; index--) {
    const [one, other] = [deltas[index] as DeltaPart, deltas[index + 1] as DeltaPart];
    const share = (one.bytes + other.bytes) / newerBytes;
    if (one.to !== snapshot.revision && share <= (best?.share ?? Number.POSITIVE_INFINITY)) {
      best = { index, share };
    }
    newerBytes += other.bytes;
  }
  return best?.index;
}

function bytesOf(deltas: readonly DeltaPart[]): number {
  return deltas.reduce((sum, { bytes }) => sum + bytes, 0);
}
