import type { Command } from 'commander';
import { keyIdOf, publicKeyText } from '../../lib/ed25519.js';
import { parseListId, printJson } from './common.js';
import { createSigningKey } from './private-key.js';

const HELP = `
The file is its owner's alone (0600); a file that is there is never replaced. Keep a copy where the
publishing computer is not. To change keys, pin the new one beside the old one on every device first,
then publish with the new one (once with --previous-key), then take the old one out.

Exits 0 when the key is made, 1 when not.

Example:
  anprctl hotlist keygen --out stolen.pem --list stolen`;

export function register(hotlist: Command): void {
  hotlist
    .command('keygen')
    .description("make the key with which a list's owner signs, and show what devices are to pin")
    .requiredOption('--out <file>', 'the new file of the private key (PEM)')
    .option('--list <id>', 'the list, as it is to stand in the configuration', parseListId)
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(({ out, list = 'ID', json }: { out: string; list?: string; json?: boolean }) => {
      const publicKey = publicKeyText(createSigningKey(out));
      if (json) return printJson({ file: out, publicKey, keyId: keyIdOf(publicKey) });
      process.stdout.write(
        `${[
          `made a signing key in ${out}; it signs as ${keyIdOf(publicKey)}`,
          'In the configuration of the devices:',
          'hotlist:',
          '  lists:',
          `    - {id: ${list}, publicKeys: ['${publicKey}']}`,
        ].join('\n')}\n`,
      );
    });
}
