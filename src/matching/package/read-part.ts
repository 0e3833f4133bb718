import type { MarkGroup } from '../mark-group.js';
import { readGroups, verifyBlob, verifyTable } from './blobs.js';
import { packageInvalid } from './failures.js';
import { blobName, type Part } from './parts.js';

/** Where blobs are: staged in the database, in a folder, in a file. @returns undefined: not there. */
export type BlobReader = (name: string) => Uint8Array | undefined;

/**
 * Reads a part from its blobs, verifying each again: they may have lain on a card for days.
 *
 * One blob is in memory at a time. A fault shows only when it is reached, so what was taken over
 * up to there must be taken back: load it in one transaction, or into a generation of its own.
 *
 * @throws DeviceError hotlist.package-invalid for anything that is not as the manifest says
 */
export function* readPart(part: Part, read: BlobReader): Generator<MarkGroup> {
  const isSnapshot = 'revision' in part;
  const tableName = blobName(part, 0);
  const table = Buffer.from(present(read(tableName), tableName));
  verifyTable(part, table, tableName);
  let bytes = table.length;
  let markCount = 0;
  let entryCount = 0;
  let before = '';
  for (let index = 1; index < part.blobs; index++) {
    const name = blobName(part, index);
    const blob = present(read(name), name);
    verifyBlob(table, index, blob, name);
    bytes += blob.length;
    for (const group of readGroups(blob, name)) {
      if (group.matchKey <= before) throw packageInvalid(`${name}: its match keys do not ascend`);
      if (isSnapshot && group.rowCount === 0)
        throw packageInvalid(`${name}: a mark of a snapshot has no rows`);
      before = group.matchKey;
      markCount++;
      entryCount += group.rowCount;
      yield group;
    }
  }
  if (bytes !== part.bytes)
    throw packageInvalid(`${tableName}: the blobs have ${bytes} bytes, the manifest says ${part.bytes}`);
  if (isSnapshot && (markCount !== part.markCount || entryCount !== part.entryCount)) {
    throw packageInvalid(
      `${tableName}: found ${markCount} marks and ${entryCount} entries, the manifest says ${part.markCount} and ${part.entryCount}`,
    );
  }
}

function present(bytes: Uint8Array | undefined, name: string): Uint8Array {
  if (bytes === undefined) throw packageInvalid(`${name} is missing`);
  return bytes;
}
