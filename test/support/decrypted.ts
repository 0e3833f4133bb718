import { createCipheriv } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { StorageKey } from '../../src/lib/storage-key.js';

/**
 * What whoever has the key can find in a database and in its log, unused pages included: every page
 * decrypted by itself, without SQLite, which would show what is in tables alone.
 *
 * A page ends with its nonce and its tag; ChaCha20 under the storage key gives the key of the page
 * (its first half is for the tag), and the page goes on with the next block.
 */
export function decrypted(path: string, key: StorageKey): string {
  const database = readFileSync(path);
  const pageBytes = database.readUInt16BE(SIZE_AT);
  const pages: string[] = [];
  for (let at = 0, number = 1; at < database.length; at += pageBytes, number++) {
    pages.push(decryptPage(database.subarray(at, at + pageBytes), number, key));
  }
  const log = existsSync(`${path}-wal`) ? readFileSync(`${path}-wal`) : Buffer.alloc(0);
  for (let at = LOG_HEADER; at < log.length; at += FRAME_HEADER + pageBytes) {
    const page = log.subarray(at + FRAME_HEADER, at + FRAME_HEADER + pageBytes);
    pages.push(decryptPage(page, log.readUInt32BE(at), key));
  }
  return pages.join('\n');
}

/** Of a page, in the first one; it is not encrypted. */
const SIZE_AT = 16;
const LOG_HEADER = 32;
const FRAME_HEADER = 24;
/** Of the first page these bytes are not encrypted: a salt, and the size of a page. */
const FIRST_PAGE_OPEN = 24;

function decryptPage(page: Buffer, number: number, key: StorageKey): string {
  const nonce = page.subarray(-32, -16);
  const counter = nonce.readUInt32LE(12) ^ number;
  const pageKey = chacha20(Buffer.from(key.reveal(), 'hex'), nonce, counter, Buffer.alloc(64)).subarray(32);
  const content = page.subarray(number === 1 ? FIRST_PAGE_OPEN : 0, -32);
  return chacha20(pageKey, nonce, counter + 1, content).toString('latin1');
}

function chacha20(key: Uint8Array, nonce: Buffer, counter: number, content: Buffer): Buffer {
  const start = Buffer.alloc(16);
  start.writeUInt32LE(counter >>> 0);
  nonce.copy(start, 4, 0, 12);
  return createCipheriv('chacha20', key, start).update(content);
}
