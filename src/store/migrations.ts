import type { Migration } from '../lib/sqlite.js';

/**
 * The schema of records.db. A migration that has been released is never edited: add another.
 *
 * - `records.passage` and `hits.passage` are JSON without pictures. A hit has its own copy: what
 *   was sent to the crew does not change when the record is completed.
 * - `images.revision` counts the pictures of a kind; `queued` is 1 once this revision was put into
 *   the outbox, whether it has left by now or not.
 * - An outbox row of lane 0 names a hit, of lane 1 its record, of lanes 2 and 3 an image revision.
 * - `records.match_key` is that of the read, empty where there is none; `hits.match_key` is that of the
 *   listed mark, `hits.read_key` that of the read which matched: they differ in possible matches.
 * - `rechecked.revision` is the revision of a list against which all held reads have been checked.
 * - AUTOINCREMENT: ids of deleted rows are not used again, so a late ack cannot hit another item.
 */
export const STORE_MIGRATIONS: readonly Migration[] = [
  {
    name: 'records, images, hits, outbox, counters',
    sql: `
      CREATE TABLE records (
        id TEXT PRIMARY KEY,
        sequence INTEGER NOT NULL UNIQUE,
        camera_id TEXT NOT NULL,
        phase TEXT NOT NULL CHECK (phase IN ('settled', 'closed')),
        passage TEXT NOT NULL,
        clock TEXT NOT NULL,
        committed_at_ms REAL NOT NULL
      ) STRICT;
      CREATE INDEX records_open ON records (camera_id) WHERE phase = 'settled';

      CREATE TABLE images (
        record_id TEXT NOT NULL REFERENCES records (id) ON DELETE CASCADE,
        kind TEXT NOT NULL CHECK (kind IN ('plate-patch', 'overview')),
        revision INTEGER NOT NULL,
        queued INTEGER NOT NULL,
        width_px INTEGER NOT NULL,
        height_px INTEGER NOT NULL,
        picture_at_ms REAL NOT NULL,
        jpeg BLOB NOT NULL,
        PRIMARY KEY (record_id, kind)
      ) STRICT;

      CREATE TABLE hits (
        id TEXT PRIMARY KEY,
        record_id TEXT NOT NULL REFERENCES records (id) ON DELETE CASCADE,
        match_key TEXT NOT NULL,
        matched_at_ms REAL NOT NULL,
        committed_at_ms REAL NOT NULL,
        match TEXT NOT NULL,
        passage TEXT NOT NULL,
        clock TEXT NOT NULL,
        stands INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX hits_by_record ON hits (record_id);

      CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        lane INTEGER NOT NULL,
        record_id TEXT NOT NULL REFERENCES records (id) ON DELETE CASCADE,
        hit_id TEXT,
        image_kind TEXT,
        queued_at_ms REAL NOT NULL
      ) STRICT;
      CREATE INDEX outbox_by_lane ON outbox (lane, id);
      CREATE INDEX outbox_by_record ON outbox (record_id);

      CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
  },
  {
    name: 'held reads',
    // The index holds all that a scan of the held reads asks for: a record has kilobytes, a row of it tens of bytes.
    sql: `
      ALTER TABLE records ADD COLUMN match_key TEXT NOT NULL DEFAULT '';
      UPDATE records SET match_key = coalesce(passage ->> '$.outcome.read.matchKey', '');
      CREATE INDEX records_held ON records (sequence, committed_at_ms, match_key) WHERE match_key <> '';

      ALTER TABLE hits ADD COLUMN read_key TEXT NOT NULL DEFAULT '';
      UPDATE hits SET read_key = match_key;

      CREATE TABLE rechecked (list_id TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
  },
];
