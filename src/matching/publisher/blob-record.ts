import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { DeviceError, messageOf } from '../../lib/errors.js';
import { parseBlobName } from '../package/parts.js';

/** Lines that say nothing any more, before the file is written anew. */
const MOST_STALE_LINES = 5_000;

/**
 * Names of blobs that may be on a broker, in a file that is added to before they are.
 *
 * A line that was cut off, or lost with the power, costs nothing but a message that stays retained
 * for nothing.
 */
export class BlobRecord {
  readonly #path: string;
  readonly #names = new Set<string>();

  /** @throws DeviceError hotlist.publish-failed where the file cannot be read or written. */
  constructor(path: string) {
    this.#path = path;
    const lines = this.#attempt(readLines);
    for (const line of lines) {
      const name = line.slice(1);
      if (parseBlobName(name) === undefined) continue;
      if (line.startsWith('+')) this.#names.add(name);
      else this.#names.delete(name);
    }
    if (lines.length - this.#names.size > MOST_STALE_LINES) this.#attempt(() => this.#rewrite());
  }

  get names(): ReadonlySet<string> {
    return this.#names;
  }

  add(name: string): void {
    if (this.#names.has(name)) return;
    this.#attempt((path) => appendFileSync(path, `+${name}\n`, { mode: 0o600 }));
    this.#names.add(name);
  }

  remove(name: string): void {
    if (!this.#names.has(name)) return;
    this.#attempt((path) => appendFileSync(path, `-${name}\n`, { mode: 0o600 }));
    this.#names.delete(name);
  }

  #rewrite(): void {
    const temporary = `${this.#path}.tmp`;
    writeFileSync(temporary, [...this.#names].map((name) => `+${name}\n`).join(''), { mode: 0o600 });
    renameSync(temporary, this.#path);
  }

  #attempt<T>(work: (path: string) => T): T {
    try {
      return work(this.#path);
    } catch (cause) {
      throw new DeviceError('hotlist.publish-failed', {
        message: `cannot keep ${this.#path}: ${messageOf(cause)}`,
        hint: 'Check that this user may write in the folder of the package, and that the disk is not full.',
        cause,
      });
    }
  }
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
