import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where one party's certificate and key lie (PEM), and who vouches for them. */
export interface Identity {
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** A certificate authority of one day in a folder of its own, for brokers on the loopback. */
export interface Authority {
  readonly caFile: string;
  /** A certificate for a broker that is asked for as localhost or 127.0.0.1. */
  broker(): Promise<Identity>;
  /** A client's: its CN is what brokers take for its name. */
  client(commonName: string): Promise<Identity>;
}

/**
 * Elliptic curves (P-256): hundreds of them are made in seconds, which RSA would not be.
 * @throws Error where there is no openssl (3.0 or newer)
 */
export async function foundAuthority(folder: string): Promise<Authority> {
  mkdirSync(folder, { recursive: true });
  // Without Debian's openssl.cnf, which would add extensions that ours repeat.
  const configPath = join(folder, 'openssl.cnf');
  writeFileSync(configPath, '[req]\ndistinguished_name = name\n[name]\n');
  const file = (name: string) => join(folder, name);

  async function certify(name: string, ...more: readonly string[]): Promise<Identity> {
    const made = { certificateFile: file(`${name}.pem`), keyFile: file(`${name}.key`) };
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', made.keyFile];
    const what = ['-x509', '-days', '1', '-subj', `/CN=${name}`, '-out', made.certificateFile];
    await run('openssl', ['req', '-config', configPath, ...what, ...key, ...more]);
    return { caFile: file('ca.pem'), ...made };
  }

  await certify('ca', '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=keyCertSign');
  const issued = ['-CA', file('ca.pem'), '-CAkey', file('ca.key')];
  return {
    caFile: file('ca.pem'),
    broker: () => certify('broker', ...issued, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'),
    client: (commonName) => certify(commonName, ...issued, '-addext', 'extendedKeyUsage=clientAuth'),
  };
}
