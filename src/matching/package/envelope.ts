import { isUtf8 } from 'node:buffer';
import { type KeyObject, sign, verify } from 'node:crypto';
import { z } from 'zod';
import { keyIdOf, publicKeyOf, publicKeyText } from '../../lib/ed25519.js';
import { packageInvalid, signatureInvalid } from './failures.js';
import { MOST_ENVELOPE_BYTES } from './limits.js';
import { type Manifest, parseCompactJson, parseManifest, renderManifest } from './manifest.js';

/**
 * The signed form of a manifest: a DSSE envelope (Dead Simple Signing Envelope) in compact JSON.
 *
 * Invariants
 * - The payload is not parsed before a pinned key has vouched for its bytes.
 * - What is signed names its own type (PAE), so that a signature made for something else, as for
 *   another kind of document with the same key, never holds here.
 */
const PAYLOAD_TYPE = 'application/vnd.anprd.voi-list+json';

/** One text for the same bytes: a changed bit never goes unnoticed. */
const base64 = z
  .string()
  .min(4)
  .refine((text) => Buffer.from(text, 'base64').toString('base64') === text, 'expected base64');
const envelopeSchema = z.strictObject({
  payloadType: z.literal(PAYLOAD_TYPE),
  payload: base64,
  signatures: z
    .array(z.strictObject({ keyid: z.string().max(100), sig: base64.refine((text) => text.length <= 200) }))
    .min(1)
    .max(4),
});

/**
 * Verifies an envelope, then reads the manifest in it.
 * @param publicKeys of the list's owner, each base64 of 32 bytes; any one of them is enough.
 * @param list which the manifest must be of: its owner may sign several with one key.
 * @throws DeviceError hotlist.signature-invalid where none of the keys signed it, or it is of
 *   another list; hotlist.package-invalid where it is no envelope, or its manifest is not in order.
 */
export function openEnvelope(bytes: Uint8Array, publicKeys: readonly string[], list?: string): Manifest {
  if (bytes.length > MOST_ENVELOPE_BYTES) {
    throw packageInvalid(`the envelope has ${bytes.length} bytes, expected at most ${MOST_ENVELOPE_BYTES}`);
  }
  if (!isUtf8(bytes)) throw packageInvalid('the envelope is no UTF-8');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  const parsed = envelopeSchema.safeParse(parseCompactJson(text, 'the envelope'));
  if (!parsed.success) {
    const where = parsed.error.issues.map(({ path }) => path.join('.') || 'it').slice(0, 5);
    throw packageInvalid(`the envelope is not as expected in: ${where.join(', ')}`);
  }
  const { payload, signatures } = parsed.data;
  const body = Buffer.from(payload, 'base64');
  const signed = preAuthEncoding(body);
  const vouched = publicKeys.some((key) => {
    const keyId = keyIdOf(key);
    return signatures.some(
      ({ keyid, sig }) =>
        keyid === keyId && verify(null, signed, publicKeyOf(key), Buffer.from(sig, 'base64')),
    );
  });
  if (!vouched) {
    const signers = signatures.map(({ keyid }) => keyid.replace(/[^0-9a-f]/g, '?')).join(', ');
    throw signatureInvalid(
      `the manifest is not signed by a key that is pinned; found the signature of ${signers}, expected of ${publicKeys.map(keyIdOf).join(' or ')}`,
    );
  }
  if (!isUtf8(body)) throw packageInvalid('the manifest is no UTF-8');
  const manifest = parseManifest(body.toString('utf8'));
  if (list !== undefined && manifest.list !== list) {
    throw signatureInvalid(
      `the manifest is of the list ${manifest.list}, expected ${list}`,
      `Publish or import each list under its own id; whoever puts one in another's place has to be found.`,
    );
  }
  return manifest;
}

/**
 * @param privateKey Ed25519
 * @throws DeviceError hotlist.package-invalid where devices would refuse the manifest
 */
export function sealManifest(manifest: Manifest, privateKey: KeyObject): Buffer {
  const payload = renderManifest(manifest);
  parseManifest(payload);
  const body = Buffer.from(payload);
  const envelope = {
    payloadType: PAYLOAD_TYPE,
    payload: body.toString('base64'),
    signatures: [
      {
        keyid: keyIdOf(publicKeyText(privateKey)),
        sig: sign(null, preAuthEncoding(body), privateKey).toString('base64'),
      },
    ],
  };
  return Buffer.from(JSON.stringify(envelope));
}

/** DSSE's pre-authentication encoding: lengths before contents, so that nothing can slide over. */
function preAuthEncoding(body: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(PAYLOAD_TYPE)} ${PAYLOAD_TYPE} ${body.length} `),
    body,
  ]);
}
