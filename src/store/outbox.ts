import {
  type ImageKind,
  LANES,
  type Lane,
  type Outbox,
  type OutboxItem,
  type OutboxMessage,
} from '../domain/outbox.js';
import type { SqliteDatabase } from '../lib/sqlite.js';
import { type HitRow, hitFrom, type ImageRow, imageFrom, type RecordRow, recordFrom } from './rows.js';

interface OutboxRow {
  readonly id: number;
  readonly lane: number;
  readonly record_id: string;
  readonly hit_id: string | null;
  readonly image_kind: ImageKind | null;
}

const LANE_NAMES = Object.keys(LANES) as Lane[];

export interface SqliteOutboxOptions {
  /** Runs work on the open database and turns storage faults into DeviceErrors. */
  readonly run: <T>(work: (database: SqliteDatabase) => T) => T;
}

/** The outbox table behind the domain's port; its invariants stand there. */
export class SqliteOutbox implements Outbox {
  readonly #run: SqliteOutboxOptions['run'];
  readonly #leased = new Set<number>();

  constructor(options: SqliteOutboxOptions) {
    this.#run = options.run;
  }

  lease(limit: number): readonly OutboxItem[] {
    return this.#run((database) => {
      // Among the first limit + leased rows at most `leased` are leased, so this finds enough.
      const rows = database
        .prepare('SELECT id, lane, record_id, hit_id, image_kind FROM outbox ORDER BY lane, id LIMIT ?')
        .all(limit + this.#leased.size) as OutboxRow[];
      const items = rows
        .filter((row) => !this.#leased.has(row.id))
        .slice(0, limit)
        .map((row) => ({
          id: row.id,
          lane: LANE_NAMES[row.lane] as Lane,
          message: messageOf(database, row),
        }));
      // Only now: if one cannot be read, none is held.
      for (const item of items) this.#leased.add(item.id);
      return items;
    });
  }

  ack(ids: readonly number[]): void {
    this.#run((database) => {
      const remove = database.prepare('DELETE FROM outbox WHERE id = ?');
      database.transaction(() => {
        for (const id of ids) remove.run(id);
      })();
    });
    this.release(ids);
  }

  release(ids: readonly number[]): void {
    for (const id of ids) this.#leased.delete(id);
  }

  /** Whether an item is on its way to the broker just now. */
  isLeased(id: number): boolean {
    return this.#leased.has(id);
  }
}

/** Puts a hit, a read or an image at the end of its lane; called inside the commit's transaction. */
export function enqueue(
  database: SqliteDatabase,
  item: {
    readonly lane: Lane;
    readonly recordId: string;
    readonly hitId?: string;
    readonly imageKind?: ImageKind;
    readonly nowMs: number;
  },
): void {
  database
    .prepare('INSERT INTO outbox (lane, record_id, hit_id, image_kind, queued_at_ms) VALUES (?, ?, ?, ?, ?)')
    .run(LANES[item.lane], item.recordId, item.hitId ?? null, item.imageKind ?? null, item.nowMs);
}

function messageOf(database: SqliteDatabase, row: OutboxRow): OutboxMessage {
  const record = database.prepare('SELECT * FROM records WHERE id = ?').get(row.record_id) as RecordRow;
  if (row.hit_id !== null) {
    const hit = database.prepare('SELECT * FROM hits WHERE id = ?').get(row.hit_id) as HitRow;
    return {
      kind: 'hit',
      hit: hitFrom(hit),
      record: recordFrom({ ...record, passage: hit.passage, clock: hit.clock }),
      committedAtMs: hit.committed_at_ms,
    };
  }
  if (row.image_kind !== null) {
    const image = database
      .prepare('SELECT * FROM images WHERE record_id = ? AND kind = ?')
      .get(row.record_id, row.image_kind) as ImageRow;
    return {
      kind: 'image',
      recordId: record.id,
      cameraId: record.camera_id,
      sequence: record.sequence,
      imageKind: image.kind,
      revision: image.revision,
      pictureAtMs: image.picture_at_ms,
      image: imageFrom(image),
    };
  }
  const hits = database
    .prepare('SELECT id, stands FROM hits WHERE record_id = ? ORDER BY id')
    .all(record.id) as Pick<HitRow, 'id' | 'stands'>[];
  return {
    kind: 'read',
    record: recordFrom(record),
    hits: hits.map(({ id, stands }) => ({ id, stands: stands === 1 })),
  };
}
