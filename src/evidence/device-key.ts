import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { keyIdOf, publicKeyText } from '../lib/ed25519.js';
import { createSecret, loadSecret, type SecretKind } from '../lib/secret-file.js';

/** Where the key is where neither the configuration nor systemd names it. */
export const DEFAULT_DEVICE_KEY_PATH = '/etc/anprd/device.key';

const DEVICE_KEY: SecretKind = {
  name: 'device key',
  credential: 'device-key',
  defaultPath: DEFAULT_DEVICE_KEY_PATH,
  form: 'an Ed25519 private key as PEM (PKCS#8)',
  reason: 'Nothing is recorded unsigned',
  ifExposed: 'make a new key and register it at the centre in place of this one',
  ifMissing: 'or put the one back that the centre knows',
  ifLost: 'whoever loses a key has to register another one at the centre',
  missing: 'evidence.key-missing',
  notMade: 'evidence.key-not-made',
};

/**
 * The key under which a device signs what it states.
 *
 * Its private half is held in a private field, so that neither JSON, nor a log line, nor an inspected
 * object, nor a message to another thread can carry it.
 */
export class DeviceKey {
  readonly #privateKey: KeyObject;
  /** Base64 of its 32 bytes, as the centre registers it. */
  readonly publicKey: string;
  /** 16 hex digits; says which key signed, proves nothing. */
  readonly id: string;

  constructor(privateKey: KeyObject) {
    if (privateKey.type !== 'private' || privateKey.asymmetricKeyType !== 'ed25519') {
      throw new Error('not a private Ed25519 key');
    }
    this.#privateKey = privateKey;
    this.publicKey = publicKeyText(privateKey);
    this.id = keyIdOf(this.publicKey);
  }

  sign(bytes: Uint8Array): Buffer {
    return sign(null, bytes, this.#privateKey);
  }
}

/**
 * Reads the key: from the file that the configuration names, else from the systemd credential
 * `device-key`, else from /etc/anprd/device.key.
 *
 * @throws DeviceError evidence.key-missing: no such file, not readable, open to others, or no key in it.
 */
export function loadDeviceKey(
  config: { readonly keyFile?: string | undefined },
  env: NodeJS.ProcessEnv = process.env,
): DeviceKey {
  return loadSecret(DEVICE_KEY, config, parseKey, env);
}

/**
 * Makes a new random key in a file of its owner's alone.
 * @throws DeviceError evidence.key-not-made where the file exists (it is left as it is) or cannot be written.
 */
export function createDeviceKey(path: string): DeviceKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  createSecret(DEVICE_KEY, path, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  return new DeviceKey(privateKey);
}

function parseKey(text: string): DeviceKey | undefined {
  try {
    return new DeviceKey(createPrivateKey(text));
  } catch {
    // What was wrong with it is left unsaid: it may hold a part of a key.
    return undefined;
  }
}
