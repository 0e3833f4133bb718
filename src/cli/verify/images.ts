import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../evidence/canonical.js';
import type { ReceivedStatement } from '../../evidence/received.js';
import { DeviceError, messageOf } from '../../lib/errors.js';

/** What came of comparing pictures with the digests in the statements that were believed. */
export interface ImageTally {
  readonly right: number;
  /** Not the bytes that the statement names. */
  readonly wrong: number;
  /** Not in the folder: not received yet, or dropped by the unit. */
  readonly absent: number;
  /** RECORD.KIND.REVISION of the first that is wrong. */
  readonly firstWrong?: string;
}

/** Pictures in a folder, named RECORD.KIND.REVISION.jpg: the id of the event that brought them. */
export class ImageCheck {
  readonly #folder: string;
  #right = 0;
  #wrong = 0;
  #absent = 0;
  #firstWrong: string | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get tally(): ImageTally {
    return {
      right: this.#right,
      wrong: this.#wrong,
      absent: this.#absent,
      ...(this.#firstWrong !== undefined && { firstWrong: this.#firstWrong }),
    };
  }

  /** @throws DeviceError evidence.stream-unreadable where a picture is there and cannot be read. */
  add({ recordId, images }: ReceivedStatement): void {
    for (const { kind, revision, sha256 } of images) {
      const name = `${recordId}.${kind}.${revision}`;
      const jpeg = this.#read(`${name}.jpg`);
      if (jpeg === undefined) this.#absent++;
      else if (digestOf(jpeg) === sha256) this.#right++;
      else {
        this.#wrong++;
        this.#firstWrong ??= name;
      }
    }
  }

  #read(name: string): Buffer | undefined {
    try {
      return readFileSync(join(this.#folder, name));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new DeviceError('evidence.stream-unreadable', {
        message: `cannot read ${join(this.#folder, name)}: ${messageOf(cause)}`,
        hint: 'Name a folder whose pictures this user may read.',
        cause,
      });
    }
  }
}
