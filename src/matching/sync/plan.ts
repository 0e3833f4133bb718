import type { VoiList } from '../../domain/voi.js';
import { DeviceError } from '../../lib/errors.js';
import { deltasFrom } from '../package/chain.js';
import type { Manifest } from '../package/manifest.js';
import {
  blobName,
  type DeltaPart,
  type Part,
  parseBlobName,
  partName,
  type SnapshotPart,
} from '../package/parts.js';

/** How a device gets from the revision it has to the one it is offered; pure. */

/** Parts to take over in one go: the deltas over the snapshot, or over what is in force. */
export interface Route {
  readonly snapshot?: SnapshotPart;
  /** Oldest first; with a snapshot those that begin at it, else those that reach back to what is in force. */
  readonly deltas: readonly DeltaPart[];
}

export type SyncPlan =
  /** Nothing to do: this is what is in force. */
  | { readonly kind: 'current' }
  /** The owner says anew that what is in force is the list. */
  | { readonly kind: 'confirm' }
  | { readonly kind: 'refuse'; readonly error: DeviceError }
  | {
      readonly kind: 'fetch';
      readonly route: Route;
      /** Blobs to ask for next, at most as many as asked; a part's table goes before its other blobs. */
      readonly wanted: readonly string[];
      readonly haveBlobs: number;
      readonly ofBlobs: number;
      /** About what is still to come. */
      readonly leftBytes: number;
    }
  | { readonly kind: 'apply'; readonly route: Route };

export interface SyncState {
  /** What is in force, if anything. */
  readonly inForce?: VoiList | undefined;
  /** That was ever in force here, also where the list was removed since. */
  readonly highestRevision?: number;
  /** The newest manifest that was taken as true: an older one is a replay, though nothing of it came yet. */
  readonly accepted?: Manifest | undefined;
  /** Verified, of this list. */
  readonly offer: Manifest;
  /** Names of blobs that are here and verified. */
  readonly staged: ReadonlySet<string>;
  /** Blobs that cannot be had for now: not asked for. */
  readonly waiting?: ReadonlySet<string>;
  /** Most blobs to ask for at a time. */
  readonly window: number;
  /** Deltas were found not to fit what is in force. */
  readonly needsWhole?: boolean;
}

/**
 * Invariants
 * - A revision only ever grows, and is one content: what is older, or other, is refused.
 * - What is fetched is what costs the fewest bytes of those ways that lead to the offer's revision,
 *   blobs that are here already not counted; a way that is held up gives place to one that is not.
 * - What an administrator imported under the id of a list is not what its owner's deltas build on: a
 *   newer revision of the owner replaces it whole.
 */
export function planSync(state: SyncState): SyncPlan {
  const { inForce, offer, staged } = state;
  const base = inForce?.origin === 'signed' ? inForce : undefined;
  const error = refusalOf(state);
  if (error !== undefined) return { kind: 'refuse', error };
  if (base?.revision === offer.revision) {
    return { kind: offer.issuedAtMs > base.issuedAtMs ? 'confirm' : 'current' };
  }
  const route = cheapestRoute(state, state.needsWhole ? undefined : base?.revision);
  const parts = partsOf(route);
  const ofBlobs = parts.reduce((sum, part) => sum + part.blobs, 0);
  const haveBlobs = parts.reduce((sum, part) => sum + countOf(part, staged), 0);
  if (haveBlobs === ofBlobs) return { kind: 'apply', route };
  const leftBytes = Math.round(costOf(route, staged));
  return { kind: 'fetch', route, wanted: nextWanted(parts, state), haveBlobs, ofBlobs, leftBytes };
}

export function partsOf(route: Route): readonly Part[] {
  return route.snapshot === undefined ? route.deltas : [route.snapshot, ...route.deltas];
}

/** Whether a staged blob is of use for a manifest. */
export function isOfManifest(name: string, manifest: Manifest): boolean {
  const blob = parseBlobName(name);
  const parts: readonly Part[] = [manifest.snapshot, ...manifest.deltas];
  return blob !== undefined && parts.some((part) => partName(part) === blob.part && blob.index < part.blobs);
}

