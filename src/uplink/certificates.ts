import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { MqttConfig } from '../config/link-schema.js';
import { DeviceError, messageOf } from '../lib/errors.js';

/** What is shown to a broker and what it is checked against: PEM, as in the files. */
export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export type TlsFiles = Pick<MqttConfig, 'caFile' | 'certificateFile' | 'keyFile'>;

/** How long a certificate of the link is good for. */
export interface CertificateState {
  /** device: mqtt.certificateFile; authority: mqtt.caFile; broker: what the broker shows. */
  readonly of: 'device' | 'authority' | 'broker';
  /** UTC, milliseconds. */
  readonly notAfterMs: number;
  /** Within 30 days, or already over. */
  readonly expiring: boolean;
}

/** Material that was read whole, and the ends of its certificates. */
interface Held {
  readonly material: TlsMaterial;
  /** UTC, milliseconds. */
  readonly ends: readonly (readonly [CertificateState['of'], number])[];
}

const EXPIRING_WITHIN_MS = 30 * 86_400_000;
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The certificate files of the link, read again when they change.
 *
 * Invariants
 * - What is in force was read, parsed and fits together: a certificate and its own key.
 * - What last let this device in is kept in memory, since its files are gone: a broker may turn it away with the new ones.
 * - A file that became unreadable, half written or the wrong one changes nothing: what was in force
 *   stays, and `problem` says why.
 */
export class Certificates {
  readonly #files: TlsFiles;
  /** As the files have it. */
  #newest: Held | undefined;
  /** With this a connection was made last. */
  #proven: Held | undefined;
  #usesProven = false;
  /** Of the files as they were looked at last: unchanged, they are not read again. */
  #looks = '';
  #problem: DeviceError | undefined;

  constructor(files: TlsFiles) {
    this.#files = files;
  }

  /**
   * What is in force.
   * @throws DeviceError uplink.connect-failed where there never was anything that fits together.
   */
  get material(): TlsMaterial {
    if (this.#inForce === undefined) this.refresh();
    if (this.#inForce !== undefined) return this.#inForce.material;
    throw this.#problem ?? new Error('no material and no problem');
  }

  /** Why the files are not in force as they are now; absent where they are. */
  get problem(): DeviceError | undefined {
    return this.#problem;
  }

  /** Looks at the files. @returns whether others than before are in force. */
  refresh(): boolean {
    const looks = this.#look();
    if (looks === this.#looks && this.#problem === undefined) return false;
    this.#looks = looks;
    const before = this.#inForce;
    let material: TlsMaterial;
    try {
      material = readTls(this.#files);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#problem = error;
      return false;
    }
    this.#problem = undefined;
    this.#newest = { material, ends: endsOf(material) };
    this.#usesProven = false;
    return before === undefined || digestOf(before.material) !== digestOf(material);
  }

  /** Whether those of the files are in force. */
  get areNewest(): boolean {
    return !this.#usesProven;
  }

  /** A connection was made with what is in force. */
  connected(): void {
    this.#proven = this.#inForce;
  }

  /** The newest let nobody in: those that did are used again. @returns whether there are any. */
  retreat(): boolean {
    this.#usesProven = this.#proven !== undefined && this.#proven !== this.#newest;
    return this.#usesProven;
  }

  /** The newest are tried again. */
  advance(): void {
    this.#usesProven = false;
  }

  get #inForce(): Held | undefined {
    return this.#usesProven ? this.#proven : this.#newest;
  }

  /** @param brokerNotAfterMs of the broker's chain, where there is a connection with one. */
  states(nowMs: number, brokerNotAfterMs?: number): CertificateState[] {
    const broker = brokerNotAfterMs === undefined ? [] : [['broker', brokerNotAfterMs] as const];
    return [...(this.#inForce?.ends ?? []), ...broker].map(([of, notAfterMs]) => ({
      of,
      notAfterMs,
      expiring: isExpiring(notAfterMs, nowMs),
    }));
  }

  #look(): string {
    const { caFile, certificateFile, keyFile } = this.#files;
    return [caFile, certificateFile, keyFile].map((path) => (path === undefined ? '' : looksOf(path))).join();
  }
}

function looksOf(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    // Reading it says the same in words.
    return messageOf(error);
  }
}

export function isExpiring(notAfterMs: number, nowMs: number): boolean {
  return notAfterMs - nowMs < EXPIRING_WITHIN_MS;
}

