import { z } from 'zod';
import { LIST_LEVELS, type ListLevel } from '../../domain/voi.js';
import { packageInvalid } from './failures.js';
import {
  FIRST_ISSUE_MS,
  LAST_ISSUE_MS,
  MOST_ACTION_LENGTH,
  MOST_BLOB_BYTES,
  MOST_BLOBS,
  MOST_DELTAS,
  MOST_ENTRIES,
  MOST_MARKS,
  MOST_OWNER_LENGTH,
  MOST_PART_BYTES,
  MOST_REVISION,
  MOST_ROWS_PER_MARK,
} from './limits.js';
import type { DeltaPart, PartDescription, SnapshotPart } from './parts.js';

export const MANIFEST_FORMAT = 'anprd.voi-list.v1';

/** What a list's owner signs: which revision is the list, and what to fetch to have it. */
export interface Manifest {
  /** Id of the list. */
  readonly list: string;
  readonly level: ListLevel;
  readonly owner: string;
  readonly revision: number;
  /** UTC, milliseconds: when the owner said so; grows also while the revision stays (heartbeat). */
  readonly issuedAtMs: number;
  /** UTC, milliseconds: from then on nothing on the list is matched; absent: no end. */
  readonly expiresAtMs?: number;
  readonly defaultAction: string;
  /** Of `revision`: different marks, and entries. */
  readonly markCount: number;
  readonly entryCount: number;
  readonly snapshot: SnapshotPart;
  /** Oldest first, each from where the one before it ends, the last to `revision`. */
  readonly deltas: readonly DeltaPart[];
}

const whole = (least: number, most: number) => z.number().int().min(least).max(most);
const revision = whole(1, MOST_REVISION);
/** Exactly as Date writes it: one instant has one text. */
const instant = z.string().refine(isInstantText, 'expected a time such as 2026-11-22T20:00:00.000Z');
const part = {
  bytes: whole(1, MOST_PART_BYTES),
  blobs: whole(2, MOST_BLOBS),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 digits of hex'),
};
const counts = { markCount: whole(0, MOST_MARKS), entryCount: whole(0, MOST_ENTRIES) };

const wireSchema = z.strictObject({
  format: z.literal(MANIFEST_FORMAT),
  list: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'expected 1 to 32 of a-z, 0-9 and -'),
  level: z.enum(LIST_LEVELS),
  owner: z.string().max(MOST_OWNER_LENGTH),
  revision,
  issuedAt: instant,
  expiresAt: instant.optional(),
  defaultAction: z.string().max(MOST_ACTION_LENGTH),
  ...counts,
  snapshot: z.strictObject({ revision, ...part, ...counts }),
  deltas: z.array(z.strictObject({ from: revision, to: revision, ...part })).max(MOST_DELTAS),
});

/** The payload that is signed: compact JSON in this order of keys. */
export function renderManifest(manifest: Manifest): string {
  const { list, level, owner, defaultAction, markCount, entryCount, snapshot } = manifest;
  const { issuedAtMs, expiresAtMs } = manifest;
  return JSON.stringify({
    format: MANIFEST_FORMAT,
    list,
    level,
    owner,
    revision: manifest.revision,
    issuedAt: new Date(issuedAtMs).toISOString(),
    ...(expiresAtMs !== undefined && { expiresAt: new Date(expiresAtMs).toISOString() }),
    defaultAction,
    markCount,
    entryCount,
    snapshot,
    deltas: [...manifest.deltas],
  } satisfies z.input<typeof wireSchema>);
}

/**
 * Reads a payload whose signature has been verified.
 * @throws DeviceError hotlist.package-invalid naming every fault
 */
export function parseManifest(payload: string): Manifest {
  const parsed = wireSchema.safeParse(parseCompactJson(payload, 'the manifest'));
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`);
    throw packageInvalid(`the manifest is not as expected: ${faults.slice(0, 5).join('; ')}`);
  }
  const { format: _, issuedAt, expiresAt, ...wire } = parsed.data;
  const manifest = {
    ...wire,
    issuedAtMs: Date.parse(issuedAt),
    ...(expiresAt !== undefined && { expiresAtMs: Date.parse(expiresAt) }),
  };
  checkManifest(manifest);
  return manifest;
}

/** What no single field can say. */
function checkManifest(manifest: Manifest): void {
  const { snapshot, deltas, issuedAtMs, expiresAtMs } = manifest;
  const fault = (found: string): never => {
    throw packageInvalid(`the manifest contradicts itself: ${found}`);
  };
  if (issuedAtMs < FIRST_ISSUE_MS || issuedAtMs >= LAST_ISSUE_MS) {
    fault('issuedAt is not between the years 2024 and 2100');
  }
  if (expiresAtMs !== undefined && expiresAtMs <= issuedAtMs) fault('it expires before it was issued');
  for (const described of [snapshot, ...deltas]) checkSizes(described, fault);
  for (const { markCount, entryCount } of [manifest, snapshot]) {
    if (entryCount < markCount || entryCount > markCount * MOST_ROWS_PER_MARK) {
      fault(`${entryCount} entries for ${markCount} marks`);
    }
  }
  for (const [index, { from, to }] of deltas.entries()) {
    if (from >= to) fault(`a delta leads from revision ${from} to ${to}`);
    const before = deltas[index - 1];
    if (before !== undefined && before.to !== from) {
      fault(`after the delta to revision ${before.to} comes one from ${from}`);
    }
  }
  const reached = deltas.at(-1)?.to ?? snapshot.revision;
  if (reached !== manifest.revision) {
    fault(`its parts lead to revision ${reached}, not to ${manifest.revision}`);
  }
  if (snapshot.revision > manifest.revision) fault('its snapshot is newer than its revision');
  // Also where a delta bridges several revisions, one of them begins at the snapshot.
  if (snapshot.revision < manifest.revision && !deltas.some(({ from }) => from === snapshot.revision)) {
    fault(`no delta begins at the revision of its snapshot, ${snapshot.revision}`);
  }
  if (
    snapshot.revision === manifest.revision &&
    (snapshot.markCount !== manifest.markCount || snapshot.entryCount !== manifest.entryCount)
  ) {
    fault('its counts differ from those of its snapshot, which is the same revision');
  }
}

function checkSizes({ bytes, blobs }: PartDescription, fault: (found: string) => never): void {
  const tableBytes = 32 * (blobs - 1);
  if (bytes <= tableBytes || bytes > tableBytes + (blobs - 1) * MOST_BLOB_BYTES) {
    fault(`${bytes} bytes in ${blobs} blobs`);
  }
}

/**
 * JSON without spaces and with every key once. The first who reads a key that stands there twice may
 * see another value than the next, so such a text is refused, and a text that is not as JSON.stringify
 * writes it again is such a text or one that nobody had a reason to write.
 * @param what named in the error
 */
export function parseCompactJson(text: string, what: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw packageInvalid(`${what} is no JSON`);
  }
  if (JSON.stringify(value) !== text) {
    throw packageInvalid(`${what} is no compact JSON, or has a key twice`);
  }
  return value;
}

function isInstantText(text: string): boolean {
  const atMs = Date.parse(text);
  return !Number.isNaN(atMs) && new Date(atMs).toISOString() === text;
}
