import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certifying {
  /** Name of the authority in the same folder; absent: it signs itself. */
  readonly issuer?: string;
  /** For example subjectAltName=IP:127.0.0.1 */
  readonly extension: string;
  readonly days?: number;
  /** As openssl writes it; default: its name is the CN. */
  readonly subject?: string;
}

/** Makes `<name>.key` and `<name>.pem` in the folder, with openssl as a force's authority does. */
export function certify(folder: string, name: string, certifying: Certifying): void {
  const { issuer, extension, days = 60, subject: subjectName = `/CN=${name}` } = certifying;
  const file = (stem: string, suffix: string) => join(folder, `${stem}.${suffix}`);
  const run = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    file(name, 'key'),
  ];
  const subject = ['-subj', subjectName];
  writeFileSync(file(name, 'ext'), extension);
  if (issuer === undefined) {
    run(
      'req',
      ...subject,
      ...key,
      '-x509',
      '-days',
      `${days}`,
      '-out',
      file(name, 'pem'),
      '-addext',
      extension,
    );
    return;
  }
  run('req', ...subject, ...key, '-out', file(name, 'csr'));
  const by = ['-CA', file(issuer, 'pem'), '-CAkey', file(issuer, 'key'), '-CAcreateserial'];
  const out = ['-days', `${days}`, '-extfile', file(name, 'ext'), '-out', file(name, 'pem')];
  run('x509', '-req', '-in', file(name, 'csr'), ...by, ...out);
}
