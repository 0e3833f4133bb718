import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import type { SqliteDatabase } from '../lib/sqlite.js';

/**
 * Whether commits were lost with SQLite's write-ahead log.
 *
 * SQLite believes a log up to the first frame that is damaged, and takes a log that is not there for one that was
 * taken over: the database is then as it was some commits ago, and nothing is wrong with it. But statements of those
 * commits may have been sent. Other ones under their numbers would be a fork of the chain, so it has to end.
 *
 * Asked too much it ends a chain for nothing, which harms nobody: a power cut in the middle of a commit looks the same.
 */
const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const SALTS_AT = 16;
const SALTS_BYTES = 8;

/** Frames of the log up to its last commit, as their headers have it; undefined where there is no log. */
export function framesInLog(path: string, pageBytes: number): number | undefined {
  const log = `${path}-wal`;
  if (!existsSync(log)) return undefined;
  const file = openSync(log, 'r');
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    readSync(file, header, 0, HEADER_BYTES, 0);
    const salts = header.subarray(SALTS_AT, SALTS_AT + SALTS_BYTES);
    const { size } = fstatSync(file);
    const frame = Buffer.alloc(FRAME_HEADER_BYTES);
    let lastCommit = 0;
    for (let index = 0; ; index++) {
      const at = HEADER_BYTES + index * (FRAME_HEADER_BYTES + pageBytes);
      if (at + FRAME_HEADER_BYTES + pageBytes > size) return lastCommit;
      readSync(file, frame, 0, FRAME_HEADER_BYTES, at);
      // Of an earlier round: the log is written from its beginning again when it was taken over.
      if (!frame.subarray(8, 8 + SALTS_BYTES).equals(salts)) continue;
      if (frame.readUInt32BE(4) !== 0) lastCommit = index + 1;
    }
  } finally {
    closeSync(file);
  }
}

/** Frames that SQLite believes; to be asked before anything is written. */
export function framesBelieved(database: SqliteDatabase): number {
  const [row] = database.pragma('wal_checkpoint(PASSIVE)') as { readonly log: number }[];
  return Math.max(0, row?.log ?? 0);
}
