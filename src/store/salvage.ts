import { LANE_NAMES, LANES, type Lane } from '../domain/outbox.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import { noteLosses } from './losses.js';
import { prepared } from './prepared.js';
import { type Row, RowCopy } from './row-copy.js';
import { readRow, readSmallTable, type Scanned, scanTable, type TableScan } from './salvage-scan.js';
import { stubFromHit, stubFromStatement } from './salvage-stubs.js';

/**
 * Takes over what a damaged file still shows, while the database that took its place is in use.
 *
 * Invariants
 * - It goes in small transactions, and each writes down how far it came: whoever is killed goes on there. The
 *   order of a scan is that of the file, which does not change, so a number of batches says how far.
 * - What waited, waits again once: every row of the old outbox is looked at in one pass alone, so what has been
 *   sent since does not come back. Hits that wait come first.
 * - A hit, an event or a read whose place in the outbox cannot be read is sent again, under its id, unless the file says
 *   that all of its record was acknowledged. Sent twice is better than never: receivers know it by its id.
 * - What a text that was lost said is sealed anew, where its record and hit are left (table `unsealed`).
 * - What is lost all the same is counted by lane, and told by a statement.
 */
export interface SalvageRow {
  readonly id: number;
  /** The damaged file. */
  readonly source: string;
  /** UTC, milliseconds: when it was set aside. */
  readonly atMs: number;
  readonly isDone: 0 | 1;
  /** JSON: the Tally. */
  readonly salvaged: string;
  /** JSON: rows by table. */
  readonly lost: string;
  readonly pass: string;
  readonly batches: number;
}

export const SALVAGES = `SELECT id, source, at_ms AS atMs, pass, batches, is_done AS isDone, salvaged, lost FROM salvages`;

interface Tally {
  /** Rows taken over, by table. */
  readonly salvaged: Record<string, number>;
  /** Stretches of row numbers that could not be read, by table; nobody knows how many rows were there. */
  readonly gaps: Record<string, number>;
  /** Rows of the old outbox, by lane: read, of no use any more, made anew. */
  readonly seen: Record<string, number>;
  readonly useless: Record<string, number>;
  readonly requeued: Record<string, number>;
}

interface Pass {
  readonly name: string;
  readonly scan: TableScan;
  /** Absent: the pass counts nothing that it sees. */
  readonly counts?: string;
  readonly take: (row: Row) => void;
  /** Absent: always. */
  readonly isNeeded?: () => boolean;
}

/** In the place of a pass's name, when there are none left: only what follows from them has to be done. */
const ALL_PASSES = 'done';
const ACKNOWLEDGED_AT_ONCE = 2_000;

export class Salvage {
  readonly #source: SqliteDatabase;
  readonly #target: SqliteDatabase;
  readonly #id: number;
  readonly #copy: RowCopy;
  readonly #tally: Tally;
  readonly #passes: readonly Pass[];
  #pass: number;
  #batches: number;
  #scan: Generator<Scanned> | undefined;
  #hasLostPlaces: boolean | undefined;
  #acknowledgedTo = -1;
  #settled: { readonly acknowledged: ReadonlySet<unknown>; readonly seen: ReadonlySet<unknown> } | undefined;

  constructor(source: SqliteDatabase, target: SqliteDatabase, row: SalvageRow) {
    this.#source = source;
    this.#target = target;
    this.#id = row.id;
    this.#copy = new RowCopy(target);
    this.#tally = {
      salvaged: {},
      gaps: {},
      seen: {},
      useless: {},
      requeued: {},
      ...JSON.parse(row.salvaged),
    };
    this.#passes = this.#allPasses();
    const names = [...this.#passes.map(({ name }) => name), ALL_PASSES];
    this.#pass = Math.max(0, names.indexOf(row.pass));
    this.#batches = row.batches;
  }

  /**
   * Takes some batches over, in a transaction of its own.
   * @param isEnough asked after each batch.
   * @returns false when all is done.
   * @throws what SQLite throws where a disk fails; nothing of the step was done, and it may be tried again
   *   with a new Salvage.
   */
  step(isEnough: () => boolean): boolean {
    // Rows come table by table, and before what they refer to.
    this.#target.pragma('foreign_keys = OFF');
    try {
      return this.#target.transaction(() => this.#step(isEnough)).immediate();
    } finally {
      this.#target.pragma('foreign_keys = ON');
    }
  }

