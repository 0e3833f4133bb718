import type { Manifest } from './manifest.js';
import type { DeltaPart } from './parts.js';

/**
 * The deltas that bring a revision of the list to the manifest's, in the order of applying them.
 * A delta brings every revision within its span to its end, so the first may begin before `revision`.
 * @returns undefined where they do not reach back so far, or the revision is the newer one;
 *   [] where the revision is the manifest's own.
 */
export function deltasFrom(manifest: Manifest, revision: number): readonly DeltaPart[] | undefined {
  if (revision === manifest.revision) return [];
  if (revision > manifest.revision) return undefined;
  const first = manifest.deltas.findIndex(({ from, to }) => from <= revision && revision < to);
  return first === -1 ? undefined : manifest.deltas.slice(first);
}