/**
 * Reads the files and checks that they fit together.
 * @throws DeviceError uplink.connect-failed, naming the file, what was expected and what to do.
 */
export function readTls({ caFile, certificateFile, keyFile }: TlsFiles): TlsMaterial {
  const ca = caFile === undefined ? undefined : readSecret(caFile);
  if (ca !== undefined) parsed(caFile as string, 'mqtt.caFile', ca);
  if (certificateFile === undefined && keyFile === undefined) return { ...(ca && { ca }) };
  if (certificateFile === undefined || keyFile === undefined) {
    const [given, missing] =
      keyFile === undefined ? ['certificateFile', 'keyFile'] : ['keyFile', 'certificateFile'];
    throw wrong(`mqtt.${given} is set and mqtt.${missing} is not`, 'Set both of them, or neither.');
  }
  const cert = readSecret(certificateFile);
  const key = readSecret(keyFile);
  const [own] = parsed(certificateFile, 'mqtt.certificateFile', cert);
  if (!own?.checkPrivateKey(parsedKey(keyFile, key))) {
    throw wrong(
      `the key in ${keyFile} is not the one of the certificate in ${certificateFile}`,
      'Put the certificate and the key that were made together below mqtt.certificateFile and mqtt.keyFile.',
    );
  }
  return { ...(ca && { ca }), cert, key };
}

/** @throws DeviceError uplink.connect-failed, naming the file. */
export function readSecret(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw wrong(
      `cannot read ${path}: ${messageOf(cause)}`,
      'Check the files named below mqtt in the configuration, and that the service may read them.',
      cause,
    );
  }
}

/** When a chain of the broker's certificate and its issuers is over. */
export function chainEndMs(leaf: X509Certificate | undefined): number | undefined {
  const chain = new Set<string>();
  const ends: number[] = [];
  // A certificate that signed itself is its own issuer.
  for (let at = leaf; at !== undefined && !chain.has(at.fingerprint256); at = at.issuerCertificate) {
    chain.add(at.fingerprint256);
    ends.push(Date.parse(at.validTo));
  }
  return ends.length === 0 ? undefined : Math.min(...ends);
}

function endsOf({ cert, ca }: TlsMaterial) {
  const device = cert === undefined ? [] : [['device', firstEndMs(certificatesIn(cert))] as const];
  const authority = ca === undefined ? [] : [['authority', lastEndMs(certificatesIn(ca))] as const];
  return [...device, ...authority];
}

/** The device's chain is as good as the first of it that ends. */
function firstEndMs(certificates: readonly X509Certificate[]): number {
  return Math.min(...certificates.map(({ validTo }) => Date.parse(validTo)));
}

/** Of several authorities, an old one may lie beside the one that replaces it. */
function lastEndMs(certificates: readonly X509Certificate[]): number {
  return Math.max(...certificates.map(({ validTo }) => Date.parse(validTo)));
}

function certificatesIn(pem: Buffer): X509Certificate[] {
  return (pem.toString('latin1').match(PEM_CERTIFICATE) ?? []).map((one) => new X509Certificate(one));
}

function parsed(path: string, option: string, pem: Buffer): X509Certificate[] {
  const hint = `Put a certificate in PEM form (-----BEGIN CERTIFICATE-----) below ${option}.`;
  let found: X509Certificate[];
  try {
    found = certificatesIn(pem);
  } catch (cause) {
    throw wrong(`${path} holds a certificate that cannot be read: ${messageOf(cause)}`, hint, cause);
  }
  if (found.length === 0) throw wrong(`${path} holds no certificate in PEM form`, hint);
  return found;
}

function parsedKey(path: string, pem: Buffer) {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw wrong(
      `${path} holds no private key that can be used: ${messageOf(cause)}`,
      'Put the private key of the certificate, in PEM form and without a passphrase, below mqtt.keyFile.',
      cause,
    );
  }
}

function digestOf({ ca, cert, key }: TlsMaterial): string {
  const hash = createHash('sha256');
  for (const pem of [ca, cert, key]) hash.update(`${pem?.length ?? '-'} `).update(pem ?? '');
  return hash.digest('hex');
}

function wrong(message: string, hint: string, cause?: unknown): DeviceError {
  return new DeviceError('uplink.connect-failed', { message, hint, cause });
}
