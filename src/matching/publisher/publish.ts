import type { KeyObject } from 'node:crypto';
import type { ListLevel } from '../../domain/voi.js';
import { publicKeyText } from '../../lib/ed25519.js';
import { DeviceError } from '../../lib/errors.js';
import type { MarkGroup } from '../mark-group.js';
import { writePart } from '../package/blobs.js';
import { openEnvelope, sealManifest } from '../package/envelope.js';
import type { Manifest } from '../package/manifest.js';
import type { DeltaPart, PartDescription, partName, SnapshotPart } from '../package/parts.js';
import { readPart } from '../package/read-part.js';
import { mergeParts } from '../sync/merge.js';
import { KEEPING, type KeepingRules, mergeAt, needsSnapshot, withoutTooOld } from './keeping.js';
import type { PackageFolder } from './package-folder.js';
import { type Changes, differences, groupsOfPackage } from './revisions.js';
import { refuseEmpty, refuseShrinking } from './shrinking.js';

/** What an owner says of the list beside its rows. */
export interface ListTerms {
  readonly list: string;
  readonly level: ListLevel;
  readonly owner: string;
  readonly defaultAction: string;
  /** UTC, milliseconds; absent: no end. */
  readonly expiresAtMs?: number;
}

export interface PublishOptions {
  readonly folder: PackageFolder;
  readonly terms: ListTerms;
  /** The whole list as it is to be, ascending; asked for more than once. */
  readonly content: {
    readonly markCount: number;
    readonly entryCount: number;
    groups(): Iterable<MarkGroup>;
  };
  /** Ed25519 */
  readonly privateKey: KeyObject;
  /** Public keys that may have signed what is in the folder, beside the one that signs now. */
  readonly previousKeys?: readonly string[];
  /** Of a folder without a package: where an owner lost the folder, above all that devices know. */
  readonly firstRevision?: number;
  /** UTC, milliseconds */
  readonly nowMs: number;
  /** That the list may lose most of its marks, or all: an export that broke off looks just like that. */
  readonly mayShrink?: boolean;
  readonly rules?: KeepingRules;
  /** Called for each blob that is written. */
  readonly onBlob?: (step: 'delta' | 'snapshot' | 'merging', bytes: number) => void;
}

export interface Published {
  readonly manifest: Manifest;
  readonly envelope: Buffer;
  /** Since the revision before; all zero: nothing changed but that it was confirmed. */
  readonly changes: Readonly<Changes>;
  readonly isNewRevision: boolean;
  readonly isNewSnapshot: boolean;
}

/**
 * Makes the next revision of a list in its folder: what changed as a delta, now and then a snapshot;
 * where nothing did, the same revision is confirmed anew.
 *
 * @throws DeviceError hotlist.publish-failed where it cannot; hotlist.would-shrink; hotlist.signature-invalid or
 *   hotlist.package-invalid where what is in the folder is not its owner's, or damaged.
 */
export async function publish(options: PublishOptions): Promise<Published> {
  const { folder, terms, content, privateKey, nowMs } = options;
  return folder.alone(async () => {
    const envelope = folder.envelope();
    const keys = [publicKeyText(privateKey), ...(options.previousKeys ?? [])];
    const before = envelope && openEnvelope(envelope, keys, terms.list);
    if (!options.mayShrink) refuseEmpty(before?.markCount, content.markCount);
    const made = before === undefined ? first(options) : next(options, before);
    const { list, level, owner, defaultAction, expiresAtMs } = terms;
    const manifest: Manifest = {
      list,
      level,
      owner,
      defaultAction,
      ...(expiresAtMs !== undefined && { expiresAtMs }),
      revision: made.revision,
      issuedAtMs: nowMs,
      markCount: content.markCount,
      entryCount: content.entryCount,
      snapshot: made.snapshot,
      deltas: made.deltas,
    };
    const sealed = sealManifest(manifest, privateKey);
    await folder.commit(sealed, manifest);
    return {
      manifest,
      envelope: sealed,
      changes: made.changes,
      isNewRevision: made.revision !== before?.revision,
      isNewSnapshot: made.snapshot !== before?.snapshot,
    };
  });
}

interface Made {
  readonly revision: number;
  readonly snapshot: SnapshotPart;
  readonly deltas: readonly DeltaPart[];
  readonly changes: Changes;
}

