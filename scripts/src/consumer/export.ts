import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type Database from 'better-sqlite3';

/**
 * Writes every statement that came, believed or not, one a line and byte for byte, as `anprctl verify`
 * reads them.
 * @returns how many
 */
export async function exportStatements(
  database: Pick<Database.Database, 'prepare'>,
  path: string,
): Promise<number> {
  const rows = database
    .prepare(
      `SELECT data FROM events WHERE type IN
         ('uk.anpr.hit.v1', 'uk.anpr.read.v1', 'uk.anpr.event.v1', 'uk.anpr.loss.v1') ORDER BY rowid`,
    )
    .pluck()
    .iterate() as IterableIterator<Buffer>;
  let count = 0;
  function* lines() {
    for (const data of rows) {
      count++;
      yield `${data.toString()}\n`;
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(path, { mode: 0o600 }));
  return count;
}
