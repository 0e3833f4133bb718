import { createCipheriv, randomBytes } from 'node:crypto';
import type { StorageKey } from './storage-key.js';

/**
 * One page of an encrypted database, taken apart without SQLite, which opens no file whose first page
 * is damaged: whether the key made it, and what is in it.
 *
 * A page ends with its nonce and its tag (16 bytes each). ChaCha20 under the storage key, with that nonce and
 * the page's number in the counter, gives 64 bytes: the key of the tag (Poly1305 over what is encrypted and
 * the nonce) and the key of the page. 24 bytes of the first page stay open: a salt and the size of a page.
 */
export const PAGE_BYTES = 4_096;

const NONCE_BYTES = 16;
const TAG_BYTES = 16;
const CONTENT_BYTES = PAGE_BYTES - NONCE_BYTES - TAG_BYTES;
const OPEN_BYTES = 24;

/** Whether a page was written under this key, at this place (from 1), and has not changed since. */
export function isGenuinePage(page: Buffer, number: number, key: StorageKey): boolean {
  if (page.length !== PAGE_BYTES) return false;
  const { tagKey } = keysOf(page, number, key);
  const tag = page.subarray(CONTENT_BYTES + NONCE_BYTES);
  return poly1305(page.subarray(0, CONTENT_BYTES + NONCE_BYTES), tagKey).equals(tag);
}

/** A page as SQLite sees it, without its first 16 bytes where it is the first. */
export function openPage(page: Buffer, number: number, key: StorageKey): Buffer {
  const { pageKey, nonce, counter } = keysOf(page, number, key);
  const from = number === 1 ? OPEN_BYTES : 0;
  const content = chacha20(pageKey, nonce, counter + 1, page.subarray(from, CONTENT_BYTES));
  return Buffer.concat([page.subarray(0, from), content]);
}

/** The page of this content, under a nonce of its own. */
export function sealPage(content: Buffer, number: number, key: StorageKey): Buffer {
  const page = Buffer.concat([content, randomBytes(NONCE_BYTES), Buffer.alloc(TAG_BYTES)]);
  const { tagKey, pageKey, nonce, counter } = keysOf(page, number, key);
  const from = number === 1 ? OPEN_BYTES : 0;
  chacha20(pageKey, nonce, counter + 1, content.subarray(from)).copy(page, from);
  poly1305(page.subarray(0, CONTENT_BYTES + NONCE_BYTES), tagKey).copy(page, CONTENT_BYTES + NONCE_BYTES);
  return page;
}

function keysOf(page: Buffer, number: number, key: StorageKey) {
  const nonce = page.subarray(CONTENT_BYTES, CONTENT_BYTES + NONCE_BYTES);
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

/** RFC 8439, for messages of whole blocks; Node has it only as a part of an AEAD. About 0.2 ms a page. */
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
