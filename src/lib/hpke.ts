import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';

/**
 * One message to one public key: HPKE (RFC 9180) in base mode, single shot, with DHKEM(X25519,
 * HKDF-SHA256), HKDF-SHA256 and AES-256-GCM.
 *
 * Whoever has the public key can seal: it says nothing of who did. A key is used for one message
 * alone, so its first nonce is the only one.
 */
export interface HpkeContext {
  /** What the message is for; a text of another purpose does not open. */
  readonly info: string;
  /** What it belongs to; the same text does not open beside anything else. */
  readonly aad: string;
}

/** An X25519 pair. */
export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What a sealed message has more than its plaintext: the encapsulated key and the tag. */
export const HPKE_OVERHEAD_BYTES = KEY_BYTES + TAG_BYTES;

const KEM_ID = Buffer.from([0x00, 0x20]);
const KEM_SUITE = Buffer.concat([Buffer.from('KEM'), KEM_ID]);
/** KEM, HKDF-SHA256, AES-256-GCM. */
const HPKE_SUITE = Buffer.concat([Buffer.from('HPKE'), KEM_ID, Buffer.from([0x00, 0x01, 0x00, 0x02])]);
const VERSION = Buffer.from('HPKE-v1');
const BASE_MODE = Buffer.from([0x00]);
const NOTHING = Buffer.alloc(0);

/** @param raw 32 bytes. */
export function x25519PublicKey(raw: Uint8Array): KeyObject {
  const x = Buffer.from(raw).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
}

/** @returns 32 bytes. @param key X25519, private or public. */
export function rawX25519(key: KeyObject): Buffer {
  const { x } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return Buffer.from(x as string, 'base64url');
}

/**
 * Costs some tenths of a millisecond.
 * @param recipient X25519 public key.
 * @param ephemeral for vectors alone: every message has a pair of its own.
 * @returns the encapsulated key (32 bytes), the ciphertext, the tag (16 bytes).
 * @throws Error where the recipient is a point of small order, to which nothing can be sealed.
 */
export function hpkeSeal(
  recipient: KeyObject,
  { info, aad }: HpkeContext,
  plaintext: Uint8Array,
  ephemeral: KeyPair = generateKeyPairSync('x25519'),
): Buffer {
  const encapsulated = rawX25519(ephemeral.publicKey);
  const dh = diffieHellman({ privateKey: ephemeral.privateKey, publicKey: recipient });
  const { key, nonce } = schedule(dh, encapsulated, rawX25519(recipient), info);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(aad));
  return Buffer.concat([encapsulated, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/**
 * @param privateKey X25519.
 * @throws Error where it was not sealed to this key in this context, or is not as it was sealed.
 */
export function hpkeOpen(privateKey: KeyObject, { info, aad }: HpkeContext, sealed: Uint8Array): Buffer {
  if (sealed.length < HPKE_OVERHEAD_BYTES) throw new Error('too short');
  const encapsulated = sealed.subarray(0, KEY_BYTES);
  const dh = diffieHellman({ privateKey, publicKey: x25519PublicKey(encapsulated) });
  const { key, nonce } = schedule(dh, encapsulated, rawX25519(privateKey), info);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(aad));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(KEY_BYTES, -TAG_BYTES)), decipher.final()]);
}

/** ExtractAndExpand of section 4.1 and KeySchedule of section 5.1, without a pre-shared key. */
function schedule(dh: Buffer, encapsulated: Uint8Array, recipient: Uint8Array, info: string) {
  const kemContext = Buffer.concat([encapsulated, recipient]);
  const shared = expand(
    KEM_SUITE,
    extract(KEM_SUITE, NOTHING, 'eae_prk', dh),
    'shared_secret',
    kemContext,
    32,
  );
  const context = Buffer.concat([
    BASE_MODE,
    extract(HPKE_SUITE, NOTHING, 'psk_id_hash', NOTHING),
    extract(HPKE_SUITE, NOTHING, 'info_hash', Buffer.from(info)),
  ]);
  const secret = extract(HPKE_SUITE, shared, 'secret', NOTHING);
  return {
    key: expand(HPKE_SUITE, secret, 'key', context, KEY_BYTES),
    nonce: expand(HPKE_SUITE, secret, 'base_nonce', context, NONCE_BYTES),
  };
}

/** LabeledExtract. */
function extract(suite: Buffer, salt: Buffer, label: string, keyMaterial: Buffer): Buffer {
  return hmac(salt, VERSION, suite, Buffer.from(label), keyMaterial);
}

/** LabeledExpand, of at most 32 bytes: one block of HKDF-Expand. */
function expand(suite: Buffer, key: Buffer, label: string, info: Buffer, bytes: number): Buffer {
  const length = Buffer.from([0, bytes]);
  const block = hmac(key, length, VERSION, suite, Buffer.from(label), info, Buffer.from([1]));
  return block.subarray(0, bytes);
}

function hmac(key: Buffer, ...parts: readonly Uint8Array[]): Buffer {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return mac.digest();
}
