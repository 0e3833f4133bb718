import { isPageSize } from '../lib/page-cipher.js';
import { readBytes } from './read-bytes.js';

/**
 * How long a page of records.db is, found out without opening it.
 *
 * Files made by earlier versions have pages of 4,096 bytes. A commit touches some thirty pages, few of them whole,
 * and writes each twice (to the log, and at some time to the file): smaller ones spare a card half of its wear.
 */
export const PAGE_BYTES = 1_024;
const EARLIER_PAGE_BYTES = 4_096;

/** In the first page of a database (2 bytes, 1 for 65,536) and in the header of its log (4 bytes). */
const SIZE_AT = 16;
const SIZE_IN_LOG_AT = 8;

/** As the first page of a database says; undefined where that is damaged. It is not encrypted. */
export function pageBytesIn(firstPage: Buffer): number | undefined {
  if (firstPage.length < SIZE_AT + 2) return undefined;
  const said = firstPage.readUInt16BE(SIZE_AT);
  return sound(said === 1 ? 65_536 : said);
}

/** All that a file may have, the likeliest first: as it says itself, as its log says, as this or another version makes it. */
export function pageSizesOf(path: string): readonly number[] {
  const log = readBytes(`${path}-wal`, SIZE_IN_LOG_AT, 4);
  const said = [
    pageBytesIn(readBytes(path, 0, SIZE_AT + 2)),
    log.length === 4 ? sound(log.readUInt32BE(0)) : undefined,
  ];
  const known = said.filter((size) => size !== undefined);
  return [...new Set([...known, PAGE_BYTES, EARLIER_PAGE_BYTES])];
}

function sound(bytes: number): number | undefined {
  return isPageSize(bytes) ? bytes : undefined;
}
