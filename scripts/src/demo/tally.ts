import { foldVrm, parseVrm, type Vrm } from '../../../src/domain/vrm.js';
import type { ClipTruth, VehicleTruth } from '../clip/render-clip.js';
import type { ReceivedHit, ReceivedRead } from './receiver.js';

/** What came of a clip, held against what was in it; pure. */
export interface Tally {
  /** In the order of the clip; `read` is the record of that vehicle, if there is one. */
  readonly vehicles: readonly {
    readonly truth: VehicleTruth;
    readonly read?: ReceivedRead;
    readonly right: boolean;
  }[];
  /** Records that belong to no vehicle: a sign, an overlay, a second record of one vehicle. */
  readonly others: readonly ReceivedRead[];
  readonly expectedHits: number;
  readonly deliveredOnce: number;
  /** Expected hits that did not come. */
  readonly missing: readonly Vrm[];
  /** Hits of one vehicle with different ids. */
  readonly doubled: readonly Vrm[];
  /** Marks that hit without being wanted. */
  readonly wrong: readonly string[];
}

/** A record whose frames reach this much beyond a vehicle's time in view is not of that vehicle. */
const MARGIN_S = 0.6;

export function tally(
  clip: ClipTruth,
  wanted: readonly Vrm[],
  reads: readonly ReceivedRead[],
  hits: readonly ReceivedHit[],
): Tally {
  // QoS 1 may deliver a message again; what counts is its id.
  const left = new Map(reads.map((read) => [read.recordId, read]));
  const byTruth = new Map<VehicleTruth, ReceivedRead>();
  const assign = (accept: (truth: VehicleTruth, read: ReceivedRead) => boolean) => {
    for (const truth of clip.vehicles) {
      if (byTruth.has(truth)) continue;
      const found = [...left.values()].find((read) => accept(truth, read));
      if (found === undefined) continue;
      byTruth.set(truth, found);
      left.delete(found.recordId);
    }
  };
  assign((truth, read) => saysTheSame(truth.vrm, read.vrm));
  assign((truth, read) => isInView(truth, read, clip.framesPerSecond));

  const hitIds = new Map<string, Set<string>>();
  for (const hit of hits) {
    for (const { entry } of hit.entries) {
      const ids = hitIds.get(keyOf(entry.vrm)) ?? new Set();
      hitIds.set(keyOf(entry.vrm), ids.add(hit.hitId));
    }
  }
  const count = (vrm: Vrm) => hitIds.get(keyOf(vrm))?.size ?? 0;
  const wantedKeys = new Set(wanted.map(keyOf));
  return {
    vehicles: clip.vehicles.map((truth) => {
      const read = byTruth.get(truth);
      return {
        truth,
        ...(read !== undefined && { read }),
        right: read !== undefined && saysTheSame(truth.vrm, read.vrm),
      };
    }),
    others: [...left.values()],
    expectedHits: wanted.length,
    deliveredOnce: wanted.filter((vrm) => count(vrm) === 1).length,
    missing: wanted.filter((vrm) => count(vrm) === 0),
    doubled: wanted.filter((vrm) => count(vrm) > 1),
    wrong: [...hitIds.keys()].filter((key) => !wantedKeys.has(key)),
  };
}

/** O is 0 and I is 1: the same glyph on a UK plate. */
function keyOf(text: string): string {
  const vrm = parseVrm(text);
  return vrm === undefined ? text : foldVrm(vrm);
}

export function saysTheSame(vrm: Vrm, text: string | undefined): boolean {
  return text !== undefined && keyOf(text) === keyOf(vrm);
}

function isInView(truth: VehicleTruth, read: ReceivedRead, framesPerSecond: number): boolean {
  const first = read.frames.first / framesPerSecond;
  const last = read.frames.last / framesPerSecond;
  return (
    first > truth.firstVisibleS - MARGIN_S &&
    last < truth.lastVisibleS + MARGIN_S &&
    first <= truth.lastVisibleS &&
    last >= truth.firstVisibleS &&
    (read.direction === 'unknown' || read.direction === truth.direction)
  );
}
