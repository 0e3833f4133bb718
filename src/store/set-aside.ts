import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Damaged files, kept beside the one that took their place: records.db.damaged-1 with its log.
 *
 * Invariants
 * - Nothing of a damaged file is deleted: it is evidence, and somebody may read more of it than we could.
 * - The log is moved before its database. A database without its log would be an older state of the store, and
 *   open as if nothing were wrong; where a crash came between the two, the database follows at the next start.
 */
const SUFFIX = /\.damaged-(\d+)$/;

/** The name under which the next one is to be set aside. */
export function nextSetAside(path: string): string {
  const last = Math.max(0, ...setAsides(path).map(numberOf));
  return `${path}.damaged-${last + 1}`;
}

/** To be called before the database is opened: a log that was moved is followed by its database. */
export function finishSetAside(path: string): void {
  for (const each of setAsides(path)) {
    if (existsSync(`${each}-wal`) && !existsSync(each)) setAside(path, each);
  }
}

/** In the order in which they were set aside. */
export function setAsides(path: string): string[] {
  const prefix = `${basename(path)}.damaged-`;
  const names = new Set(readdirSync(dirname(path)).map((name) => name.replace(/-wal$/, '')));
  return [...names]
    .filter((name) => name.startsWith(prefix) && SUFFIX.test(name))
    .map((name) => join(dirname(path), name))
    .sort((a, b) => numberOf(a) - numberOf(b));
}

/** What they take of the disk, logs included. */
export function setAsideBytes(path: string): number {
  const files = setAsides(path).flatMap((each) => [each, `${each}-wal`, `${each}.pages`]);
  return files.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** Moves a database and its log aside. */
export function setAside(path: string, aside: string): void {
  for (const part of ['-wal', '-shm']) if (existsSync(path + part)) renameSync(path + part, aside + part);
  syncFolder(path);
  if (existsSync(path)) renameSync(path, aside);
  else closeSync(openSync(aside, 'a', 0o600));
  syncFolder(path);
}

function numberOf(aside: string): number {
  return Number(SUFFIX.exec(aside)?.[1]);
}

/** Names outlive a power cut only when their folder was flushed. */
export function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
