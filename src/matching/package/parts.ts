import { MOST_BLOBS } from './limits.js';

/** The blobs of a snapshot or a delta as the manifest describes them. */
export interface PartDescription {
  /** As they travel, the table included. */
  readonly bytes: number;
  /** Blob 0, the table, and at least one of lines. */
  readonly blobs: number;
  /** SHA-256 of blob 0 in hex: with it every other blob is known. */
  readonly sha256: string;
}

/** A whole list. */
export interface SnapshotPart extends PartDescription {
  readonly revision: number;
  readonly markCount: number;
  readonly entryCount: number;
}

/**
 * What changed. Its groups say how the marks that changed after `from` stand at `to`, so it brings
 * any revision from `from` up to `to` to `to`, not only `from` itself.
 */
export interface DeltaPart extends PartDescription {
  readonly from: number;
  readonly to: number;
}

export type Part = SnapshotPart | DeltaPart;

/** `snapshot/<revision>` or `delta/<from>-<to>`: begins the names of the part's blobs. */
export function partName(part: Pick<SnapshotPart, 'revision'> | Pick<DeltaPart, 'from' | 'to'>): string {
  return 'revision' in part ? `snapshot/${part.revision}` : `delta/${part.from}-${part.to}`;
}

/** The name of a blob: its MQTT topic ends so, its file is called so. Blob 0 is the table. */
export function blobName(part: Parameters<typeof partName>[0], index: number): string {
  return `${partName(part)}/${index}`;
}

/** The names of all blobs of a part, the table first. */
export function* blobNames(part: Part): Generator<string> {
  for (let index = 0; index < part.blobs; index++) yield blobName(part, index);
}

export interface BlobName {
  /** As `partName` writes it. */
  readonly part: string;
  readonly index: number;
}

const BLOB_NAME = /^(snapshot\/[1-9]\d{0,11}|delta\/([1-9]\d{0,11})-([1-9]\d{0,11}))\/(0|[1-9]\d{0,4})$/;

/** @returns undefined where the text names no blob, as one that would lead out of a folder. */
export function parseBlobName(text: string): BlobName | undefined {
  const [, part, from, to, index] = BLOB_NAME.exec(text) ?? [];
  if (part === undefined || Number(index) >= MOST_BLOBS) return undefined;
  if (from !== undefined && Number(from) >= Number(to)) return undefined;
  return { part, index: Number(index) };
}
