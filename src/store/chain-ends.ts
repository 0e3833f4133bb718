import type { ChainHead } from '../domain/statement.js';
import { type SqliteDatabase, storageFaultOf } from '../lib/sqlite.js';
import { prepared } from './prepared.js';

/**
 * Ends of other chains of the unit, until a statement names them.
 *
 * A chain whose last statements somebody takes away looks whole, unless a later one says how far it went. So whoever
 * ends a chain notes its head here, in the transaction that ends it, and the next statement carries it under the
 * signature. A head that was read from a damaged file, or noted some time before, may not be the very last: it
 * says how far the chain went at least.
 */
const UNKNOWN = { chain: '', sequence: 0, digest: '' } as const satisfies ChainHead;

/** @param end undefined: there was a chain, and nothing is known of it any more. */
export function noteEnd(database: SqliteDatabase, end: ChainHead | undefined): void {
  if (end?.sequence === 0) return;
  prepared(
    database,
    `INSERT INTO untold_ends VALUES (@chain, @sequence, @digest)
       ON CONFLICT (chain) DO UPDATE SET sequence = excluded.sequence, digest = excluded.digest
       WHERE excluded.sequence > sequence`,
  ).run({ ...(end ?? UNKNOWN) });
}

/**
 * To be named by the statement that is sealed now, which takes them out.
 * @returns undefined where there is nothing to name; empty where all that is known is that there was a chain.
 */
export function takeEnds(database: SqliteDatabase): readonly ChainHead[] | undefined {
  const ends = prepared<ChainHead>(
    database,
    'SELECT chain, sequence, digest FROM untold_ends ORDER BY chain',
  ).all();
  if (ends.length === 0) return undefined;
  prepared(database, 'DELETE FROM untold_ends').run();
  return ends.filter(({ chain }) => chain !== UNKNOWN.chain);
}

/** The head of the chain that a database is at; undefined where it has none, or it cannot be read. */
export function readableHead(database: SqliteDatabase): ChainHead | undefined {
  try {
    return database.prepare('SELECT chain, sequence, digest FROM chains ORDER BY id DESC LIMIT 1').get() as
      | ChainHead
      | undefined;
  } catch (error) {
    if (storageFaultOf(error) === undefined && !isOfEarlierSchema(error)) throw error;
    return undefined;
  }
}

/** What is known of one end from two sides. @param own goes before `noted`, where they are of different chains. */
export function furthest(own: ChainHead | undefined, noted: ChainHead | undefined): ChainHead | undefined {
  return isBehind(own, noted) ? noted : (own ?? noted);
}

/** Whether a chain was further than a database knows. */
export function isBehind(own: ChainHead | undefined, noted: ChainHead | undefined): boolean {
  return own !== undefined && own.chain === noted?.chain && own.sequence < noted.sequence;
}

function isOfEarlierSchema(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('no such table');
}
