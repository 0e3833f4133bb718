import { createHmac, timingSafeEqual } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { ChainHead } from '../domain/statement.js';
import type { StorageKey } from '../lib/storage-key.js';

/**
 * How far the chain was when it was last noted: a small file beside the database, `records.db.head`.
 *
 * Whoever takes the database away, puts an older one in its place or removes its log takes the knowledge of the
 * chain's end with it. The note outlives that. It is written once a minute and at the end, not with each commit: a card
 * has a bounded number of writes. So it says how far the chain was at least. It bears a mark that the storage
 * key alone can make; a note of another key, a damaged one or none are all the same: nothing is known.
 */
const PURPOSE = 'anprd: how far a chain was';

interface Note extends ChainHead {
  readonly mark: string;
}

/** @throws what the file system throws. */
export function writeHeadNote(path: string, key: StorageKey, head: ChainHead): void {
  const { chain, sequence, digest } = head;
  const note: Note = { chain, sequence, digest, mark: markOf(head, key).toString('base64url') };
  const temporary = `${notePath(path)}.new`;
  rmSync(temporary, { force: true });
  const file = openSync(temporary, 'wx', 0o600);
  try {
    writeSync(file, JSON.stringify(note));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  // Without a flush of the folder: after a power cut it may be the note before, which is true as well.
  renameSync(temporary, notePath(path));
}

export function readHeadNote(path: string, key: StorageKey): ChainHead | undefined {
  try {
    const { mark, ...head } = JSON.parse(readFileSync(notePath(path), 'utf8')) as Note;
    const isOurs = timingSafeEqual(Buffer.from(mark, 'base64url'), markOf(head, key));
    return isOurs ? head : undefined;
  } catch {
    return undefined;
  }
}

function notePath(path: string): string {
  return `${path}.head`;
}

function markOf({ chain, sequence, digest }: ChainHead, key: StorageKey): Buffer {
  const said = [PURPOSE, chain, sequence, digest].join('\n');
  return createHmac('sha256', Buffer.from(key.reveal(), 'hex')).update(said).digest();
}
