import { createPrivateKey } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createDeviceKey, DeviceKey } from '../../src/evidence/device-key.js';
import { DeviceNotary } from '../../src/evidence/notary.js';

/** The same device key in every run, so that signatures are the same too. */
export const deviceKey = deviceKeyOf(1);

/** @param number 0 to 255: another key for each. */
export function deviceKeyOf(number: number): DeviceKey {
  // PKCS#8 of an Ed25519 key: what says so, then its 32 bytes.
  const der = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.alloc(32, number),
  ]);
  return new DeviceKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

export function notaryOf(unitId = 'unit-1', key = deviceKey): DeviceNotary {
  return new DeviceNotary({ key, unitId });
}

/** The device key of a test's folder, made at the first call, as an operator makes one. */
export function deviceKeyFileIn(folder: string): string {
  const keyFile = join(folder, 'device.key');
  if (!existsSync(keyFile)) createDeviceKey(keyFile);
  return keyFile;
}
