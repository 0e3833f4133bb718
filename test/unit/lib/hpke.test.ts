import { createPrivateKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { describe, expect, it } from 'vitest';
import {
  HPKE_OVERHEAD_BYTES,
  hpkeOpen,
  hpkeSeal,
  rawX25519,
  x25519PublicKey,
} from '../../../src/lib/hpke.js';

const hex = (text: string) => Buffer.from(text, 'hex');

function privateKeyOf(secret: Buffer, raw: Buffer): KeyObject {
  const [d, x] = [secret.toString('base64url'), raw.toString('base64url')];
  return createPrivateKey({ key: { kty: 'OKP', crv: 'X25519', d, x }, format: 'jwk' });
}

/** Test vectors of RFC 9180: mode 0, KEM 0x0020, KDF 0x0001, AEAD 0x0002, first encryption. */
const VECTOR = {
  ikmE: hex('2cd7c601cefb3d42a62b04b7a9041494c06c7843818e0ce28a8f704ae7ab20f9'),
  skRm: hex('497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d'),
  pkRm: hex('430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c'),
  enc: hex('6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256'),
  ct: hex('e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a'),
  info: 'Ode on a Grecian Urn',
  aad: 'Count-0',
  pt: 'Beauty is truth, truth beauty',
};

const CONTEXT = { info: 'a purpose', aad: 'unit-7/record' };

/** Another implementation of the same RFC. */
const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('the vector of RFC 9180', () => {
  const { info, aad, enc, ct, pt } = VECTOR;

  it('opens', () => {
    const key = privateKeyOf(VECTOR.skRm, VECTOR.pkRm);
    expect(hpkeOpen(key, { info, aad }, Buffer.concat([enc, ct])).toString()).toBe(pt);
  });

  it('is sealed byte for byte with its ephemeral key', async () => {
    const pair = await suite.kem.deriveKeyPair(Uint8Array.from(VECTOR.ikmE).buffer);
    const secret = Buffer.from(await suite.kem.serializePrivateKey(pair.privateKey));
    const privateKey = privateKeyOf(secret, enc);
    const ephemeral = { privateKey, publicKey: x25519PublicKey(enc) };
    const sealed = hpkeSeal(x25519PublicKey(VECTOR.pkRm), { info, aad }, Buffer.from(pt), ephemeral);
    expect(sealed).toEqual(Buffer.concat([enc, ct]));
  });
});

describe('against another implementation', () => {
  it.each(['', 'x', 'a place '.repeat(40)])('what is sealed here opens there, and back: %j', async (text) => {
    const pair = await suite.kem.generateKeyPair();
    const raw = Buffer.from(await suite.kem.serializePublicKey(pair.publicKey));
    const info = bytesOf(CONTEXT.info);
    const sealed = hpkeSeal(x25519PublicKey(raw), CONTEXT, Buffer.from(text));
    expect(sealed).toHaveLength(text.length + HPKE_OVERHEAD_BYTES);
    const opened = await suite.open(
      { recipientKey: pair.privateKey, enc: Uint8Array.from(sealed.subarray(0, 32)), info },
      Uint8Array.from(sealed.subarray(32)),
      bytesOf(CONTEXT.aad),
    );
    expect(Buffer.from(opened).toString()).toBe(text);

    const theirs = await suite.seal(
      { recipientPublicKey: pair.publicKey, info },
      bytesOf(text),
      bytesOf(CONTEXT.aad),
    );
    const secret = Buffer.from(await suite.kem.serializePrivateKey(pair.privateKey));
    const back = Buffer.concat([Buffer.from(theirs.enc), Buffer.from(theirs.ct)]);
    expect(hpkeOpen(privateKeyOf(secret, raw), CONTEXT, back).toString()).toBe(text);
  });
});

describe('a sealed text', () => {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const sealed = hpkeSeal(publicKey, CONTEXT, Buffer.from('51.5'));

  it('is another each time', () => {
    expect(hpkeSeal(publicKey, CONTEXT, Buffer.from('51.5'))).not.toEqual(sealed);
  });

  it.each([
    ['another purpose', { ...CONTEXT, info: 'another' }],
    ['other company', { ...CONTEXT, aad: 'unit-8/record' }],
  ])('does not open for %s', (_, context) => {
    expect(() => hpkeOpen(privateKey, context, sealed)).toThrow();
  });

  it('does not open with another key', () => {
    expect(() => hpkeOpen(generateKeyPairSync('x25519').privateKey, CONTEXT, sealed)).toThrow();
  });

  it('does not open with any byte changed, cut off, or added', () => {
    for (let place = 0; place < sealed.length; place++) {
      const changed = Buffer.from(sealed);
      changed[place] = (changed[place] as number) ^ 1;
      expect(() => hpkeOpen(privateKey, CONTEXT, changed), `byte ${place}`).toThrow();
      expect(() => hpkeOpen(privateKey, CONTEXT, sealed.subarray(0, place)), `${place} bytes`).toThrow();
    }
    expect(() => hpkeOpen(privateKey, CONTEXT, Buffer.concat([sealed, Buffer.alloc(1)]))).toThrow();
  });
});

describe('a key that is none', () => {
  // Points of small order: whatever the private key, the shared secret is zero.
  it.each([
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ecff${'ff'.repeat(29)}7f`,
  ])('is refused instead of sealed to: %s', (raw) => {
    expect(() => hpkeSeal(x25519PublicKey(hex(raw)), CONTEXT, Buffer.from('51.5'))).toThrow();
    // As an encapsulated key it would open for whoever wrote it.
    const { privateKey } = generateKeyPairSync('x25519');
    const forged = Buffer.concat([hex(raw), Buffer.alloc(20)]);
    expect(() => hpkeOpen(privateKey, CONTEXT, forged)).toThrow();
    expect(() => diffieHellman({ privateKey, publicKey: x25519PublicKey(hex(raw)) })).toThrow();
  });

  it('is told by its raw bytes in both halves of a pair', () => {
    const { publicKey, privateKey } = generateKeyPairSync('x25519');
    expect(rawX25519(privateKey)).toEqual(rawX25519(publicKey));
    expect(x25519PublicKey(rawX25519(publicKey)).equals(publicKey)).toBe(true);
  });
});