function first(options: PublishOptions): Made {
  const revision = options.firstRevision ?? 1;
  const changes = { added: options.content.markCount, changed: 0, removed: 0 };
  return { revision, snapshot: writeSnapshot(options, revision), deltas: [], changes };
}

function next(options: PublishOptions, before: Manifest): Made {
  const { folder, content, terms, nowMs, rules = KEEPING } = options;
  if (options.firstRevision !== undefined) {
    throw new DeviceError('hotlist.publish-failed', {
      message: `--first-revision is for a new folder; the package in ${folder.path} is at revision ${before.revision}`,
      hint: 'Leave it out, and the list goes on from there. To begin at another revision, name an empty folder.',
    });
  }
  // A device takes an earlier time for a replay, and rightly so.
  if (nowMs <= before.issuedAtMs) {
    throw new DeviceError('hotlist.publish-failed', {
      message: `the clock says ${new Date(nowMs).toISOString()}, revision ${before.revision} was issued at ${new Date(before.issuedAtMs).toISOString()}; expected a later time`,
      hint: `Set the clock of this computer. Where it was wrong before, and is right now, begin in an empty folder with --first-revision ${before.revision + 1}.`,
    });
  }
  if (!options.mayShrink) refuseShrinking({ before: before.markCount, after: content.markCount });
  const changes = { added: 0, changed: 0, removed: 0 };
  const current = groupsOfPackage(before, (name) => folder.blob(name));
  const different = differences(current, content.groups(), changes);
  const head = different.next();
  if (head.done && !termsDiffer(terms, before)) {
    return { revision: before.revision, snapshot: before.snapshot, deltas: before.deltas, changes };
  }
  const revision = before.revision + 1;
  const named = { from: before.revision, to: revision };
  const delta = { ...named, ...writeBlobs(options, named, 'delta', resumed(head, different)) };
  let deltas: readonly DeltaPart[] = [...before.deltas, delta];
  const snapshot = needsSnapshot(before.snapshot, deltas, rules)
    ? writeSnapshot(options, revision)
    : before.snapshot;
  deltas = withoutTooOld(snapshot, deltas, rules);
  for (let at = mergeAt(snapshot, deltas, rules); at !== undefined; at = mergeAt(snapshot, deltas, rules)) {
    deltas = deltas.toSpliced(at, 2, merge(options, deltas[at] as DeltaPart, deltas[at + 1] as DeltaPart));
  }
  return { revision, snapshot, deltas, changes };
}

/** One revision is one list: a device that has it need not ask whether something else was meant. */
function termsDiffer(terms: ListTerms, before: Manifest): boolean {
  return (
    terms.level !== before.level ||
    terms.owner !== before.owner ||
    terms.defaultAction !== before.defaultAction
  );
}

function writeSnapshot(options: PublishOptions, revision: number): SnapshotPart {
  const { markCount, entryCount } = options.content;
  const written = writeBlobs(options, { revision }, 'snapshot', options.content.groups());
  return { revision, ...written, markCount, entryCount };
}

/**
 * Two deltas as one. It names every mark that one of them names, also one that was added and removed
 * again: so it brings each revision within its span to its end.
 */
function merge(options: PublishOptions, one: DeltaPart, other: DeltaPart): DeltaPart {
  const read = (part: DeltaPart) => readPart(part, (name) => options.folder.blob(name));
  const named = { from: one.from, to: other.to };
  return { ...named, ...writeBlobs(options, named, 'merging', mergeParts([read(one), read(other)])) };
}

function writeBlobs(
  { folder, onBlob }: PublishOptions,
  part: Parameters<typeof partName>[0],
  step: 'delta' | 'snapshot' | 'merging',
  groups: Iterable<MarkGroup>,
): PartDescription {
  const writing = writePart(groups);
  for (;;) {
    const { done, value } = writing.next();
    if (done) return value;
    folder.writeBlob(part, value.index, value.bytes);
    onBlob?.(step, value.bytes.length);
  }
}

function* resumed(head: IteratorResult<MarkGroup>, rest: Iterable<MarkGroup>): Generator<MarkGroup> {
  if (head.done) return;
  yield head.value;
  yield* rest;
}
