import { type KeyObject, verify } from 'node:crypto';
import Database from 'better-sqlite3';
import { type ReceivedStatement, readStatement } from '../../../src/evidence/received.js';
import type { TrustedKey } from '../../../src/evidence/verify.js';
import { keyIdOf, publicKeyOf } from '../../../src/lib/ed25519.js';
import { messageOf } from '../../../src/lib/errors.js';
import type { UnitEvent } from './event.js';

const STATEMENT = /\.(hit|read|event|loss)\.v1$/;

/**
 * Where what was received is kept: one SQLite file, for several consumers side by side on one machine.
 *
 * A force uses the database that it has. What matters is the primary key (source, id) and that the
 * caller acknowledges to the broker only after `commit` has returned. On PostgreSQL: `bytea` and `jsonb`
 * for BLOB and TEXT, `BEGIN` instead of BEGIN IMMEDIATE, and the rest as it is, the upsert included; each
 * consumer has a connection of its own, and machines no longer matter. Pictures (nine tenths of
 * the bytes) are better off in an object store under `<source>/<id>`, written before the row.
 *
 * It holds marks and pictures, and is not encrypted here: that is up to the database of the force.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    attributes TEXT NOT NULL,
    content_type TEXT NOT NULL,
    data BLOB NOT NULL,
    received_at_ms INTEGER NOT NULL,
    deliveries INTEGER NOT NULL DEFAULT 1,
    UNIQUE (source, id)
  );
  -- Statements that are believed, by their place in their chain. Two at one place are both kept.
  CREATE TABLE IF NOT EXISTS statements (
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    chain TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    digest TEXT NOT NULL,
    previous TEXT NOT NULL,
    PRIMARY KEY (source, chain, sequence, digest)
  ) WITHOUT ROWID;
  -- What a unit says will never come.
  CREATE TABLE IF NOT EXISTS losses (
    source TEXT NOT NULL, chain TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL
  );
  -- How far a chain is, as its unit's health report says.
  CREATE TABLE IF NOT EXISTS heads (
    source TEXT NOT NULL, chain TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (source, chain)
  );
  -- How far a chain went, as a later one of its unit says under its signature.
  CREATE TABLE IF NOT EXISTS ends (
    source TEXT NOT NULL, chain TEXT NOT NULL, sequence INTEGER NOT NULL, digest TEXT NOT NULL,
    PRIMARY KEY (source, chain, sequence, digest)
  ) WITHOUT ROWID;
  -- Statements that were kept and are not believed.
  CREATE TABLE IF NOT EXISTS refused (source TEXT NOT NULL, id TEXT NOT NULL, reason TEXT NOT NULL);
`;

export interface ConsumerStoreOptions {
  readonly path: string;
  /** Whose statements are believed; none: every signature goes unchecked. */
  readonly keys?: readonly TrustedKey[];
  /** A file that is not there is refused, instead of made. */
  readonly mustExist?: boolean;
  readonly nowMs?: () => number;
}

export interface CommitTally {
  readonly fresh: number;
  readonly repeated: number;
  readonly refused: number;
}

/**
 * Invariants
 * - A delivery that was seen before, by (source, id), changes nothing but the count of deliveries: what
 *   came first stays.
 * - What `commit` has returned for is on the disk, whole (synchronous = FULL).
 */
export class ConsumerStore {
  readonly #database: Database.Database;
  readonly #keys: ReadonlyMap<string, { readonly key: KeyObject; readonly unitId?: string }>;
  readonly #nowMs: () => number;
  readonly #commit: (events: readonly UnitEvent[]) => CommitTally;
  /** By their SQL. */
  readonly #statements = new Map<string, Database.Statement>();

