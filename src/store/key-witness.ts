import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { isGenuinePage, openPage, sealPage } from '../lib/page-cipher.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import type { StorageKey } from '../lib/storage-key.js';
import { pageBytesIn, pageSizesOf } from './page-size.js';
import { readBytes } from './read-bytes.js';
import { syncFolder } from './set-aside.js';

/**
 * A small file beside the database that tells a wrong key from a damaged file, and stands in for the pages
 * without which nothing of the database can be read.
 *
 * SQLite says the same of both: the first page cannot be authenticated. A file under another key must never be
 * set aside, and a damaged one has to be. So `records.db.witness` holds a mark that this key alone can make,
 * and the pages of the schema as they were when it last changed, each with its number and encrypted as it was. A byte
 * between them says whether the database is in use, or was when the power went: it then has a log.
 */
const MARK_BYTES = 32;
const PAGES_AT = MARK_BYTES + 1;
const NUMBER_BYTES = 4;
const PURPOSE = 'anprd: the key of this database';
/** Of a whole file under the right key every page speaks for it; damage rarely takes them all. */
const PAGES_TRIED = 64;
const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

export function witnessPath(path: string): string {
  return `${path}.witness`;
}

/**
 * Writes the witness of the database that bears this name or is to bear it; nothing where there is a good one of
 * this schema. Its pages must lie in the file, not in the log: call it after a checkpoint.
 * @param file where the database lies now.
 */
export function writeWitness(path: string, key: StorageKey, database: SqliteDatabase, file: string): void {
  const numbers = database
    .prepare(`SELECT pageno FROM dbstat WHERE name = 'sqlite_schema' ORDER BY pageno`)
    .pluck()
    .all() as number[];
  const pageBytes = database.pragma('page_size', { simple: true }) as number;
  const pages = numbers.map((number) => ({ number, page: readPage(file, number, pageBytes) }));
  const first = pages[0]?.page;
  if (first === undefined || !pages.every(({ number, page }) => isGenuinePage(page, number, key))) return;
  const before = readWitness(path);
  if (before !== undefined && saysKey(before, key) && isSameSchema(pagesOf(before)[0]?.page, first, key))
    return;
  const temporary = `${witnessPath(path)}.new`;
  rmSync(temporary, { force: true });
  const witness = openSync(temporary, 'wx', 0o600);
  try {
    const inUse = Buffer.of(before?.[MARK_BYTES] ?? 0);
    const numbered = pages.flatMap(({ number, page }) => [bytesOf(number), page]);
    writeSync(witness, Buffer.concat([markOf(key), inUse, ...numbered]));
    fsyncSync(witness);
  } finally {
    closeSync(witness);
  }
  renameSync(temporary, witnessPath(path));
  syncFolder(path);
}

export function isMarkedInUse(path: string): boolean {
  return readWitness(path)?.[MARK_BYTES] === 1;
}

/** Nothing where there is no witness yet. */
export function markInUse(path: string, isInUse: boolean): void {
  if (!existsSync(witnessPath(path))) return;
  const witness = openSync(witnessPath(path), 'r+');
  try {
    writeSync(witness, Buffer.of(isInUse ? 1 : 0), 0, 1, MARK_BYTES);
    fsyncSync(witness);
  } finally {
    closeSync(witness);
  }
}

/**
 * Whether a database that does not open was made under this key: the witness says so, or a page of the
 * database or of its log, for one that has no witness.
 */
export function isMadeUnder(path: string, key: StorageKey): boolean {
  const witness = readWitness(path);
  return (
    (witness !== undefined && saysKey(witness, key)) ||
    pageSizesOf(path).some((size) => hasGenuinePage(path, key, size))
  );
}

/**
 * Puts the witness's pages in the place of those of the schema that are damaged; of a file without one, its log
 * may still be read then.
 * @returns the pages that were there, to be kept, one after the other.
 */
