import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { ChainHead } from '../domain/statement.js';

/** What every statement carries beside what it says. */
export interface Evidence {
  /** UUIDv7 of the chain. */
  readonly chain: string;
  /** From 1 without a gap. */
  readonly sequence: number;
  /** Digest of the statement before; '' for the first of a chain. */
  readonly previous: string;
  /**
   * How far other chains of the unit went, at least: each has ended, or waited while this one began. Empty: there was
   * one, and nothing is known of it any more. Absent of nearly all statements.
   */
  readonly follows?: readonly ChainHead[];
  /** First 16 hex digits of the SHA-256 of the public key. */
  readonly keyId: string;
}

/**
 * What is signed and digested: RFC 8785 (JSON Canonicalization Scheme) of the statement without its
 * signature, in UTF-8. So a receiver that parses, stores and writes the JSON again loses nothing.
 * @throws Error where the value is no JSON: NaN, or half of a surrogate pair in a text.
 */
export function canonicalBytes(statement: Readonly<Record<string, unknown>>): Buffer {
  return Buffer.from(canonicalize(statement) as string);
}

/** SHA-256, base64url. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
