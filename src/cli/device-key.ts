import type { Command } from 'commander';
import { createDeviceKey, DEFAULT_DEVICE_KEY_PATH, loadDeviceKey } from '../evidence/device-key.js';

interface DeviceKeyOptions {
  readonly out: string;
  readonly public?: string | true;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('device-key')
    .description('make the key that signs what this device records, and print what the centre registers')
    .option('--out <file>', 'the new file; one that is there is never replaced', DEFAULT_DEVICE_KEY_PATH)
    .option(
      '--public [file]',
      `make none: print the public key of one that is there (${DEFAULT_DEVICE_KEY_PATH})`,
    )
    .option('--json', 'print JSON')
    .action((options: DeviceKeyOptions) => {
      const file = typeof options.public === 'string' ? options.public : options.out;
      const isNew = options.public === undefined;
      const key = isNew ? createDeviceKey(file) : loadDeviceKey({ keyFile: file });
      const { publicKey, id: keyId } = key;
      if (options.json) process.stdout.write(`${JSON.stringify({ file, publicKey, keyId })}\n`);
      else process.stdout.write([...(isNew ? advice(file) : []), ...shown(publicKey, keyId), ''].join('\n'));
    });
}

function shown(publicKey: string, keyId: string): string[] {
  return [`public key   ${publicKey}`, `key id       ${keyId}`];
}

function advice(file: string): string[] {
  return [
    `made a device key in ${file}`,
    'Register the public key at the centre: with it, anprctl verify checks what this device sent.',
    `For systemd, in the unit's [Service] part:   LoadCredential=device-key:${file}`,
    `Without systemd, in the configuration:   evidence: {keyFile: ${file}}`,
  ];
}
