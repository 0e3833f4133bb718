import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { rawX25519 } from '../lib/hpke.js';
import { createSecret, loadSecret, type SecretKind } from '../lib/secret-file.js';

const CENTRE_KEY: SecretKind = {
  name: 'centre key',
  credential: 'centre-key',
  defaultPath: 'centre.key',
  form: 'an X25519 private key as PEM (PKCS#8)',
  reason: 'Positions are sealed to the centre alone',
  ifExposed: 'make a new key, set it on every device, and treat places that were sealed to this one as known',
  ifMissing: 'or take the copy that was put by',
  ifLost: 'what was sealed to a key that is lost opens for nobody',
  missing: 'position.centre-key-missing',
  notMade: 'position.centre-key-not-made',
};

/**
 * Makes the centre's key in a file of its owner's alone.
 * @returns base64 of the public key, for position.centrePublicKey of the devices.
 * @throws DeviceError position.centre-key-not-made
 */
export function createCentreKey(path: string): string {
  const { privateKey } = generateKeyPairSync('x25519');
  createSecret(CENTRE_KEY, path, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  return centrePublicKeyOf(privateKey);
}

/** @throws DeviceError position.centre-key-missing */
export function loadCentreKey(path: string): KeyObject {
  return loadSecret(CENTRE_KEY, { keyFile: path }, parseKey);
}

/** Base64 of its 32 bytes. */
export function centrePublicKeyOf(privateKey: KeyObject): string {
  return rawX25519(privateKey).toString('base64');
}

function parseKey(text: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(text);
    return key.asymmetricKeyType === 'x25519' ? key : undefined;
  } catch {
    return undefined;
  }
}
