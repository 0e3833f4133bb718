import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { MarkGroup } from '../mark-group.js';
import { packageInvalid } from './failures.js';
import { lineOf, parseGroups } from './groups.js';
import {
  BLOB_TARGET_BYTES,
  MOST_BLOB_BYTES,
  MOST_BLOBS,
  MOST_INFLATED_BYTES,
  MOST_LINE_LENGTH,
} from './limits.js';
import type { PartDescription } from './parts.js';

/**
 * A part's blobs. Blob 0, the table, is the SHA-256 of the others one after the other, and the
 * signed manifest holds that of the table: so each blob is verified by itself, as it comes.
 */
const DIGEST_BYTES = 32;

export interface Blob {
  readonly index: number;
  readonly bytes: Buffer;
}

/**
 * Cuts groups into blobs, the table last, and says at the end what the manifest needs to know.
 * Holds one blob at a time. There is at least one blob of lines, empty where there is no group:
 * a retained message without payload would be none.
 * @param groups in ascending order of their keys
 */
export function* writePart(groups: Iterable<MarkGroup>): Generator<Blob, PartDescription> {
  const digests: Buffer[] = [];
  let bytes = 0;
  let lines: string[] = [];
  let lineBytes = 0;
  const blob = (): Blob => {
    const packed = gzipSync(lines.join(''));
    lines = [];
    lineBytes = 0;
    digests.push(digestOf(packed));
    bytes += packed.length;
    return { index: digests.length, bytes: packed };
  };
  for (const group of groups) {
    const line = `${lineOf(group)}\n`;
    if (line.length > MOST_LINE_LENGTH) {
      throw packageInvalid(
        `a mark has ${line.length} characters of rows, expected at most ${MOST_LINE_LENGTH}`,
      );
    }
    lines.push(line);
    lineBytes += Buffer.byteLength(line);
    if (lineBytes >= BLOB_TARGET_BYTES) yield blob();
  }
  if (lines.length > 0 || digests.length === 0) yield blob();
  if (digests.length >= MOST_BLOBS)
    throw packageInvalid(`a part of ${digests.length} blobs, expected fewer than ${MOST_BLOBS}`);
  const table = Buffer.concat(digests);
  yield { index: 0, bytes: table };
  return {
    bytes: bytes + table.length,
    blobs: digests.length + 1,
    sha256: digestOf(table).toString('hex'),
  };
}

/**
 * Verifies a part's table as it comes.
 * @throws DeviceError hotlist.package-invalid
 */
export function verifyTable(part: PartDescription, table: Uint8Array, name: string): void {
  const expected = DIGEST_BYTES * (part.blobs - 1);
  if (table.length !== expected) {
    throw packageInvalid(`${name} has ${table.length} bytes, expected ${expected}`);
  }
  if (digestOf(table).toString('hex') !== part.sha256) {
    throw packageInvalid(`${name} is not what the manifest signs for`);
  }
}

/**
 * Verifies one of a part's blobs of lines as it comes, in any order.
 * @param table of the part, verified.
 * @param index from 1
 * @throws DeviceError hotlist.package-invalid
 */
export function verifyBlob(table: Uint8Array, index: number, blob: Uint8Array, name: string): void {
  const expected = table.subarray(DIGEST_BYTES * (index - 1), DIGEST_BYTES * index);
  if (index < 1 || expected.length !== DIGEST_BYTES)
    throw packageInvalid(`${name} is none of the part's blobs`);
  if (blob.length > MOST_BLOB_BYTES) {
    throw packageInvalid(`${name} has ${blob.length} bytes, expected at most ${MOST_BLOB_BYTES}`);
  }
  if (!digestOf(blob).equals(expected)) throw packageInvalid(`${name} is not what its table says`);
}

/**
 * Unpacks a blob and checks every line of it, as it is asked for.
 * @param name for errors, as `blobName` makes it.
 * @throws DeviceError hotlist.package-invalid, when the line at fault is reached
 */
export function* readGroups(blob: Uint8Array, name: string): Generator<MarkGroup> {
  if (blob.length > MOST_BLOB_BYTES) {
    throw packageInvalid(`${name} has ${blob.length} bytes, expected at most ${MOST_BLOB_BYTES}`);
  }
  let lines: Buffer;
  try {
    lines = gunzipSync(blob, { maxOutputLength: MOST_INFLATED_BYTES });
  } catch (cause) {
    const isBomb = cause instanceof RangeError;
    throw packageInvalid(
      isBomb ? `${name} unpacks to more than ${MOST_INFLATED_BYTES} bytes` : `${name} cannot be unpacked`,
      cause,
    );
  }
  yield* parseGroups(lines, name);
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
