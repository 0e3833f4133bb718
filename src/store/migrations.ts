import type { Migration } from '../lib/sqlite.js';

/**
 * The schema of records.db. A migration that has been released is never edited: add another.
 *
 * - `records.passage` and `hits.passage` are JSON without pictures. A hit has its own copy: what
 *   was sent to the crew does not change when the record is completed.
 * - `images.revision` counts the pictures of a kind; `queued` is 1 once this revision was put into
 *   the outbox, whether it has left by now or not.
 * - `chains`: the one with the greatest id goes on; earlier ones have ended. `statements.id` is the order of
 *   commits in this file over all its chains; what waits in `unsealed` was put into the outbox before
 *   there were statements, and gets them at the next start.
 * - An outbox row names a statement (with its record, where it has one), a picture of a record, or carries
 *   a state report itself. `bytes` are those of its payload.
 * - `believed_at_ms` is on the scale of the store's own clock (age-clock.ts), whose state is in `age`: ages are
 *   taken from it alone. Other times are as the system's clock had them.
 * - `totals`, `lane_totals` and `acknowledged` (closed records of which nothing waits) follow from the other
 *   tables; triggers alone write them.
 * - `untold` are losses that no statement has told yet; chain_id and numbers are null where they have none.
 * - `records.match_key` is that of the read, empty where there is none; `hits.match_key` is that of the
 *   listed mark, `hits.read_key` that of the read which matched: they differ in possible matches.
 * - `salvages` are the files that were set aside and how far each has been taken over (salvage.ts). Ids and
 *   numbers of a database that takes another's place begin above those of the other.
 * - `salvages.source` is empty where nothing was set aside: the file or its log alone was gone.
 * - `untold.uncounted` is 1 where more may have been lost than `count` says. `untold_ends` are ends of other chains
 *   that no statement has named yet (chain-ends.ts).
 * - `records.position` and `hits.position` are sealed to the centre (JSON): nothing here can open them.
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
  {
    name: 'statements, lane totals, losses, meter',
    sql: `
      CREATE TABLE chains (
        id INTEGER PRIMARY KEY,
        chain TEXT NOT NULL UNIQUE,
        sequence INTEGER NOT NULL,
        digest TEXT NOT NULL
      ) STRICT;

      CREATE TABLE statements (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        chain_id INTEGER NOT NULL REFERENCES chains (id),
        sequence INTEGER NOT NULL,
        record_id TEXT REFERENCES records (id) ON DELETE CASCADE,
        kind TEXT NOT NULL CHECK (kind IN ('hit', 'read', 'loss')),
        subject_id TEXT NOT NULL,
        text TEXT NOT NULL,
        UNIQUE (chain_id, sequence)
      ) STRICT;
      CREATE INDEX statements_by_record ON statements (record_id, kind);

      CREATE TABLE totals (name TEXT PRIMARY KEY, items INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      INSERT INTO totals VALUES
        ('records', (SELECT count(*) FROM records)), ('hits', (SELECT count(*) FROM hits));
      CREATE TABLE lane_totals (
        lane INTEGER PRIMARY KEY,
        items INTEGER NOT NULL,
        bytes INTEGER NOT NULL
      ) STRICT;
      INSERT INTO lane_totals VALUES (0, 0, 0), (1, 0, 0), (2, 0, 0), (3, 0, 0), (4, 0, 0);
      CREATE TABLE acknowledged (
        sequence INTEGER PRIMARY KEY,
        record_id TEXT NOT NULL,
        believed_at_ms REAL NOT NULL
      ) STRICT;
      CREATE TABLE untold (
        lane INTEGER NOT NULL,
        reason TEXT NOT NULL,
        chain_id INTEGER,
        first INTEGER,
        last INTEGER,
        count INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE age (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        believed_ms REAL NOT NULL,
        unseen_ms REAL NOT NULL,
        wall_ms REAL NOT NULL,
        mono_ms REAL NOT NULL
      ) STRICT;
      CREATE TABLE meter (
        hour INTEGER NOT NULL,
        lane INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        PRIMARY KEY (hour, lane)
      ) STRICT, WITHOUT ROWID;

      ALTER TABLE images ADD COLUMN sha256 TEXT NOT NULL DEFAULT '';
      ALTER TABLE records ADD COLUMN matched_at_ms REAL;
      ALTER TABLE records ADD COLUMN believed_at_ms REAL NOT NULL DEFAULT 0;
      UPDATE records SET believed_at_ms = committed_at_ms;

      CREATE TABLE unsealed (
        outbox_id INTEGER PRIMARY KEY,
        record_id TEXT NOT NULL,
        hit_id TEXT,
        queued_at_ms REAL NOT NULL
      ) STRICT;
      INSERT INTO unsealed SELECT id, record_id, hit_id, queued_at_ms FROM outbox WHERE image_kind IS NULL;

      ALTER TABLE outbox RENAME TO outbox_before;
      DROP INDEX outbox_by_lane;
      DROP INDEX outbox_by_record;
      CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        lane INTEGER NOT NULL,
        record_id TEXT REFERENCES records (id) ON DELETE CASCADE,
        statement_id INTEGER,
        image_kind TEXT,
        health_id TEXT,
        health_at_ms REAL,
        health TEXT,
        bytes INTEGER NOT NULL,
        queued_at_ms REAL NOT NULL,
        believed_at_ms REAL NOT NULL,
        CHECK ((statement_id IS NOT NULL) + (image_kind IS NOT NULL) + (health IS NOT NULL) = 1)
      ) STRICT;
      CREATE INDEX outbox_by_lane ON outbox (lane, id);
      CREATE INDEX outbox_by_record ON outbox (record_id);

      -- Answers the trigger below without the wide row: an acknowledgement costs a third less with it.
      CREATE INDEX records_done ON records (id, phase, sequence, believed_at_ms);
      CREATE TRIGGER outbox_in AFTER INSERT ON outbox BEGIN
        UPDATE lane_totals SET items = items + 1, bytes = bytes + NEW.bytes WHERE lane = NEW.lane;
        DELETE FROM acknowledged WHERE sequence = (SELECT sequence FROM records WHERE id = NEW.record_id);
      END;
      CREATE TRIGGER outbox_out AFTER DELETE ON outbox BEGIN
        UPDATE lane_totals SET items = items - 1, bytes = bytes - OLD.bytes WHERE lane = OLD.lane;
        INSERT INTO acknowledged SELECT sequence, id, believed_at_ms FROM records INDEXED BY records_done
          WHERE id = OLD.record_id AND phase = 'closed'
            AND NOT EXISTS (SELECT 1 FROM outbox WHERE record_id = OLD.record_id);
      END;
      CREATE TRIGGER records_in AFTER INSERT ON records BEGIN
        UPDATE totals SET items = items + 1 WHERE name = 'records';
      END;
      CREATE TRIGGER records_out AFTER DELETE ON records BEGIN
        UPDATE totals SET items = items - 1 WHERE name = 'records';
        DELETE FROM acknowledged WHERE sequence = OLD.sequence;
      END;
      CREATE TRIGGER hits_in AFTER INSERT ON hits BEGIN
        UPDATE totals SET items = items + 1 WHERE name = 'hits';
      END;
      CREATE TRIGGER hits_out AFTER DELETE ON hits BEGIN
        UPDATE totals SET items = items - 1 WHERE name = 'hits';
      END;

      INSERT INTO acknowledged SELECT sequence, id, believed_at_ms FROM records
        WHERE phase = 'closed' AND NOT EXISTS (SELECT 1 FROM outbox_before WHERE record_id = records.id);
      INSERT INTO outbox (id, lane, record_id, image_kind, bytes, queued_at_ms, believed_at_ms)
        SELECT id, lane, was.record_id, image_kind, length(jpeg), queued_at_ms, queued_at_ms
          FROM outbox_before AS was
          JOIN images ON images.record_id = was.record_id AND images.kind = was.image_kind;
      DROP TABLE outbox_before;

      UPDATE counters SET name = 'lost.reads.budget' WHERE name = 'dropped.read';
      UPDATE counters SET name = 'lost.read-images.budget' WHERE name = 'dropped.image';`,
  },
  {
    name: 'salvages',
    sql: `
      CREATE TABLE salvages (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL UNIQUE,
        at_ms REAL NOT NULL,
        pass TEXT NOT NULL,
        batches INTEGER NOT NULL,
        is_done INTEGER NOT NULL,
        salvaged TEXT NOT NULL,
        lost TEXT NOT NULL
      ) STRICT;`,
  },
  {
    name: 'ends of chains, losses that nobody can count',
    sql: `
      CREATE TABLE untold_ends (
        chain TEXT PRIMARY KEY,
        sequence INTEGER NOT NULL,
        digest TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      ALTER TABLE untold ADD COLUMN uncounted INTEGER NOT NULL DEFAULT 0;`,
  },
  {
    name: 'events, sealed positions',
    // The check of kinds is struck out of the schema alone, as SQLite's manual has it for constraints: to copy the
    // texts into another table would take as much room again and, on a card, minutes.
    rewritesSchema: true,
    sql: `
      UPDATE sqlite_schema SET sql = replace(sql, ' CHECK (kind IN (''hit'', ''read'', ''loss''))', '')
        WHERE type = 'table' AND name = 'statements';

      ALTER TABLE records ADD COLUMN position TEXT;
      ALTER TABLE hits ADD COLUMN position TEXT;
      CREATE INDEX statements_of_events ON statements (subject_id) WHERE kind = 'event';`,
  },
];
