import {
  type ImageKind,
  LANE_NAMES,
  LANES,
  type Lane,
  type LaneTotals,
  type MeteredHour,
  type Outbox,
  type OutboxItem,
  type OutboxMessage,
} from '../domain/outbox.js';
import type { StatementKind } from '../domain/statement.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import { Leases } from './leases.js';
import { addToMeter, readMeter } from './meter.js';
import { prepared } from './prepared.js';

interface TextRow {
  readonly id: number;
  readonly queuedAtMs: number;
  readonly kind: StatementKind | null;
  readonly subjectId: string | null;
  readonly text: string | null;
  readonly healthId: string;
  readonly healthAtMs: number;
  readonly health: string;
}

interface PictureRow {
  readonly id: number;
  readonly queuedAtMs: number;
  readonly recordId: string;
  readonly cameraId: string;
  readonly imageKind: ImageKind;
  readonly revision: number;
  readonly pictureAtMs: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly jpeg: Buffer;
}

const TEXTS = `SELECT o.id, o.queued_at_ms AS queuedAtMs, s.kind, s.subject_id AS subjectId, s.text,
    o.health_id AS healthId, o.health_at_ms AS healthAtMs, o.health
  FROM outbox o LEFT JOIN statements s ON s.id = o.statement_id`;

// CROSS: the outbox is stepped through, whatever the planner thinks of the other tables.
const PICTURES = `SELECT o.id, o.queued_at_ms AS queuedAtMs, r.id AS recordId, r.camera_id AS cameraId,
    i.kind AS imageKind, i.revision, i.picture_at_ms AS pictureAtMs, i.width_px AS widthPx,
    i.height_px AS heightPx, i.jpeg
  FROM outbox o CROSS JOIN images i ON i.record_id = o.record_id AND i.kind = o.image_kind
  CROSS JOIN records r ON r.id = o.record_id`;

/**
 * Ids that go out are of one database: those of the next one (a damaged file was replaced) begin at 1
 * again, and a late acknowledgement must not delete another item. So the number of the database
 * stands above them.
 */
const IDS_OF_A_DATABASE = 2 ** 40;
/** Then they begin again, as numbers have 53 bits; by then nothing of the first is on its way. */
const MOST_DATABASES = 2 ** 12;

export interface SqliteOutboxOptions {
  /** Runs work on the open database and turns storage faults into DeviceErrors. */
  readonly run: <T>(work: (database: SqliteDatabase) => T) => T;
}

/** The outbox table behind the domain's port; its invariants stand there. */
export class SqliteOutbox implements Outbox {
  readonly #run: SqliteOutboxOptions['run'];
  #leases = new Leases();
  #database: SqliteDatabase | undefined;
  #databases = 0;
  #changes = 0;

  constructor(options: SqliteOutboxOptions) {
    this.#run = options.run;
  }

  lease(limit: number, lanes: readonly Lane[] = LANE_NAMES): readonly OutboxItem[] {
    return this.#run((database) => {
      this.#enter(database);
      const items: OutboxItem[] = [];
      for (const lane of LANE_NAMES) {
        if (items.length >= limit) break;
        if (lanes.includes(lane)) items.push(...this.#next(database, lane, limit - items.length));
      }
      // Only now: if one cannot be read, none is held.
      for (const { id, lane } of items) this.#leases.take(lane, id);
      return items.map((item) => ({ ...item, id: this.#firstId + item.id }));
    });
  }

  ack(ids: readonly number[], sent?: MeteredHour): void {
    const own = this.#run((database) => {
      this.#enter(database);
      const own = this.#own(ids);
      // As one statement: to run one for each takes a third more time.
      const remove = prepared(database, 'DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?))');
      const note = database.transaction(() => {
        if (own.length > 0) remove.run(JSON.stringify(own));
        if (sent !== undefined) addToMeter(database, sent);
      });
      unsynced(database, () => note.immediate());
      return own;
    });
    this.#changes++;
    this.#leases.drop(own);
  }

  /** Grows with every acknowledgement, and with every other database. */
  get changes(): number {
    return this.#changes;
  }

