import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

/**
 * Ed25519 keys as configurations write them: base64 of the raw 32 bytes of the public key, 44
 * characters that fit on a line and can be read out over a telephone.
 */

/** @param text 44 characters of base64, as the configuration's schema checked. */
export function publicKeyOf(text: string): KeyObject {
  const x = Buffer.from(text, 'base64').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/** @param key private or public, Ed25519. */
export function publicKeyText(key: KeyObject): string {
  const { x } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return Buffer.from(x as string, 'base64url').toString('base64');
}

/** First 16 hex digits of the SHA-256 of a public key: says which key signed, proves nothing. */
export function keyIdOf(publicKey: string): string {
  return createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex').slice(0, 16);
}
