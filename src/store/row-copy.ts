import { LANES } from '../domain/outbox.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import { count } from './counters.js';
import { prepared } from './prepared.js';

/**
 * Takes rows of another database into this one: of a damaged file, or of memory when the disk is back.
 *
 * Invariants
 * - Taken twice is taken once: a record, a hit, a picture of a record and a statement of a chain are what they
 *   are, whatever their row numbers.
 * - What is known better here stays: a record that was closed since, a later picture.
 * - A statement keeps its text and its place in its own chain, which ends here; the chain of this database
 *   is the one with the greatest id, so those that come in get smaller ones.
 * - Row numbers are kept where they are free, since they say the order: a database that takes another's place
 *   counts from above it.
 */
export type Row = Readonly<Record<string, unknown>>;

export class RowCopy {
  readonly #target: SqliteDatabase;
  readonly #columns = new Map<string, readonly string[]>();
  readonly #chainIds = new Map<string, number>();

  constructor(target: SqliteDatabase) {
    this.#target = target;
  }

  /** A record of no number, or of one that another has, is given one of this database. */
  record(row: Row): void {
    const other = prepared(this.#target, 'SELECT 1 FROM records WHERE sequence = ? AND id <> ?');
    const isFree = row.sequence !== undefined && other.get(row.sequence, row.id) === undefined;
    const sequence = isFree ? row.sequence : count(this.#target, 'sequence', 1);
    this.#insert(
      'records',
      // Of an earlier schema: as the migration has it.
      { believed_at_ms: row.committed_at_ms, ...row, sequence },
      `ON CONFLICT (id) DO UPDATE SET phase = excluded.phase, passage = excluded.passage,
         clock = excluded.clock, match_key = excluded.match_key, matched_at_ms = excluded.matched_at_ms,
         position = coalesce(excluded.position, records.position)
         WHERE excluded.phase = 'closed' AND records.phase = 'settled'`,
    );
  }

  /** @param isNewer whether this row was written after the one that may be here. */
  hit(row: Row, isNewer: boolean): void {
    this.#insert(
      'hits',
      row,
      isNewer ? 'ON CONFLICT (id) DO UPDATE SET stands = excluded.stands' : 'ON CONFLICT (id) DO NOTHING',
    );
  }

  image(row: Row): void {
    const columns = this.#columnsOf('images', row).filter((name) => name !== 'record_id' && name !== 'kind');
    this.#insert(
      'images',
      row,
      `ON CONFLICT (record_id, kind) DO UPDATE SET ${columns.map((name) => `${name} = excluded.${name}`).join(', ')}
         WHERE excluded.revision > images.revision`,
    );
  }

  /** @returns the number of its row here. */
  statement(row: Row): number {
    const chainId = this.chain(chainOf(row));
    const here = this.statementId(row);
    if (here !== undefined) return here;
    const isTaken = prepared(this.#target, 'SELECT 1 FROM statements WHERE id = ?').get(row.id) !== undefined;
    this.#insert('statements', { ...row, id: isTaken ? null : row.id, chain_id: chainId }, '');
    return this.statementId(row) as number;
  }

  /** @returns undefined where the statement is not here. */
  statementId(row: Row): number | undefined {
    return prepared<{ id: number }>(
      this.#target,
      'SELECT id FROM statements WHERE chain_id = ? AND sequence = ?',
    ).get(this.chain(chainOf(row)), row.sequence)?.id;
  }

  /** What waits, if all is here that it needs. @returns whether it waits now. */
  outbox(row: Row, statementId: number | undefined): boolean {
    if (row.statement_id !== null && statementId === undefined) return false;
    if (row.image_kind !== null && !this.#hasImage(row)) return false;
    if (row.health !== null && this.#hasHealth()) return true;
    const other = prepared<Row>(this.#target, 'SELECT * FROM outbox WHERE id = ?').get(row.id);
    const item = { ...row, id: other === undefined ? row.id : null, statement_id: statementId ?? null };
    const isSame = (name: string) => other?.[name] === (item as Row)[name];
    if (['lane', 'record_id', 'statement_id', 'image_kind', 'queued_at_ms'].every(isSame)) return true;
    this.#insert('outbox', item, '');
    return true;
  }

  /** The row of an ended chain by its name; made where it is not here. */
  chain(name: string): number {
    const known = this.#chainIds.get(name);
    if (known !== undefined) return known;
    const find = prepared<{ id: number }>(this.#target, 'SELECT id FROM chains WHERE chain = ?');
    if (find.get(name) === undefined) {
      prepared(
        this.#target,
        `INSERT INTO chains (id, chain, sequence, digest) SELECT min(id) - 1, ?, 0, '' FROM chains`,
      ).run(name);
    }
    const { id } = find.get(name) as { id: number };
    this.#chainIds.set(name, id);
    return id;
  }

  #hasImage(row: Row): boolean {
    const find = prepared(
      this.#target,
      'SELECT 1 FROM images JOIN records ON records.id = record_id WHERE record_id = ? AND kind = ?',
    );
    return find.get(row.record_id, row.image_kind) !== undefined;
  }

  #hasHealth(): boolean {
    const find = prepared(this.#target, 'SELECT 1 FROM outbox WHERE lane = ? AND health IS NOT NULL');
    return find.get(LANES.health) !== undefined;
  }

  #insert(table: string, row: Row, onConflict: string): void {
    const columns = this.#columnsOf(table, row);
    const sql = `INSERT INTO ${table} (${columns.join(', ')})
      VALUES (${columns.map(() => '?').join(', ')}) ${onConflict}`;
    prepared(this.#target, sql).run(...columns.map((name) => row[name]));
  }

  /** Columns that both schemas have: the other one may be of an earlier version. */
  #columnsOf(table: string, row: Row): readonly string[] {
    let columns = this.#columns.get(table);
    if (columns === undefined) {
      const own = this.#target.pragma(`table_info(${table})`) as { name: string }[];
      columns = own.map(({ name }) => name);
      this.#columns.set(table, columns);
    }
    return columns.filter((name) => row[name] !== undefined);
  }
}

/** The name of a statement's chain, from what it says itself: the table of chains may be unreadable. */
function chainOf(row: Row): string {
  const { evidence } = JSON.parse(row.text as string) as { evidence: { chain: string } };
  return evidence.chain;
}
