import type { Command } from 'commander';
import { centrePublicKeyOf, createCentreKey, loadCentreKey } from '../governance/centre-key.js';
import { keyIdOf } from '../lib/ed25519.js';

const HELP = `
For the centre, not for a device: the file opens every position that devices seal to its public key, so
it stays at the centre, its owner's alone (0600), and a copy of it where no fire reaches both. A file
that is there is never replaced. What was sealed to a key that is lost opens for nobody.

To change keys, set the new public key on the devices and keep the old file for as long as records are
kept: anprctl unseal takes several.

Exits 0 when the key is made, 1 when not.

Example:
  anprctl centre-key --out centre.key`;

interface CentreKeyOptions {
  readonly out: string;
  readonly public?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('centre-key')
    .description("make the centre's key that positions are sealed to, and print what devices are given")
    .option('--out <file>', 'the new file of the private key (PEM)', 'centre.key')
    .option('--public <file>', 'make none: print the public key of one that is there')
    .option('--json', 'print JSON')
    .addHelpText('after', HELP)
    .action(({ out, public: existing, json }: CentreKeyOptions) => {
      const file = existing ?? out;
      const publicKey =
        existing === undefined ? createCentreKey(out) : centrePublicKeyOf(loadCentreKey(existing));
      const keyId = keyIdOf(publicKey);
      if (json) {
        process.stdout.write(`${JSON.stringify({ file, publicKey, keyId })}\n`);
        return;
      }
      process.stdout.write(
        `${[
          existing === undefined
            ? `made the centre's key ${keyId} in ${file}`
            : `the centre's key ${keyId} of ${file}`,
          'In the configuration of the devices:',
          'position:',
          `  centrePublicKey: '${publicKey}'`,
        ].join('\n')}\n`,
      );
    });
}
