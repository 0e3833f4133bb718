import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DeviceError, type ErrorCode, messageOf } from './errors.js';

/**
 * Files that hold a secret of the device: where they are looked for, who may read them, and how one
 * is made. What is in them is their owner's business (storage-key.ts, evidence/device-key.ts).
 */
export interface SecretKind {
  /** As errors call it: storage key. */
  readonly name: string;
  /** Of the systemd credential, and of the command of anprctl that makes one. */
  readonly credential: string;
  /** Where it is where neither the configuration nor systemd names it. */
  readonly defaultPath: string;
  /** The form of it, as an error says what was expected. */
  readonly form: string;
  /** Why there has to be one. */
  readonly reason: string;
  /** What to do with one that others may have read. */
  readonly ifExposed: string;
  /** What else to do where it is missing, beside making one. */
  readonly ifMissing: string;
  /** What one loses who loses it. */
  readonly ifLost: string;
  readonly missing: ErrorCode;
  readonly notMade: ErrorCode;
}

/** Far more than a key and its line end; whatever is longer is no key and need not be read. */
const MOST_FILE_BYTES = 1_024;
const EMPTY_BYTES = 1;

/**
 * Reads the secret: from the file that the configuration names, else from the systemd credential,
 * else from its place below /etc.
 *
 * systemd alone decides who may read a credential, and shows it with the mode of an access list;
 * any other file must be its owner's alone.
 *
 * @param parse gives undefined for what is no such secret.
 * @throws DeviceError kind.missing: no such file, not readable, open to others, or no key in it.
 */
export function loadSecret<T>(
  kind: SecretKind,
  config: { readonly keyFile?: string | undefined },
  parse: (text: string) => T | undefined,
  env: NodeJS.ProcessEnv = process.env,
): T {
  const credentials = env.CREDENTIALS_DIRECTORY;
  if (config.keyFile !== undefined) {
    const isCredential = credentials !== undefined && isBelow(config.keyFile, credentials);
    return readSecret(kind, config.keyFile, isCredential, parse);
  }
  const credential = credentials && join(credentials, kind.credential);
  if (credential && isGiven(credential)) return readSecret(kind, credential, true, parse);
  return readSecret(kind, kind.defaultPath, false, parse);
}

/**
 * Writes a new secret into a file of its owner's alone.
 * @throws DeviceError kind.notMade where the file exists (it is left as it is) or cannot be written.
 */
export function createSecret(kind: SecretKind, path: string, text: string): void {
  try {
    const file = openSync(path, 'wx', 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } catch (cause) {
      // Half a key would be in the way of a whole one.
      unlinkSync(path);
      throw cause;
    } finally {
      closeSync(file);
    }
    // The name as well: what outlives a power cut is worth nothing with a key that does not.
    const folder = openSync(dirname(path), 'r');
    fsyncSync(folder);
    closeSync(folder);
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new DeviceError(kind.notMade, {
      message: isThere
        ? `${path} exists already and was left as it is: ${kind.ifLost}`
        : `cannot make a ${kind.name} in ${path}: ${messageOf(cause)}`,
      hint: isThere
        ? 'Use the key that is there, or name another file with --out.'
        : 'Make its folder first, and run this as a user who may write there.',
      cause,
    });
  }
}

function readSecret<T>(
  kind: SecretKind,
  path: string,
  isCredential: boolean,
  parse: (text: string) => T | undefined,
): T {
  let text: string;
  let mode: number;
  try {
    // Not waiting: a pipe that nobody writes to would stop the start for ever.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(file);
      if (!stat.isFile()) throw new Error('it is no file');
      mode = stat.mode;
      text = stat.size > MOST_FILE_BYTES ? '' : readFileSync(file, 'latin1');
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw missing(kind, path, `cannot read the ${kind.name} ${path}: ${messageOf(cause)}`, cause);
  }
  if (!isCredential && (mode & 0o077) !== 0) {
    throw new DeviceError(kind.missing, {
      message: `the ${kind.name} ${path} is open to others than its owner (mode ${(mode & 0o777).toString(8)}); expected 600 or 400`,
      hint: `Close it: chmod 600 ${path}. If others may have read it, ${kind.ifExposed}.`,
    });
  }
  const secret = parse(text);
  if (secret === undefined) {
    throw missing(kind, path, `${path} holds no ${kind.name}: expected ${kind.form}`);
  }
  return secret;
}

function missing(kind: SecretKind, path: string, message: string, cause?: unknown): DeviceError {
  return new DeviceError(kind.missing, {
    message,
    hint: `${kind.reason}, so a key is needed. ${remedyOf(kind, path, cause)}`,
    cause,
  });
}

/** A key is never made over a file that is there, so that one has to be moved away first. */
function remedyOf(kind: SecretKind, path: string, cause: unknown): string {
  const make = `anprctl ${kind.credential} --out ${path}; ${kind.ifMissing}.`;
  const { code } = (cause ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `Make one: ${make}`;
  if (code === 'EACCES') return 'Let the user that this runs as own it, and nobody else read it.';
  return `Move what is there away and make one: ${make}`;
}

/** One that is a line end at most stands for none: the unit's default where there was nothing to load. */
function isGiven(path: string): boolean {
  try {
    return statSync(path).size > EMPTY_BYTES;
  } catch (error) {
    // One that is there and cannot be read is a fault to tell, not a reason to look elsewhere.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
