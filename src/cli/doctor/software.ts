import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceConfig } from '../../config/schema.js';
import { loadDeviceKey } from '../../evidence/device-key.js';
import { packageVersion } from '../../lib/package-root.js';
import { loadStorageKey } from '../../lib/storage-key.js';
import { addon } from '../../native/addon.js';
import { loadModels } from '../../plates/models.js';
import { type Finding, fault, ok, tried } from './finding.js';

const LEAST_NODE = 20;

/** What is installed: runtime, addon, models and keys. */
export async function checkSoftware(config: DeviceConfig): Promise<readonly Finding[]> {
  return [
    checkNode(process.versions.node, process.arch),
    await tried('addon', 'native/build/Release/anprd_native.node, built for this Node', () => {
      addon();
      return 'loads';
    }),
    await tried('models', 'the models that the manifest names, byte for byte', async () => {
      const { detector, reader } = await loadModels(config.plates.modelsFolder);
      return `${detector.specification.file} and ${reader.specification.file} are those of the manifest`;
    }),
    await checkKey('storage-key', config.storage, () => {
      loadStorageKey(config.storage);
      return 'there';
    }),
    await checkKey('device-key', config.evidence, () => {
      const { id } = loadDeviceKey(config.evidence);
      return `there, id ${id}`;
    }),
  ];
}

/** One that is encrypted to the machine alone is for systemd to open, and for nobody else. */
export function checkKey(
  credential: 'storage-key' | 'device-key',
  { keyFile }: { readonly keyFile?: string | undefined },
  load: () => string,
  credstore = '/etc/credstore.encrypted',
): Finding | Promise<Finding> {
  const check = credential.replace('-', ' ');
  const encrypted = join(credstore, credential);
  if (keyFile === undefined && existsSync(encrypted)) return ok(check, `encrypted, in ${encrypted}`);
  return tried(check, 'a key that only its owner may read', load);
}

export function checkNode(version: string, arch: string): Finding {
  const found = `anprd ${packageVersion()} on Node ${version}, ${arch}`;
  const isRight = Number.parseInt(version, 10) >= LEAST_NODE && (arch === 'x64' || arch === 'arm64');
  if (isRight) return ok('version', found);
  return fault('fail', 'version', {
    found,
    expected: `Node ${LEAST_NODE} or newer, x64 or arm64`,
    remedy: 'Install Node 20 of a 64-bit system; the models have no 32-bit runtime.',
  });
}
