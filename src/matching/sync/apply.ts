import type { VoiList } from '../../domain/voi.js';
import type { ListMeta } from '../list-store/list-rows.js';
import type { ListStore } from '../list-store/list-store.js';
import { FIRST_ISSUE_MS } from '../package/limits.js';
import type { Manifest } from '../package/manifest.js';
import type { DeltaPart } from '../package/parts.js';
import { type BlobReader, readPart } from '../package/read-part.js';
import { mergeParts, withoutRemoved } from './merge.js';
import type { Route } from './plan.js';

/** Each part holds about a megabyte while it is merged; owners keep fewer than these at hand. */
const MOST_MERGED_PARTS = 32;

export interface ApplyOptions {
  readonly manifest: Manifest;
  readonly route: Route;
  readonly inForce: VoiList | undefined;
  readonly readBlob: BlobReader;
  /** UTC, milliseconds. */
  readonly nowMs: number;
  /** While a whole list is taken over: marks written so far. */
  readonly onProgress?: (marks: number) => void;
}

/**
 * Takes over what a manifest describes, all of the route in one step, so that matching never stands
 * on a revision in between. Only routes of more parts than an owner keeps are taken in several.
 *
 * @throws DeviceError hotlist.package-invalid where the contents are not in order; hotlist.gap where
 *   the deltas do not make the revision the manifest tells of; hotlist.replayed where it has been
 *   overtaken; hotlist.store-failed. What is in force then stays.
 */
export async function applyRoute(store: ListStore, options: ApplyOptions): Promise<void> {
  const { route, readBlob, onProgress } = options;
  let deltas = route.deltas;
  if (route.snapshot !== undefined) {
    const merged = deltas.slice(0, MOST_MERGED_PARTS);
    deltas = deltas.slice(merged.length);
    const parts = [route.snapshot, ...merged].map((part) => readPart(part, readBlob));
    const reached = merged.at(-1)?.to ?? route.snapshot.revision;
    await store.replaceList(metaOf(reached, options), withoutRemoved(mergeParts(parts)), {
      ...(onProgress && { onProgress }),
    });
  }
  while (deltas.length > 0) {
    const merged = deltas.slice(0, MOST_MERGED_PARTS);
    deltas = deltas.slice(merged.length);
    const [first, last] = [merged[0] as DeltaPart, merged.at(-1) as DeltaPart];
    const groups = mergeParts(merged.map((part) => readPart(part, readBlob)));
    store.applyDelta(metaOf(last.to, options), first.from, groups);
  }
}

/** What is said of a revision; of one on the way only what is known of it. */
export function metaOf(
  revision: number,
  { manifest, inForce, nowMs }: Pick<ApplyOptions, 'manifest' | 'inForce' | 'nowMs'>,
): ListMeta {
  const { list: id, level, owner, defaultAction, issuedAtMs, expiresAtMs, markCount, entryCount } = manifest;
  const described = {
    id,
    level,
    owner,
    defaultAction,
    ...(expiresAtMs !== undefined && { expiresAtMs }),
    takenOverAtMs: nowMs,
    origin: 'signed' as const,
  };
  return revision === manifest.revision
    ? { ...described, revision, issuedAtMs, markCount, entryCount }
    : // It counts as no younger than what it replaces: nobody says when it was issued.
      { ...described, revision, issuedAtMs: inForce?.issuedAtMs ?? FIRST_ISSUE_MS };
}