  release(ids: readonly number[]): void {
    this.#leases.giveBack(this.#own(ids));
  }

  waiting(): Readonly<Record<Lane, LaneTotals>> {
    return this.#run(laneTotals);
  }

  metered(hour: number): MeteredHour {
    return this.#run((database) => readMeter(database, hour));
  }

  /** Whether a row of the outbox is on its way to the broker just now. */
  isLeased(rowId: number): boolean {
    return this.#leases.holds(rowId);
  }

  /** To be called where rows have come in by another way than at the end of a lane. */
  rescan(): void {
    this.#leases.rescan();
  }

  #next(database: SqliteDatabase, lane: Lane, limit: number): OutboxItem[] {
    const isText = lane !== 'hit-images' && lane !== 'read-images';
    const columns = isText ? TEXTS : PICTURES;
    const one = prepared<TextRow | PictureRow>(database, `${columns} WHERE o.lane = ? AND o.id = ?`);
    const rows: (TextRow | PictureRow)[] = [];
    for (const id of this.#leases.givenBack(lane)) {
      if (rows.length === limit) break;
      const row = one.get(LANES[lane], id);
      if (row !== undefined) rows.push(row);
      // The budget, or a better picture, has taken it out meanwhile.
      else this.#leases.drop([id]);
    }
    const { lastId, held } = this.#leases.end(lane);
    const wanted = limit - rows.length;
    const fresh =
      wanted === 0
        ? []
        : prepared<TextRow | PictureRow>(
            database,
            `${columns} WHERE o.lane = ? AND o.id > ? ORDER BY o.id LIMIT ?`,
          )
            .all(LANES[lane], lastId, wanted + held)
            .filter(({ id }) => !this.#leases.holds(id));
    rows.push(...fresh.slice(0, wanted));
    return rows.map((row) => ({
      id: row.id,
      lane,
      queuedAtMs: row.queuedAtMs,
      message: 'jpeg' in row ? pictureOf(row) : textOf(row),
    }));
  }

  /** Leases are of a database: what was leased of another one waits again, under other ids. */
  #enter(database: SqliteDatabase): void {
    if (this.#database === database) return;
    this.#database = database;
    this.#databases = (this.#databases % MOST_DATABASES) + 1;
    this.#leases = new Leases();
  }

  get #firstId(): number {
    return this.#databases * IDS_OF_A_DATABASE;
  }

  #own(ids: readonly number[]): number[] {
    return ids.map((id) => id - this.#firstId).filter((id) => id > 0 && id < IDS_OF_A_DATABASE);
  }
}

/**
 * Writes without waiting for the disk: a crash loses none of it, a power cut may lose the last of it,
 * and what was acknowledged is then sent again under its id. The next commit waits for all before it.
 */
function unsynced(database: SqliteDatabase, write: () => void): void {
  database.pragma('synchronous = NORMAL');
  try {
    write();
  } finally {
    database.pragma('synchronous = FULL');
  }
}

/** Of every lane, kept up to date by triggers: nothing is counted here. */
export function laneTotals(database: SqliteDatabase): Record<Lane, LaneTotals> {
  const rows = prepared<LaneTotals & { lane: number }>(
    database,
    'SELECT lane, items, bytes FROM lane_totals',
  ).all();
  return Object.fromEntries(
    rows.map(({ lane, items, bytes }) => [LANE_NAMES[lane] as Lane, { items, bytes }]),
  ) as Record<Lane, LaneTotals>;
}

function textOf(row: TextRow): OutboxMessage {
  if (row.kind === null) return { kind: 'health', id: row.healthId, atMs: row.healthAtMs, text: row.health };
  return { kind: row.kind, id: row.subjectId as string, text: row.text as string };
}

function pictureOf(row: PictureRow): OutboxMessage {
  const { recordId, cameraId, imageKind, revision, pictureAtMs, widthPx, heightPx, jpeg } = row;
  return {
    kind: 'image',
    recordId,
    cameraId,
    imageKind,
    revision,
    pictureAtMs,
    image: { jpeg, widthPx, heightPx },
  };
}
