import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DeviceError } from '../../lib/errors.js';
import { verifyBlob, verifyTable } from '../package/blobs.js';
import { openEnvelope } from '../package/envelope.js';
import { packageInvalid } from '../package/failures.js';
import type { Manifest } from '../package/manifest.js';
import { blobName, blobNames, type Part, parseBlobName, partName } from '../package/parts.js';
import { BlobRecord } from './blob-record.js';
import type { PackageFolder } from './package-folder.js';

/** What to send to a broker, and what to take off it; pure. */
export interface UploadPlan {
  readonly put: readonly string[];
  readonly remove: readonly string[];
}

/** How far a broker is believed to have what its manifest names. */
export interface UploadChoice {
  /** Not at all: blobs that were damaged or lost there are mended by putting every one again. */
  readonly resend?: boolean;
}

/**
 * @param retained the manifest that the broker has; absent: none that its owner signed.
 * @param recorded names of blobs that may be on the broker.
 * @throws DeviceError hotlist.publish-failed where devices would refuse the one after the other.
 */
export function planUpload(
  manifest: Manifest,
  retained: Manifest | undefined,
  recorded: ReadonlySet<string>,
  { resend = false }: UploadChoice = {},
): UploadPlan {
  if (retained !== undefined) refuseReplay(manifest, retained);
  const digests = new Map(partsOf(retained).map((part) => [partName(part), part.sha256]));
  const isThere = (part: Part) => digests.get(partName(part)) === part.sha256;
  const wanted = new Set(namesOf(manifest));
  const held = new Set([...recorded, ...namesOf(retained)]);
  return {
    put: partsOf(manifest)
      .filter((part) => resend || !isThere(part))
      .flatMap((part) => [...blobNames(part)]),
    remove: [...held].filter((name) => !wanted.has(name)),
  };
}

/** The deltas first: most devices wait for these. */
function partsOf(manifest: Manifest | undefined): readonly Part[] {
  return manifest === undefined ? [] : [...[...manifest.deltas].reverse(), manifest.snapshot];
}

function namesOf(manifest: Manifest | undefined): string[] {
  return partsOf(manifest).flatMap((part) => [...blobNames(part)]);
}

function refuseReplay(manifest: Manifest, retained: Manifest): void {
  const digests = new Map(partsOf(retained).map((part) => [partName(part), part.sha256]));
  const isOther = partsOf(manifest).some(
    (part) => (digests.get(partName(part)) ?? part.sha256) !== part.sha256,
  );
  // A later revision may be of an earlier time: it was published with a clock that is right again.
  const isLater =
    retained.revision < manifest.revision ||
    (retained.revision === manifest.revision && retained.issuedAtMs <= manifest.issuedAtMs);
  if (isLater && !isOther) return;
  throw new DeviceError('hotlist.publish-failed', {
    message: `the broker has revision ${retained.revision} of ${new Date(retained.issuedAtMs).toISOString()}, the folder revision ${manifest.revision} of ${new Date(manifest.issuedAtMs).toISOString()}${isOther ? ' with other contents' : ''}; expected a later one`,
    hint: `Publish from the folder that was used before. Where it was lost, begin in an empty folder with --first-revision ${retained.revision + 1}.`,
  });
}

/**
 * A package folder on its way to one broker. Names of blobs that may be there are kept in a file of
 * the folder, so that what an upload left half-way is taken off by the next one.
 */
export class FolderUpload {
  readonly manifest: Buffer;
  readonly listId: string;
  readonly #folder: PackageFolder;
  readonly #manifest: Manifest;
  readonly #publicKeys: readonly string[];
  readonly #record: BlobRecord;
  readonly #choice: UploadChoice;
  readonly #tables = new Map<string, Buffer>();

  /**
   * @param publicKeys of the list's owner
   * @param broker any text that tells it from others; its digest names the file.
   * @throws DeviceError hotlist.unreadable, hotlist.package-invalid or hotlist.signature-invalid
   */
  constructor(
    folder: PackageFolder,
    publicKeys: readonly string[],
    broker: string,
    choice: UploadChoice = {},
  ) {
    const envelope = folder.envelope();
    if (envelope === undefined) {
      throw new DeviceError('hotlist.unreadable', {
        message: `there is no package in ${folder.path}`,
        hint: 'Publish a list there first: anprctl hotlist publish FILE.csv --list ID --key FILE --folder DIR.',
      });
    }
    this.manifest = envelope;
    this.#folder = folder;
    this.#choice = choice;
    this.#publicKeys = publicKeys;
    this.#manifest = openEnvelope(envelope, publicKeys);
    this.listId = this.#manifest.list;
    const digest = createHash('sha256').update(broker).digest('hex').slice(0, 16);
    this.#record = new BlobRecord(join(folder.path, `on-broker-${digest}.log`));
  }

  plan(retained: Uint8Array | undefined): UploadPlan {
    const theirs = retained && this.#trusted(retained);
    // Written down before the manifest that names them is replaced.
    for (const name of namesOf(theirs)) this.#record.add(name);
    return planUpload(this.#manifest, theirs, this.#record.names, this.#choice);
  }

  /** @throws DeviceError hotlist.package-invalid where the folder is damaged: devices would fetch for nothing. */
  read(name: string): Uint8Array {
    const { part: named, index } = parseBlobName(name) ?? { part: '', index: 0 };
    const part = partsOf(this.#manifest).find((one) => partName(one) === named);
    if (part === undefined) throw new Error('not a blob of the package');
    const table = this.#tables.get(named) ?? this.#present(blobName(part, 0));
    if (!this.#tables.has(named)) verifyTable(part, table, blobName(part, 0));
    this.#tables.set(named, table);
    if (index === 0) return table;
    const blob = this.#present(name);
    verifyBlob(table, index, blob, name);
    return blob;
  }

  onPut(name: string): void {
    this.#record.add(name);
  }

  onRemoved(name: string): void {
    this.#record.remove(name);
  }

  #present(name: string): Buffer {
    const blob = this.#folder.blob(name);
    if (blob === undefined) throw packageInvalid(`${name} is missing in ${this.#folder.path}`);
    return blob;
  }

  /** What somebody else put there is replaced, and no reason to stop. */
  #trusted(envelope: Uint8Array): Manifest | undefined {
    try {
      return openEnvelope(envelope, this.#publicKeys, this.listId);
    } catch (error) {
      if (error instanceof DeviceError) return undefined;
      throw error;
    }
  }
}