  /** @throws Error where the file cannot be opened. */
  constructor({ path, keys = [], mustExist = false, nowMs = Date.now }: ConsumerStoreOptions) {
    try {
      this.#database = new Database(path, { timeout: 30_000, fileMustExist: mustExist });
    } catch (cause) {
      throw new Error(`cannot open ${path}: ${messageOf(cause)}`, { cause });
    }
    this.#database.pragma('journal_mode = WAL');
    this.#database.pragma('synchronous = FULL');
    this.#database.exec(SCHEMA);
    this.#keys = new Map(
      keys.map(({ publicKey, ...unit }) => [keyIdOf(publicKey), { key: publicKeyOf(publicKey), ...unit }]),
    );
    this.#nowMs = nowMs;
    this.#commit = this.#prepare();
  }

  /** For the reports beside it; read only. */
  get database(): Pick<Database.Database, 'prepare'> {
    return this.#database;
  }

  /** @throws SqliteError where the disk fails: nothing of it was kept, so acknowledge nothing of it. */
  commit(events: readonly UnitEvent[]): CommitTally {
    return this.#commit(events);
  }

  close(): void {
    this.#database.close();
  }

  #prepare(): (events: readonly UnitEvent[]) => CommitTally {
    const put = this.#database.prepare(
      `INSERT INTO events (source, id, type, attributes, content_type, data, received_at_ms)
       VALUES (@source, @id, @type, @attributes, @contentType, @data, @nowMs)
       ON CONFLICT (source, id) DO UPDATE SET deliveries = deliveries + 1 RETURNING deliveries`,
    );
    const work = (events: readonly UnitEvent[]) => {
      const tally = { fresh: 0, repeated: 0, refused: 0 };
      const nowMs = this.#nowMs();
      for (const event of events) {
        const row = { ...event, attributes: JSON.stringify(event.attributes), nowMs };
        const { deliveries } = put.get(row) as { deliveries: number };
        if (deliveries > 1) {
          tally.repeated++;
          if (!this.#isRepeat(event)) tally.refused++;
        } else {
          tally.fresh++;
          if (!this.#note(event)) tally.refused++;
        }
      }
      return tally;
    };
    // Immediate: consumers side by side wait for one another, rather than failing half-way.
    return this.#database.transaction(work).immediate;
  }

  /** What comes again under an id says what it said; of a statement, anything else is told. */
  #isRepeat({ source, id, type, data }: UnitEvent): boolean {
    if (!STATEMENT.test(type)) return true;
    const first = this.#prepared('SELECT data FROM events WHERE source = ? AND id = ?').pluck();
    const before = first.get(source, id) as Buffer;
    // Equal bytes are the rule; otherwise what is signed decides, not how it is written.
    if (before.equals(data) || (digestOf(data) ?? '') === digestOf(before)) return true;
    this.#run('INSERT INTO refused VALUES (?, ?, ?)', source, id, 'another content under a known id');
    return false;
  }

  /** Takes a statement into its chain. @returns false where it is one that is not believed. */
  #note(event: UnitEvent): boolean {
    if (event.type === 'uk.anpr.health.v1') this.#noteHead(event);
    if (!STATEMENT.test(event.type)) return true;
    const statement = readStatement(event.data.toString());
    const reason = statement.kind === 'statement' ? this.#distrust(statement, event) : 'unreadable';
    const { source, id } = event;
    if (statement.kind !== 'statement' || reason !== undefined) {
      this.#run('INSERT INTO refused VALUES (?, ?, ?)', source, id, reason);
      return false;
    }
    const { evidence, digest, losses } = statement;
    const { chain, sequence, previous } = evidence;
    this.#run(
      'INSERT OR IGNORE INTO statements VALUES (?, ?, ?, ?, ?, ?)',
      source,
      id,
      chain,
      sequence,
      digest,
      previous,
    );
    // Of this chain, or of an earlier one: a unit that had to begin another states there what it lost.
    for (const { chain: lossy, from, to } of losses) {
      this.#run('INSERT INTO losses VALUES (?, ?, ?, ?)', source, lossy, from, to);
    }
    for (const { chain: ended, sequence: last, digest: lastDigest } of evidence.follows ?? []) {
      this.#run('INSERT OR IGNORE INTO ends VALUES (?, ?, ?, ?)', source, ended, last, lastDigest);
    }
    return true;
  }

  #distrust(statement: ReceivedStatement, event: UnitEvent): string | undefined {
    if (statement.id !== event.id || statement.unitId !== event.unitId) return 'not what its event says';
    if (this.#keys.size === 0) return undefined;
    const trusted = this.#keys.get(statement.evidence.keyId);
    if (trusted === undefined) return 'signed by an unknown key';
    if ((trusted.unitId ?? statement.unitId) !== statement.unitId) return "signed by another unit's key";
    const isSigned = verify(null, statement.bytes, trusted.key, statement.signature);
    return isSigned ? undefined : 'wrong signature';
  }

  /** Not signed: it can only say that more is to come. */
  #noteHead({ source, data }: UnitEvent): void {
    const head = headIn(data);
    if (head === undefined) return;
    this.#run(
      `INSERT INTO heads VALUES (?, ?, ?)
       ON CONFLICT (source, chain) DO UPDATE SET sequence = max(sequence, excluded.sequence)`,
      source,
      head.chain,
      head.sequence,
    );
  }

  #run(sql: string, ...values: readonly unknown[]): void {
    this.#prepared(sql).run(...values);
  }

  #prepared(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** What a health report says of its unit's chain; undefined where it is none. */
function headIn(data: Buffer): { readonly chain: string; readonly sequence: number } | undefined {
  try {
    const { chain } = JSON.parse(data.toString()) as { chain: { chain: unknown; sequence: unknown } };
    if (typeof chain.chain !== 'string' || !Number.isSafeInteger(chain.sequence)) return undefined;
    return { chain: chain.chain, sequence: chain.sequence as number };
  } catch {
    return undefined;
  }
}

/** Undefined where it is no statement. */
function digestOf(data: Buffer): string | undefined {
  const statement = readStatement(data.toString());
  return statement.kind === 'statement' ? statement.digest : undefined;
}