  #step(isEnough: () => boolean): boolean {
    while (this.#pass < this.#passes.length) {
      const pass = this.#passes[this.#pass] as Pass;
      if (pass.isNeeded?.() === false) {
        this.#pass++;
        this.#batches = 0;
        continue;
      }
      if (this.#scan === undefined) {
        this.#scan = scanTable(this.#source, pass.scan);
        for (let skipped = 0; skipped < this.#batches; skipped++) this.#scan.next();
      }
      const { value, done } = this.#scan.next();
      if (done) {
        this.#pass++;
        this.#batches = 0;
        this.#scan = undefined;
      } else {
        this.#batches++;
        this.#take(pass, value);
      }
      if (isEnough()) {
        this.#note();
        return true;
      }
    }
    if (this.#acknowledge()) return true;
    this.#finish();
    return false;
  }

  #take(pass: Pass, scanned: Scanned): void {
    if (scanned.kind === 'rows') {
      if (pass.counts !== undefined) add(this.#tally.salvaged, pass.counts, scanned.rows.length);
      for (const row of scanned.rows) pass.take(row);
    } else if (pass.counts !== undefined) {
      add(this.#tally.gaps, pass.counts, 1);
    }
  }

  #allPasses(): readonly Pass[] {
    const each = (table: string, take: (row: Row) => void, batch = 32, where?: string) => ({
      scan: { table, batch, ...(where !== undefined && { where }) },
      take,
    });
    const isSealed = (this.#source.pragma('table_info(outbox)') as { name: string }[]).some(
      ({ name }) => name === 'statement_id',
    );
    const waiting = (row: Row) => (isSealed ? this.#waiting(row) : this.#waitingUnsealed(row));
    return [
      { name: 'hits that wait', counts: 'outbox', ...each('outbox', waiting, 32, `lane = ${LANES.hits}`) },
      { name: 'records', counts: 'records', ...each('records', (row) => this.#copy.record(row)) },
      { name: 'hits', counts: 'hits', ...each('hits', (row) => this.#hit(row)) },
      { name: 'statements', counts: 'statements', ...each('statements', (row) => this.#statement(row)) },
      { name: 'images', counts: 'images', ...each('images', (row) => this.#copy.image(row), 4) },
      { name: 'all that waits', counts: 'outbox', ...each('outbox', waiting, 32, `lane <> ${LANES.hits}`) },
      { name: 'unsealed', ...each('unsealed', (row) => this.#unsealed(row)) },
      ...(isSealed
        ? [
            {
              name: 'texts that were lost',
              ...each('outbox', (row) => this.#resealLost(row), 32, 'statement_id > 0'),
            },
            {
              name: 'places that were lost',
              ...each('statements', (row) => this.#requeueLost(row)),
              isNeeded: () => (this.#hasLostPlaces ??= this.#findLostPlaces()),
            },
          ]
        : []),
    ];
  }

  #hit(row: Row): void {
    if (!this.#hasRecord(row.record_id)) this.#copy.record(stubFromHit(row));
    this.#copy.hit(row, false);
  }

  #statement(row: Row): void {
    if (row.record_id !== null && !this.#hasRecord(row.record_id)) this.#copy.record(stubFromStatement(row));
    this.#copy.statement(row);
  }

  #waiting(row: Row): void {
    const lane = LANE_NAMES[row.lane as number] as Lane;
    add(this.#tally.seen, lane, 1);
    if (row.statement_id === null) {
      if (!this.#copy.outbox(row, undefined)) add(this.#tally.useless, lane, 1);
      return;
    }
    const statement = this.#sourceStatement(row.statement_id);
    // The others wait for the pass that seals them anew.
    if (statement !== undefined) this.#copy.outbox(row, this.#copy.statement(statement));
  }

  /** An outbox as it was before there were statements. */
  #waitingUnsealed(row: Row): void {
    const { id, lane, record_id, hit_id, image_kind, queued_at_ms } = row;
    add(this.#tally.seen, LANE_NAMES[lane as number] as Lane, 1);
    if (image_kind === null) {
      this.#unsealed({ outbox_id: id, record_id, hit_id, queued_at_ms });
      return;
    }
    const bytes = prepared<{ bytes: number }>(
      this.#target,
      'SELECT length(jpeg) AS bytes FROM images WHERE record_id = ? AND kind = ?',
    ).get(record_id, image_kind)?.bytes;
    const was = { ...row, bytes: bytes ?? 0, believed_at_ms: queued_at_ms, statement_id: null, health: null };
    if (!this.#copy.outbox(was, undefined)) add(this.#tally.useless, LANE_NAMES[lane as number] as Lane, 1);
  }

  #unsealed({ outbox_id, record_id, hit_id, queued_at_ms }: Row): void {
    prepared(this.#target, 'INSERT OR IGNORE INTO unsealed VALUES (?, ?, ?, ?)').run(
      outbox_id,
      record_id,
      hit_id,
      queued_at_ms,
    );
  }

  #resealLost(row: Row): void {
    const statement = this.#sourceStatement(row.statement_id);
    if (statement !== undefined && this.#copy.statementId(statement) !== undefined) return;
    const { id: outbox_id, record_id, queued_at_ms } = row;
    const lane = LANE_NAMES[row.lane as number] as Lane;
    const hitId = lane === 'hits' ? this.#unsealedHit(record_id) : null;
    if (typeof hitId === 'string' || (lane === 'reads' && this.#isWhole(record_id))) {
      this.#unsealed({ outbox_id, record_id, hit_id: hitId, queued_at_ms });
    } else {
      add(this.#tally.useless, lane, 1);
    }
  }

  /** A hit of the record that has no text here, and gets none yet. */
  #unsealedHit(recordId: unknown): string | undefined {
    return prepared<{ id: string }>(
      this.#target,
      `SELECT id FROM hits WHERE record_id = ? AND NOT EXISTS
         (SELECT 1 FROM statements WHERE record_id = hits.record_id AND kind = 'hit' AND subject_id = hits.id)
         AND NOT EXISTS (SELECT 1 FROM unsealed WHERE hit_id = hits.id)`,
    ).get(recordId)?.id;
  }

  #requeueLost(row: Row): void {
    if (row.kind === 'loss') return;
    this.#settled ??= {
      acknowledged: this.#valuesOf('acknowledged', 'record_id'),
      seen: this.#valuesOf('outbox', 'statement_id'),
    };
    if (this.#settled.seen.has(row.id) || this.#settled.acknowledged.has(row.record_id)) return;
    const lane = row.kind === 'read' ? 'reads' : 'hits';
    const record = prepared<{ believed_at_ms: number; committed_at_ms: number }>(
      this.#target,
      'SELECT believed_at_ms, committed_at_ms FROM records WHERE id = ?',
    ).get(row.record_id);
    this.#copy.outbox(
      {
        id: null,
        lane: LANES[lane],
        record_id: row.record_id,
        image_kind: null,
        health: null,
        bytes: Buffer.byteLength(row.text as string),
        queued_at_ms: record?.committed_at_ms ?? 0,
        believed_at_ms: record?.believed_at_ms ?? 0,
      },
      this.#copy.statement(row),
    );
    add(this.#tally.requeued, lane, 1);
  }

  #findLostPlaces(): boolean {
    const expected = this.#expected('lane_totals', 'lane');
    if (expected === undefined) return (this.#tally.gaps.outbox ?? 0) > 0;
    return (['hits', 'reads'] as const).some(
      (lane) => (expected.get(LANES[lane]) ?? 0) > (this.#tally.seen[lane] ?? 0),
    );
  }

  /** What the file says of how many rows there were; undefined where that cannot be read. */
  #expected(table: 'totals' | 'lane_totals', key: 'name' | 'lane'): Map<unknown, number> | undefined {
    const rows = readSmallTable(this.#source, table);
    return rows.length === 0 ? undefined : new Map(rows.map((row) => [row[key], row.items as number]));
  }

  #valuesOf(table: string, column: string): ReadonlySet<unknown> {
    const values = new Set<unknown>();
    for (const scanned of scanTable(this.#source, { table, batch: 1_000 })) {
      if (scanned.kind === 'rows') for (const row of scanned.rows) values.add(row[column]);
    }
    return values;
  }

  #sourceStatement(id: unknown): Row | undefined {
    return readRow(this.#source, 'statements', id as number);
  }

  #hasRecord(id: unknown): boolean {
    return prepared(this.#target, 'SELECT 1 FROM records WHERE id = ?').get(id) !== undefined;
  }

  /** Whether a record says all that a read is sealed from. */
  #isWhole(id: unknown): boolean {
    return (
      prepared(this.#target, `SELECT 1 FROM records WHERE id = ? AND passage <> '{}'`).get(id) !== undefined
    );
  }

  /** What nothing waits of may be erased: what the triggers would have said. @returns whether there was some. */
  #acknowledge(): boolean {
    const next = prepared<{ to: number | null }>(
      this.#target,
      `SELECT max(sequence) AS "to" FROM
         (SELECT sequence FROM records WHERE sequence > ? ORDER BY sequence LIMIT ${ACKNOWLEDGED_AT_ONCE})`,
    );
    const to = next.get(this.#acknowledgedTo)?.to ?? null;
    if (to === null) return false;
    prepared(
      this.#target,
      `INSERT INTO acknowledged SELECT sequence, id, believed_at_ms FROM records
         WHERE sequence > ? AND sequence <= ? AND phase = 'closed'
           AND NOT EXISTS (SELECT 1 FROM outbox WHERE record_id = records.id)
           AND NOT EXISTS (SELECT 1 FROM acknowledged WHERE sequence = records.sequence)`,
    ).run(this.#acknowledgedTo, to);
    this.#acknowledgedTo = to;
    this.#note();
    return true;
  }

  #finish(): void {
    const { salvaged, gaps, seen, useless, requeued } = this.#tally;
    const places = this.#expected('lane_totals', 'lane');
    const losses = LANE_NAMES.map((lane) => {
      const missing = places === undefined ? 0 : (places.get(LANES[lane]) ?? 0) - (seen[lane] ?? 0);
      const count = Math.max(0, missing - (requeued[lane] ?? 0)) + (useless[lane] ?? 0);
      const isUncounted = places === undefined && (gaps.outbox ?? 0) > 0;
      return { lane, reason: 'damage' as const, count, isUncounted };
    });
    noteLosses(this.#target, losses);
    // Reads that came in were checked against the lists of then.
    const before = new Map(
      readSmallTable(this.#source, 'rechecked').map((row) => [row.list_id, row.revision as number]),
    );
    for (const { list_id, revision } of readSmallTable(this.#target, 'rechecked')) {
      const checked = before.get(list_id);
      if (checked === undefined)
        prepared(this.#target, 'DELETE FROM rechecked WHERE list_id = ?').run(list_id);
      else if (checked < (revision as number)) {
        prepared(this.#target, 'UPDATE rechecked SET revision = ? WHERE list_id = ?').run(checked, list_id);
      }
    }
    const counted = this.#expected('totals', 'name');
    const lost: Record<string, number | 'unknown'> = {};
    for (const table of Object.keys(gaps)) lost[table] = 'unknown';
    for (const table of ['records', 'hits']) {
      const count = counted?.get(table);
      if (count !== undefined) lost[table] = Math.max(0, count - (salvaged[table] ?? 0));
    }
    if (places !== undefined) lost.outbox = losses.reduce((sum, { count }) => sum + count, 0);
    const some = Object.entries(lost).filter(([, rows]) => rows !== 0);
    prepared(this.#target, 'UPDATE salvages SET is_done = 1, lost = ? WHERE id = ?').run(
      JSON.stringify(Object.fromEntries(some)),
      this.#id,
    );
    this.#note();
  }

  #note(): void {
    prepared(this.#target, 'UPDATE salvages SET pass = ?, batches = ?, salvaged = ? WHERE id = ?').run(
      this.#passes[this.#pass]?.name ?? ALL_PASSES,
      this.#batches,
      JSON.stringify(this.#tally),
      this.#id,
    );
  }
}

function add(counts: Record<string, number>, name: string, by: number): void {
  counts[name] = (counts[name] ?? 0) + by;
}