export function mendSchema(damaged: string, path: string, key: StorageKey): Buffer {
  const replaced: Buffer[] = [];
  const pages = pagesOf(readWitness(path) ?? Buffer.alloc(0));
  // After a crash in between, the witness may be that of the file that is to take this one's place.
  const others = pageSizesOf(damaged).filter((size) => size !== pages[0]?.page.length);
  if (others.some((size) => hasGenuinePage(damaged, key, size))) return Buffer.alloc(0);
  for (const { number, page } of pages) {
    const was = readPage(damaged, number, page.length);
    if (isGenuinePage(was, number, key) || !isGenuinePage(page, number, key)) continue;
    replaced.push(was);
    const file = openSync(damaged, existsSync(damaged) ? 'r+' : 'wx', 0o600);
    try {
      const mended = number === 1 ? sizeless(page, key) : page;
      writeSync(file, mended, 0, page.length, (number - 1) * page.length);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
  return Buffer.concat(replaced);
}

/** The size and what is free are of another day: without the first, SQLite takes the file's size. */
function sizeless(firstPage: Buffer, key: StorageKey): Buffer {
  const content = openPage(firstPage, 1, key);
  content.fill(0, SIZE_AT, SIZE_AT + 12);
  return sealPage(content, 1, key);
}

/** In the header of a database: its pages (4 bytes), and the list of free ones (8). */
const SIZE_AT = 28;
/** Counts changes of the schema. */
const SCHEMA_AT = 40;

function isSameSchema(a: Buffer | undefined, b: Buffer, key: StorageKey): boolean {
  if (a === undefined || a.length !== b.length || !isGenuinePage(a, 1, key)) return false;
  return openPage(a, 1, key).readUInt32BE(SCHEMA_AT) === openPage(b, 1, key).readUInt32BE(SCHEMA_AT);
}

/** The first page is the first. */
function pagesOf(witness: Buffer): { readonly number: number; readonly page: Buffer }[] {
  const pages: { number: number; page: Buffer }[] = [];
  const pageBytes = pageBytesIn(witness.subarray(PAGES_AT + NUMBER_BYTES));
  if (pageBytes === undefined) return [];
  const each = NUMBER_BYTES + pageBytes;
  for (let at = PAGES_AT; at + each <= witness.length; at += each) {
    pages.push({ number: witness.readUInt32BE(at), page: witness.subarray(at + NUMBER_BYTES, at + each) });
  }
  return pages;
}

function bytesOf(number: number): Buffer {
  const bytes = Buffer.alloc(NUMBER_BYTES);
  bytes.writeUInt32BE(number);
  return bytes;
}

function markOf(key: StorageKey): Buffer {
  return createHmac('sha256', Buffer.from(key.reveal(), 'hex')).update(PURPOSE).digest();
}

function saysKey(witness: Buffer, key: StorageKey): boolean {
  return witness.length >= MARK_BYTES && timingSafeEqual(witness.subarray(0, MARK_BYTES), markOf(key));
}

function readWitness(path: string): Buffer | undefined {
  try {
    return readFileSync(witnessPath(path));
  } catch {
    return undefined;
  }
}

function hasGenuinePage(path: string, key: StorageKey, pageBytes: number): boolean {
  for (let index = 0; index < PAGES_TRIED; index++) {
    if (isGenuinePage(readPage(path, index + 1, pageBytes), index + 1, key)) return true;
    const frameAt = LOG_HEADER_BYTES + index * (FRAME_HEADER_BYTES + pageBytes);
    const header = readBytes(`${path}-wal`, frameAt, FRAME_HEADER_BYTES);
    const page = readBytes(`${path}-wal`, frameAt + FRAME_HEADER_BYTES, pageBytes);
    if (header.length === FRAME_HEADER_BYTES && isGenuinePage(page, header.readUInt32BE(0), key)) return true;
  }
  return false;
}

/** @param number from 1. */
function readPage(path: string, number: number, pageBytes: number): Buffer {
  return readBytes(path, (number - 1) * pageBytes, pageBytes);
}
