import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '../../lib/errors.js';
import type { SqliteDatabase } from '../../lib/sqlite.js';
import { storeFailed } from './failures.js';

/**
 * Room on the disk, which the lists share with records.
 *
 * A list that is too large for the disk would otherwise fill it to the last byte: no record could be
 * kept then, and nothing dropped either, because dropping writes first.
 */
export const DISK_RESERVE_BYTES = 64 * 1024 * 1024;

/** Pages of one step: some ten milliseconds for which others cannot write. */
const GIVE_BACK_PAGES = 1_000;

function diskLeftBytes(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize;
  } catch (cause) {
    throw storeFailed(path, messageOf(cause), cause);
  }
}

/**
 * @param neededBytes the reserve, and what is to come.
 * @throws DeviceError hotlist.store-failed where less is left.
 */
export function requireRoom(path: string, neededBytes: number): void {
  const leftBytes = diskLeftBytes(path);
  if (leftBytes >= neededBytes) return;
  const [left, needed] = [leftBytes, neededBytes].map((bytes) => Math.floor(bytes / 2 ** 20));
  throw storeFailed(path, `its disk has ${left} MiB left; expected ${needed} or more, for lists and records`);
}

/** Groups between two looks at the disk: some hundred kilobytes. */
const LOOK_EVERY_GROUPS = 1_000;

/** The groups, for as long as there is room. @throws DeviceError hotlist.store-failed */
export function* whileThereIsRoom<T>(groups: Iterable<T>, path: string, reserveBytes: number): Generator<T> {
  let count = 0;
  for (const group of groups) {
    if (count++ % LOOK_EVERY_GROUPS === 0) requireRoom(path, reserveBytes);
    yield group;
  }
}

/**
 * Copies the write-ahead log into the file and empties it. Readers are done in milliseconds, so this
 * waits for them; where others write just then, it is left to them.
 */
export function emptyLog(database: SqliteDatabase): void {
  database.pragma('wal_checkpoint(TRUNCATE)');
}

/**
 * Makes the file shorter where the disk is short of room. Otherwise freed pages stay in it: the next
 * snapshot fills them, and nothing had to be moved.
 * @returns whether there is more to give back.
 */
export function giveBackStep(database: SqliteDatabase, reserveBytes: number): boolean {
  if (diskLeftBytes(database.name) >= 2 * reserveBytes) return false;
  const freePages = () => database.pragma('freelist_count', { simple: true }) as number;
  const before = freePages();
  database.pragma(`incremental_vacuum(${GIVE_BACK_PAGES})`);
  emptyLog(database);
  return freePages() > 0 && freePages() < before;
}
