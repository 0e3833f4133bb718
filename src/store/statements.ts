import { createHash } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import type { ChainHead, ImageDigest, Notary, StatementKind, StatementSource } from '../domain/statement.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import { takeEnds } from './chain-ends.js';
import { prepared } from './prepared.js';

/**
 * The chain of statements in the store.
 *
 * Invariants
 * - A statement is sealed in the transaction that commits what it says, so numbers have no gap: what is
 *   rolled back takes its number back.
 * - A chain that takes another's place names the end of that one in its first statement (chain-ends.ts).
 * - Its text never changes after that, and goes only with the record that it belongs to.
 */

/** What every write is done with. */
export interface Writing {
  readonly database: SqliteDatabase;
  readonly notary: Notary;
  /** UTC, milliseconds, as the system's clock has it. */
  readonly nowMs: number;
  /** The same on the scale of the store's own clock: @see AgeState. */
  readonly believedAtMs: number;
}

interface Chain extends ChainHead {
  readonly id: number;
}

/** A sealed statement as it lies in the store. */
export interface StoredStatement {
  /** Grows in the order of commits, over all chains of the store. */
  readonly position: number;
  readonly chain: string;
  readonly sequence: number;
  readonly kind: StatementKind;
  readonly text: string;
}

const HEAD = 'SELECT id, chain, sequence, digest FROM chains ORDER BY id DESC LIMIT 1';

/** Mints the chain of a new database; a database that has one goes on with it. */
export function beginChain(database: SqliteDatabase): void {
  if (database.prepare(HEAD).get() === undefined) endChain(database);
}

/** The chain so far has ended: its head may not be the last that was told. */
export function endChain(database: SqliteDatabase): void {
  database.prepare(`INSERT INTO chains (chain, sequence, digest) VALUES (?, 0, '')`).run(uuidv7());
}

export function chainHead(database: SqliteDatabase): ChainHead {
  const { chain, sequence, digest } = currentChain(database);
  return { chain, sequence, digest };
}

function currentChain(database: SqliteDatabase): Chain {
  const chain = prepared<Chain>(database, HEAD).get();
  if (chain === undefined) throw new Error('the store has no chain');
  return chain;
}

/** @returns the row of the statement and the bytes of its text, for the outbox. */
export function seal(
  { database, notary }: Writing,
  source: StatementSource,
  recordId: string | null,
): { readonly statementId: number; readonly bytes: number } {
  const head = currentChain(database);
  const { chain, sequence, digest } = head;
  const sealed = notary.seal(source, { chain, sequence, digest }, takeEnds(database));
  prepared(database, 'UPDATE chains SET sequence = ?, digest = ? WHERE id = ?').run(
    sealed.sequence,
    sealed.digest,
    head.id,
  );
  const { lastInsertRowid } = prepared(
    database,
    'INSERT INTO statements (chain_id, sequence, record_id, kind, subject_id, text) VALUES (?, ?, ?, ?, ?, ?)',
  ).run(head.id, sealed.sequence, recordId, sealed.kind, sealed.id, sealed.text);
  return { statementId: Number(lastInsertRowid), bytes: Buffer.byteLength(sealed.text) };
}

/**
 * In the order of commits; works on a file that is open read-only.
 * @param page.afterPosition the position of the last one of the page before; 0 for the first.
 */
export function storedStatements(
  database: SqliteDatabase,
  page: { readonly afterPosition: number; readonly limit: number },
): readonly StoredStatement[] {
  return prepared<StoredStatement>(
    database,
    `SELECT statements.id AS position, chain, statements.sequence, kind, text
       FROM statements CROSS JOIN chains ON chains.id = chain_id
      WHERE statements.id > @afterPosition ORDER BY statements.id LIMIT @limit`,
  ).all(page);
}

/** The pictures that a record has now. */
export function imageDigests(database: SqliteDatabase, recordId: string): readonly ImageDigest[] {
  return prepared<ImageDigest>(
    database,
    `SELECT kind, revision, sha256 FROM images WHERE record_id = ? ORDER BY kind`,
  )
    .all(recordId)
    .map((image) => (image.sha256 === '' ? digested(database, recordId, image) : image));
}

/** Of a picture that was stored before pictures had digests. */
function digested(database: SqliteDatabase, recordId: string, image: ImageDigest): ImageDigest {
  const { jpeg } = database
    .prepare('SELECT jpeg FROM images WHERE record_id = ? AND kind = ?')
    .get(recordId, image.kind) as { jpeg: Buffer };
  return { ...image, sha256: sha256Of(jpeg) };
}

/** Base64url. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}