function refusalOf({ inForce, highestRevision = 0, accepted, offer }: SyncState): DeviceError | undefined {
  const newest = Math.max(inForce?.revision ?? 0, highestRevision, accepted?.revision ?? 0);
  if (offer.revision < newest) {
    return replayed(
      `revision ${offer.revision} was offered after revision ${newest}; expected a later one`,
      inForce?.origin === 'local'
        ? `Revision ${inForce.revision} was imported by hand under this id, and counts as well: the owner has to publish under a higher one, from an empty folder with --first-revision.`
        : 'Somebody plays back an old manifest, or the owner lost count and has to publish under a higher revision, from an empty folder with --first-revision.',
    );
  }
  const isOther =
    (inForce?.revision === offer.revision && isOtherThan(inForce, offer)) ||
    (accepted?.revision === offer.revision && !isSameContent(accepted, offer));
  if (!isOther) return undefined;
  return replayed(
    `revision ${offer.revision} was offered with other contents than it had; expected one content a revision`,
    'The owner has to publish what changed under a higher revision.',
  );
}

function replayed(message: string, hint: string): DeviceError {
  return new DeviceError('hotlist.replayed', { message, hint: `${hint} The list in force stays in force.` });
}

function isOtherThan(inForce: VoiList, offer: Manifest): boolean {
  const { origin, markCount, entryCount } = inForce;
  return origin === 'local' || markCount !== offer.markCount || entryCount !== offer.entryCount;
}

/** Manifests of one revision may keep other parts at hand, but a part of one name is one thing. */
export function isSameContent(one: Manifest, other: Manifest): boolean {
  if (one.revision !== other.revision) return false;
  if (one.markCount !== other.markCount || one.entryCount !== other.entryCount) return false;
  const digests = new Map([one.snapshot, ...one.deltas].map((part) => [partName(part), part.sha256]));
  return [other.snapshot, ...other.deltas].every(
    (part) => (digests.get(partName(part)) ?? part.sha256) === part.sha256,
  );
}

/** The deltas where they cost less to fetch than the whole list; where both cost the same, the deltas. */
function cheapestRoute({ offer, staged, waiting }: SyncState, revision: number | undefined): Route {
  const whole: Route = {
    snapshot: offer.snapshot,
    deltas: offer.deltas.filter(({ from }) => from >= offer.snapshot.revision),
  };
  const deltas = revision === undefined ? undefined : deltasFrom(offer, revision);
  if (deltas === undefined) return whole;
  const change: Route = { deltas };
  const isHeldUp = (route: Route) => partsOf(route).some((part) => countOf(part, waiting) > 0);
  if (isHeldUp(change) !== isHeldUp(whole)) return isHeldUp(change) ? whole : change;
  return costOf(change, staged) <= costOf(whole, staged) ? change : whole;
}

/** Bytes still to come, as far as the manifest tells: the blobs of a part count as equally large. */
function costOf(route: Route, staged: ReadonlySet<string>): number {
  return partsOf(route).reduce(
    (sum, part) => sum + (part.bytes * (part.blobs - countOf(part, staged))) / part.blobs,
    0,
  );
}

/** How many of these blobs are the part's. */
function countOf(part: Part, names: ReadonlySet<string> | undefined): number {
  const prefix = `${partName(part)}/`;
  let count = 0;
  for (const name of names ?? []) if (name.startsWith(prefix)) count++;
  return count;
}

/** Without its table no blob of a part can be verified, so tables come first and the rest waits for them. */
function nextWanted(parts: readonly Part[], { staged, waiting, window }: SyncState): string[] {
  const wanted: string[] = [];
  const ask = (name: string) => {
    if (!staged.has(name) && !waiting?.has(name)) wanted.push(name);
  };
  for (const part of parts) {
    if (wanted.length < window) ask(blobName(part, 0));
  }
  for (const part of parts) {
    if (!staged.has(blobName(part, 0))) continue;
    for (let index = 1; index < part.blobs && wanted.length < window; index++) ask(blobName(part, index));
  }
  return wanted;
}
