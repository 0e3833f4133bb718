import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import type { TrustedKey } from '../../evidence/verify.js';
import { publicKeyText } from '../../lib/ed25519.js';
import { messageOf } from '../../lib/errors.js';

const BASE64_KEY = /^[A-Za-z0-9+/]{43}=$/;

/**
 * Of an option that may be given several times: a public key as 44 characters of base64 or as a PEM
 * file, with `UNIT=` before it where it is the key of that unit alone.
 */
export function gatheredKeys(text: string, before: readonly TrustedKey[] = []): TrustedKey[] {
  const [, unitId, key] = /^([a-z0-9][a-z0-9-]{0,31})=(.+)$/.exec(text) ?? [];
  const publicKey = BASE64_KEY.test(key ?? text) ? (key ?? text) : keyIn(key ?? text);
  return [...before, { publicKey, ...(unitId !== undefined && { unitId }) }];
}

function keyIn(file: string): string {
  try {
    const pem = readFileSync(file, 'utf8');
    // createPublicKey would take a private key as well, which has no business where one verifies.
    if (pem.includes('PRIVATE KEY')) throw new Error('it is a private key');
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('it is no Ed25519 key');
    return publicKeyText(key);
  } catch (error) {
    throw new InvalidArgumentError(
      `expected 44 characters of base64, as anprctl device-key prints, or a PEM file: ${messageOf(error)}`,
    );
  }
}

/** CHAIN:NUMBER, of an option that may be given several times. */
export function gatheredHeads(text: string, before: ReadonlyMap<string, number>): Map<string, number> {
  const head = chainAndNumber(text);
  if (head === undefined) {
    throw new InvalidArgumentError('expected CHAIN:NUMBER, as the health report has them');
  }
  return new Map(before).set(...head);
}

/** With which number what was received begins. */
export interface Beginnings {
  /** Of every chain that has none of its own. */
  readonly from: number;
  readonly fromOf: ReadonlyMap<string, number>;
}

const WHOLE: Beginnings = { from: 1, fromOf: new Map() };

/** NUMBER or CHAIN:NUMBER, of an option that may be given several times. */
export function gatheredBeginnings(text: string, before: Beginnings = WHOLE): Beginnings {
  const ofChain = chainAndNumber(text);
  const number = ofChain === undefined && /^\d{1,15}$/.test(text) ? Number(text) : ofChain?.[1];
  if (number === undefined || number < 1) {
    throw new InvalidArgumentError('expected a whole number from 1, or CHAIN:NUMBER for one chain');
  }
  if (ofChain === undefined) return { ...before, from: number };
  return { ...before, fromOf: new Map(before.fromOf).set(...ofChain) };
}

function chainAndNumber(text: string): [string, number] | undefined {
  const [, chain, number] = /^([0-9a-f-]{36}):(\d{1,15})$/.exec(text) ?? [];
  return chain === undefined ? undefined : [chain, Number(number)];
}
