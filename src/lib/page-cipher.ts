import { createCipheriv, randomBytes } from 'node:crypto';
import type { StorageKey } from './storage-key.js';

/**
 * One page of an encrypted database, taken apart without SQLite, which opens no file whose first page
 * is damaged: whether the key made it, and what is in it. Databases have pages of different sizes: a page is as
 * long as the bytes that are given.
 *
 * A page ends with its nonce and its tag (16 bytes each). ChaCha20 under the storage key, with that nonce and
 * the page's number in the counter, gives 64 bytes: the key of the tag (Poly1305 over what is encrypted and
 * the nonce) and the key of the page. 24 bytes of the first page stay open: a salt and the size of a page.
 */
const NONCE_BYTES = 16;
const TAG_BYTES = 16;
const OPEN_BYTES = 24;
const LEAST_PAGE_BYTES = 512;
const MOST_PAGE_BYTES = 65_536;

/** Whether pages of a database can be this long. */
export function isPageSize(bytes: number): boolean {
  return bytes >= LEAST_PAGE_BYTES && bytes <= MOST_PAGE_BYTES && (bytes & (bytes - 1)) === 0;
}

/** Whether a page was written under this key, at this place (from 1), and has not changed since. */
export function isGenuinePage(page: Buffer, number: number, key: StorageKey): boolean {
  if (!isPageSize(page.length)) return false;
  const { tagKey } = keysOf(page, number, key);
  const { length } = page;
  return poly1305(page.subarray(0, length - TAG_BYTES), tagKey).equals(page.subarray(length - TAG_BYTES));
}

/** A page as SQLite sees it, without its first 16 bytes where it is the first. */
export function openPage(page: Buffer, number: number, key: StorageKey): Buffer {
  const { pageKey, nonce, counter } = keysOf(page, number, key);
  const from = number === 1 ? OPEN_BYTES : 0;
  const content = chacha20(
    pageKey,
    nonce,
    counter + 1,
    page.subarray(from, page.length - NONCE_BYTES - TAG_BYTES),
  );
  return Buffer.concat([page.subarray(0, from), content]);
}

/** The page of this content, under a nonce of its own. */
export function sealPage(content: Buffer, number: number, key: StorageKey): Buffer {
  const page = Buffer.concat([content, randomBytes(NONCE_BYTES), Buffer.alloc(TAG_BYTES)]);
  const { tagKey, pageKey, nonce, counter } = keysOf(page, number, key);
  const from = number === 1 ? OPEN_BYTES : 0;
  chacha20(pageKey, nonce, counter + 1, content.subarray(from)).copy(page, from);
  const tagAt = page.length - TAG_BYTES;
  poly1305(page.subarray(0, tagAt), tagKey).copy(page, tagAt);
  return page;
}

function keysOf(page: Buffer, number: number, key: StorageKey) {
  const nonce = page.subarray(page.length - NONCE_BYTES - TAG_BYTES, page.length - TAG_BYTES);
  const counter = nonce.readUInt32LE(12) ^ number;
  const keys = chacha20(Buffer.from(key.reveal(), 'hex'), nonce, counter, Buffer.alloc(64));
  return { nonce, counter, tagKey: keys.subarray(0, 32), pageKey: keys.subarray(32) };
}

function chacha20(key: Uint8Array, nonce: Buffer, counter: number, content: Uint8Array): Buffer {
  const start = Buffer.alloc(16);
  start.writeUInt32LE(counter >>> 0);
  nonce.copy(start, 4, 0, 12);
  return createCipheriv('chacha20', key, start).update(content);
}

const PRIME = (1n << 130n) - 5n;
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

/** RFC 8439, for messages of whole blocks; Node has it only as a part of an AEAD. About 0.05 ms a kilobyte. */
function poly1305(message: Buffer, key: Buffer): Buffer {
  const r = littleEndian(key, 0) & CLAMP;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    sum = ((sum + littleEndian(message, at) + (1n << 128n)) * r) % PRIME;
  }
  const tag = BigInt.asUintN(128, sum + littleEndian(key, 16));
  const bytes = Buffer.alloc(TAG_BYTES);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, tag), 0);
  bytes.writeBigUInt64LE(tag >> 64n, 8);
  return bytes;
}

function littleEndian(bytes: Buffer, at: number): bigint {
  return bytes.readBigUInt64LE(at) | (bytes.readBigUInt64LE(at + 8) << 64n);
}
