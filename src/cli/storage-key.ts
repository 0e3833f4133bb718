import type { Command } from 'commander';
import { createStorageKey, DEFAULT_STORAGE_KEY_PATH } from '../lib/storage-key.js';

export function register(program: Command): void {
  program
    .command('storage-key')
    .description('make the key that encrypts lists and records on this device')
    .option('--out <file>', 'the new file; one that is there is never replaced', DEFAULT_STORAGE_KEY_PATH)
    .option('--json', 'print JSON')
    .action((options: { out: string; json?: boolean }) => {
      createStorageKey(options.out);
      process.stdout.write(options.json ? `${JSON.stringify({ file: options.out })}\n` : advice(options.out));
    });
}

function advice(file: string): string {
  return [
    `made a storage key in ${file}`,
    `Keep a copy where the device is not: without the key, lists and records cannot be read.`,
    `For systemd, in the unit's [Service] part:   LoadCredential=storage-key:${file}`,
    `Without systemd, in the configuration:   storage: {keyFile: ${file}}`,
    '',
  ].join('\n');
}
