import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { DeviceError, messageOf } from '../../lib/errors.js';

/** The private key of a list's owner: whoever has it decides what every device matches. */

/** Makes a key in a file of its owner's alone; one that is there is never replaced. */
export function createSigningKey(path: string): KeyObject {
  const { privateKey } = generateKeyPairSync('ed25519');
  try {
    const file = openSync(path, 'wx', 0o600);
    try {
      writeSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw failed(
      isThere
        ? `${path} exists already and was left as it is: whoever loses a key cannot publish under it any more`
        : `cannot make a key in ${path}: ${messageOf(cause)}`,
      isThere
        ? 'Use the key that is there, or name another file with --out.'
        : 'Make its folder first, and run this as a user who may write there.',
      cause,
    );
  }
  return privateKey;
}

/** @throws DeviceError hotlist.publish-failed where it is no Ed25519 key, or others may read it. */
export function readSigningKey(path: string): KeyObject {
  let mode: number;
  let text: string;
  try {
    const file = openSync(path, 'r');
    try {
      mode = fstatSync(file).mode;
      text = readFileSync(file, 'latin1');
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw failed(
      `cannot read the key ${path}: ${messageOf(cause)}`,
      'Make one: anprctl hotlist keygen --out FILE.',
      cause,
    );
  }
  if ((mode & 0o077) !== 0) {
    throw failed(
      `the key ${path} is open to others than its owner (mode ${(mode & 0o777).toString(8)}); expected 600 or 400`,
      `Close it: chmod 600 ${path}. If others may have read it, make a new one and pin it on the devices.`,
    );
  }
  const key = parseKey(text);
  if (key?.asymmetricKeyType !== 'ed25519') {
    throw failed(
      `${path} holds no Ed25519 private key in PEM`,
      'Make one: anprctl hotlist keygen --out FILE.',
    );
  }
  return key;
}

function parseKey(text: string): KeyObject | undefined {
  try {
    return createPrivateKey(text);
  } catch {
    return undefined;
  }
}

function failed(message: string, hint: string, cause?: unknown): DeviceError {
  return new DeviceError('hotlist.publish-failed', { message, hint, ...(cause !== undefined && { cause }) });
}
